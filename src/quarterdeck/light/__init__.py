"""Composition root of the library: what an agent's own process imports, with numpy and the standard library alone.

Refuses: knowing the server. What is here works while observation is down.
"""

from __future__ import annotations

from quarterdeck.control.admit import Admission, Reservation
from quarterdeck.control.budget import ContextBudget, ContextPlan, Segment
from quarterdeck.control.budget.counting import TokenCounter
from quarterdeck.control.budget.world import World
from quarterdeck.control.estimate import Estimator, Tier
from quarterdeck.control.tasks import (
    CallGrant,
    CallRefused,
    Finished,
    LiveEstimate,
    Paths,
    Stopped,
    TaskBudget,
    approvals,
)
from quarterdeck.light.shared import shared_amounts
from quarterdeck.model.estimates import Ended, Estimate, Identity, Task

__all__ = [
    "Admission",
    "CallGrant",
    "CallRefused",
    "ContextBudget",
    "ContextPlan",
    "Ended",
    "Estimate",
    "Estimator",
    "Finished",
    "Identity",
    "LiveEstimate",
    "Paths",
    "Reservation",
    "Segment",
    "Stopped",
    "Task",
    "TaskBudget",
    "Tier",
    "TokenCounter",
    "World",
    "approvals",
    "shared_amounts",
]
