"""Every way to make a history shorter, each with what it frees and what it is expected to cost later.

A step masks one result, or leaves out one atom. An atom goes as a whole; the last user message and the newest atom stay.
Refuses to choose: `cutting` does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from quarterdeck.control.budget.history import Line
from quarterdeck.control.budget.prices import CachePrices
from quarterdeck.control.budget.segment import Render
from quarterdeck.control.budget.sizes import Sizer
from quarterdeck.control.budget.stubs import ladder
from quarterdeck.control.budget.worth import Scene, survey

RECENT_MIN, RECENT_MAX, RECENT_SHARE = 3, 10, 0.25
"""Atoms at the end that are touched only when nothing else makes room: up to ten while they take a quarter of the prompt (with
ten observations in view agents solve as much as with all, arXiv 2508.21433), three in any case."""

FREED_MIN = 24
"""Tokens; a step that frees less is not worth a changed message."""

FORMS = 64
"""More than a segment has forms, so that its steps stand in their order."""

CALL_TOKENS = 60
"""What an agent writes to fetch something again."""


class Step(NamedTuple):
    """`tier`: 0 old, 1 recent, 2 the newest. `ratio`: expected cost later per token freed. `render` None: left out."""

    tier: int
    ratio: float
    order: int
    freed: int
    loss: float
    lines: tuple[int, ...]
    render: Render | None
    place: int | None
    tokens: int
    why: str


class Steps(NamedTuple):
    """All steps, the cheapest first, and what is known of the history."""

    steps: tuple[Step, ...]
    scene: Scene


def find_steps(lines: Sequence[Line], sizer: Sizer, prices: CachePrices, context: int) -> Steps:
    """Steps in the order in which they should be taken. `context`: tokens of a prompt, which a fetch pays again."""
    scene = survey(lines)
    tiers = _tiers(lines, scene.last_user, int(RECENT_SHARE * context))
    found: list[Step] = []
    for members in _atoms(lines).values():
        found.extend(_of_atom(lines, members, _Pricing(scene, sizer, prices, context), tiers))
    return Steps(tuple(sorted(found)), scene)


class _Pricing(NamedTuple):
    scene: Scene
    sizer: Sizer
    prices: CachePrices
    context: int

    def loss(self, position: int, tokens: int) -> float:
        """Expected tokens for fetching a message again."""
        again = self.prices.write * (tokens + CALL_TOKENS) + self.prices.read * self.context
        return self.scene.chances[position] * again


def _atoms(lines: Sequence[Line]) -> dict[object, list[int]]:
    found: dict[object, list[int]] = {}
    for position, line in enumerate(lines):
        if not line.dropped:
            found.setdefault(position if line.segment.atom is None else line.segment.atom, []).append(position)
    return found


def _tiers(lines: Sequence[Line], last_user: int, room: int) -> list[int]:
    """Per line: 0 old, 1 recent, 2 of the newest atom, 3 the last user message. `room`: tokens that recent atoms may take."""
    tiers = [0] * len(lines)
    seen: dict[object, int] = {}
    taken = 0
    for position in range(len(lines) - 1, -1, -1):
        if lines[position].dropped:
            continue
        taken += lines[position].placed.tokens
        atom = position if lines[position].segment.atom is None else lines[position].segment.atom
        rank = seen.setdefault(atom, len(seen))
        if rank >= RECENT_MAX or (rank >= RECENT_MIN and taken > room):
            break
        tiers[position] = 2 if rank == 0 else 1
    if last_user >= 0:
        tiers[last_user] = 3
    return tiers


def _of_atom(lines: Sequence[Line], members: list[int], pricing: _Pricing, tiers: list[int]) -> list[Step]:
    tier = max(tiers[position] for position in members)
    found: list[Step] = []
    left = 0
    for position in members:
        shorter = _shorter(lines[position], position, pricing, tier)
        found.extend(shorter)
        left += shorter[-1].tokens if shorter else lines[position].placed.tokens
    if tier < 2 and not any(lines[n].segment.pinned or lines[n].segment.floor for n in members):
        ratio = max((step.ratio for step in found), default=0.0)
        found.append(_drop(lines, members, left, pricing, ratio)._replace(tier=tier))
    return found


def _shorter(line: Line, position: int, pricing: _Pricing, tier: int) -> list[Step]:
    segment, found, tokens = line.segment, list[Step](), line.placed.tokens
    if segment.pinned or line.placed.form not in ("full", "clipped"):
        return found
    known = _Newer(pricing.scene.newest, position)
    ratio = 0.0
    for place, render in ladder(segment, line.full, line.names, known):
        takes = pricing.sizer.render(render)
        if tokens - takes < FREED_MIN or takes < segment.floor:
            continue
        loss = pricing.loss(position, tokens)
        ratio = max(ratio, loss / (tokens - takes))
        why = "made shorter: the cheapest to do without"
        found.append(
            Step(
                min(tier, 2),
                ratio,
                FORMS * position + len(found),
                tokens - takes,
                loss,
                (position,),
                render,
                place,
                takes,
                why,
            )
        )
        tokens = takes
    return found


class _Newer:
    """Names that a newer message shows than the one at `position`."""

    def __init__(self, newest: dict[str, int], position: int) -> None:
        self._newest = newest
        self._position = position

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._newest.get(name, -1) > self._position


def _drop(lines: Sequence[Line], members: list[int], left: int, pricing: _Pricing, ratio: float) -> Step:
    """`ratio`: at least that of the steps which have to come before."""
    loss = sum(pricing.loss(n, lines[n].placed.tokens) for n in members)
    why = "left out with its atom: the cheapest to do without"
    order = FORMS * members[-1] + FORMS - 1
    return Step(0, max(ratio, loss / max(left, 1)), order, left, loss, tuple(members), None, None, 0, why)
