"""Composition root of the library: what an agent's own process imports, with numpy and the standard library alone.

Refuses: knowing the server. What is here works while observation is down.
"""

from __future__ import annotations

from quarterdeck.control.admit import Admission, Reservation
from quarterdeck.control.estimate import Estimator, Tier
from quarterdeck.light.shared import shared_amounts
from quarterdeck.model.estimates import Ended, Estimate, Identity, Task

__all__ = [
    "Admission",
    "Ended",
    "Estimate",
    "Estimator",
    "Identity",
    "Reservation",
    "Task",
    "Tier",
    "shared_amounts",
]
