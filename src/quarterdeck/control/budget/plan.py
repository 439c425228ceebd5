"""The plan: what goes into the window in which form and order, what was left out and why, and what it will cost.

Frozen. Refuses to render messages of a provider: that is an adapter's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from quarterdeck.control.budget.segment import Form, Segment

CROWDED = 0.60
"""Occupancy from which a plan says so: answers get worse long before a window is full (control-notes, section 3)."""


_COUNTED: tuple[tuple[str, Form], ...] = (
    ("kept", "full"),
    ("clipped", "clipped"),
    ("masked", "masked"),
    ("summarised", "summary"),
    ("referenced", "reference"),
    ("dropped", "dropped"),
)
"""Words of the attributes, and the forms that they count."""


class Placed(NamedTuple):
    """One segment in the window. `text` None: its content as it is; else what stands in its place.

    `content`: what to send; None where a message of the segment's role with `text` is to be made.
    `why` is empty for what was not touched.
    """

    segment: Segment
    form: Form
    tokens: int
    text: str | None = None
    content: Any = None
    why: str = ""


class Cut(NamedTuple):
    """A segment that is not in the window in full: what it took, what it takes now (0: left out), and why."""

    id: str
    kind: str
    form: Form
    tokens_before: int
    tokens_after: int
    why: str


def cut_of(placed: Placed, full: int) -> Cut:
    """What was done to a segment that took `full` tokens."""
    return Cut(placed.segment.id, placed.segment.kind, placed.form, full, placed.tokens, placed.why)


@dataclass(frozen=True, slots=True)
class ContextPlan:
    """What to send. `placed` is in the order of the window; `cuts` has everything that is not there in full.

    `tokens`: predicted size of the prompt, never over `limit` (`window` less the reserve for the answer).
    `cached`: tokens of the unchanged beginning, expected to be read from the provider's cache; `written`: the rest up to
    the last break-point; `cost`: in uncached-token equivalents. `breakpoints`: positions in `placed` after which a
    cache mark belongs, four at most. `recut`: forms were changed this turn, so the cache begins anew from there.
    """

    placed: tuple[Placed, ...]
    cuts: tuple[Cut, ...]
    tokens: int
    limit: int
    window: int
    cached: int
    written: int
    cost: float
    breakpoints: tuple[int, ...]
    recut: bool
    turn: int
    warnings: tuple[str, ...] = ()

    @property
    def occupancy(self) -> float:
        """Share of the limit that is taken."""
        return self.tokens / self.limit

    @property
    def crowded(self) -> bool:
        """More than 60 % of the limit is taken."""
        return self.occupancy > CROWDED

    @property
    def consumers(self) -> Mapping[str, int]:
        """Tokens by kind; each token is somebody's, and they add up to `tokens`."""
        found: Counter[str] = Counter()
        for one in self.placed:
            found[one.segment.kind] += one.tokens
        return dict(found)

    def ids(self, form: Form) -> tuple[str, ...]:
        """The segments in this form."""
        if form == "dropped":
            return tuple(cut.id for cut in self.cuts if cut.form == "dropped")
        return tuple(one.segment.id for one in self.placed if one.form == form)

    def attributes(self) -> dict[str, int | str]:
        """The plan as attributes of the model call's span (`quarterdeck.context.*`, docs/design/attributes.md); tokens, counts."""
        said: dict[str, int | str] = {
            "effective": self.window,
            "reserve_output": self.window - self.limit,
            **{f"used.{kind}": tokens for kind, tokens in self.consumers.items()},
            **{name: len(self.ids(form)) for name, form in _COUNTED},
            "cut": len(self.cuts) if self.recut else 0,
        }
        reasons = Counter(cut.why for cut in self.cuts if cut.why)
        if self.recut and reasons:
            said["cut_reason"] = reasons.most_common(1)[0][0]
        return {f"quarterdeck.context.{name}": value for name, value in said.items()}

    def describe(self) -> dict[str, Any]:
        """The plan as a JSON document, without texts."""
        return {
            "tokens": self.tokens,
            "limit": self.limit,
            "window": self.window,
            "occupancy": self.occupancy,
            "crowded": self.crowded,
            "cached": self.cached,
            "written": self.written,
            "cost": self.cost,
            "recut": self.recut,
            "turn": self.turn,
            "consumers": dict(self.consumers),
            "breakpoints": list(self.breakpoints),
            "placed": [
                {"id": one.segment.id, "kind": one.segment.kind, "form": one.form, "tokens": one.tokens}
                for one in self.placed
            ],
            "cuts": [cut._asdict() for cut in self.cuts],
            "warnings": list(self.warnings),
        }
