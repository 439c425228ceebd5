"""Composition root of the library: what an agent's own process imports, with numpy and the standard library alone.

Refuses: knowing the server. What is here works while observation is down.
"""

from __future__ import annotations

from quarterdeck.control.admit import Admission, Reservation
from quarterdeck.light.shared import shared_amounts

__all__ = ["Admission", "Reservation", "shared_amounts"]
