"""What a meter is: one provider's rule for what a call costs its account, and how that provider tells what is left.

One file per provider in `meters/`; add one by copying the smallest and its test. Refuses state: a meter is a rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from quarterdeck.control.admit.charge import Charge
from quarterdeck.control.admit.feedback import Feedback
from quarterdeck.control.admit.need import Need, Usage


class Meter(Protocol):
    """A provider's rule. All of it is pure."""

    @property
    def name(self) -> str:
        """As users write it."""
        ...

    @property
    def dimensions(self) -> tuple[int, ...]:
        """The per-minute dimensions that this provider limits, by their place in `charge.DIMENSIONS`."""
        ...

    @property
    def streamed(self) -> tuple[int, ...]:
        """Dimensions that the provider charges while an answer runs, not at admission."""
        ...

    @property
    def burst_s(self) -> Mapping[int, float]:
        """Seconds of the limit that a bucket holds, where it is not a minute."""
        ...

    @property
    def charges_max_tokens(self) -> bool:
        """True when `max_tokens` is charged at admission, so that a large one costs even if the answer is short."""
        ...

    @property
    def gives_back(self) -> bool:
        """True when the difference to real usage comes back at the end."""
        ...

    def at_admission(self, need: Need) -> Charge:
        """What is to be held while the call runs."""
        ...

    def during(self, need: Need, output: float) -> Charge:
        """What the provider has charged when `output` tokens have come."""
        ...

    def at_settlement(self, need: Need, usage: Usage) -> Charge:
        """What the call has cost the account in the end; no concurrency."""
        ...

    def feedback(self, status: int | None, headers: Mapping[str, Any] | None, body: Any, now: float) -> Feedback:
        """What an answer said. `status` None: the connection was lost."""
        ...
