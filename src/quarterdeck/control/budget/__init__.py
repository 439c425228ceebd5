"""What goes into the context window, what is left out, and why."""

from __future__ import annotations

from quarterdeck.control.budget.context import ContextBudget
from quarterdeck.control.budget.plan import ContextPlan, Cut, Placed
from quarterdeck.control.budget.segment import Render, Segment

__all__ = ["ContextBudget", "ContextPlan", "Cut", "Placed", "Render", "Segment"]
