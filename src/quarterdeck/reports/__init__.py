"""Documents for people: written once as a small tree, given as Markdown or as one HTML file that asks nobody for anything.

A post-mortem from an incident, a handover from a shift. Refuses: to read a store. What is written here was answered by the API.
"""

from quarterdeck.reports.handover import handover
from quarterdeck.reports.html import to_html
from quarterdeck.reports.markdown import to_markdown
from quarterdeck.reports.postmortem import postmortem
from quarterdeck.reports.tree import Heading, Interval, Intervals, Items, Paragraph, Report, Table

__all__ = [
    "Heading",
    "Interval",
    "Intervals",
    "Items",
    "Paragraph",
    "Report",
    "Table",
    "handover",
    "postmortem",
    "to_html",
    "to_markdown",
]
