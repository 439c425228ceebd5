"""What an account teaches of its provider: limits that nobody told, and which rule it follows.

Two probes behind one face, so that the gate tells each event once. Refuses: changing a limit that was given or told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from quarterdeck.control.admit.call import Call
from quarterdeck.control.admit.capacity import RateProbe
from quarterdeck.control.admit.charge import INPUT, TOTAL, Charge, Limits
from quarterdeck.control.admit.feedback import Window
from quarterdeck.control.admit.identify import Identified, MeterProbe
from quarterdeck.control.admit.meter import Meter
from quarterdeck.control.admit.need import Usage

NOTHING: Mapping[int, float] = {}


class Learned:
    """`told`: limits are known, given or by the provider's word. `rule`: which rule the pool of tokens follows, if asked."""

    def __init__(self, now: float, meter: Meter, limits: Limits) -> None:
        self.told = any(limits.of(i) is not None for i in meter.dimensions)
        self._rates = RateProbe(now, meter.dimensions)
        self._pool = TOTAL if TOTAL in meter.dimensions else INPUT
        self._rule = MeterProbe() if meter.name == "generic" else None

    def granted(self, call: Call) -> None:
        """A call goes out."""
        if not self.told:
            self._rates.taken(call.charge)

    def said(self, now: float, call: Call, windows: Sequence[Window]) -> None:
        """The provider has accepted the call and told what remains."""
        if any(window.limit is not None for window in windows):
            self.told = True
        if self._rule is None:
            return
        self._rule.admitted(call.plan.need)
        for window in windows:
            if window.dimension == self._pool and window.remaining is not None:
                self._rule.said(now, window.remaining, window.limit or float("inf"))

    def ended(self, now: float, call: Call, final: Charge, *, demand: bool) -> Mapping[int, float]:
        """A call has cost `final`; answers limits that grew."""
        if self.told:
            return NOTHING
        self._rates.taken(call.charge, -1.0)
        self._rates.taken(final)
        return self._rates.grow(now, demand=demand)

    def settled(self, call: Call, usage: Usage) -> None:
        """A call has used this."""
        if self._rule is not None:
            self._rule.settled(call.plan.need, usage)

    def refused(self, now: float) -> Mapping[int, float]:
        """The provider refused a call for its rate; answers limits that were measured."""
        return NOTHING if self.told else self._rates.refused(now)

    @property
    def rule(self) -> Identified | None:
        """The provider's rule, where the meter is generic, headers came and it is clear."""
        return None if self._rule is None else self._rule.identify()
