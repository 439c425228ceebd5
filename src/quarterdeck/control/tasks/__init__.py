"""A task on its way: live re-estimates, advice, the hard stop, what children may spend, approvals."""

from __future__ import annotations

from quarterdeck.control.tasks.budget import TaskBudget
from quarterdeck.control.tasks.client import approvals
from quarterdeck.control.tasks.grant import CallGrant
from quarterdeck.control.tasks.live import LiveEstimate
from quarterdeck.control.tasks.paths import Paths
from quarterdeck.control.tasks.stopped import CallRefused, Finished, Stopped

__all__ = ["CallGrant", "CallRefused", "Finished", "LiveEstimate", "Paths", "Stopped", "TaskBudget", "approvals"]
