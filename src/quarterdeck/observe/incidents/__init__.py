"""Incidents: severity by harm, from recorded facts and a dated rubric."""

from quarterdeck.observe.incidents.facts import read_facts
from quarterdeck.observe.incidents.grade import grade
from quarterdeck.observe.incidents.rubric import Rubric, load_rubric

__all__ = ["Rubric", "grade", "load_rubric", "read_facts"]
