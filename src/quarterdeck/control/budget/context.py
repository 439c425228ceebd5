"""The context budget of one conversation: `fit` says each turn what goes into the window.

It remembers what it cut, so that the beginning of the prompt stays as it was and the provider's cache is used. The same
segments give the same plans. Refuses to go over the window, and to shorten what is pinned: then it raises `ContextOverflow`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import takewhile
from typing import Any, Self

from quarterdeck.control.budget.admitting import TOOL_RESULT_CAP, Admitting, Offload
from quarterdeck.control.budget.counting import TokenCounter
from quarterdeck.control.budget.cutting import Outlook, choose, turns_ahead
from quarterdeck.control.budget.history import History
from quarterdeck.control.budget.layout import FIXED_ORDER, in_order
from quarterdeck.control.budget.left_out import ID as LEFT_OUT
from quarterdeck.control.budget.left_out import SHARE, LeftOut, Summarise
from quarterdeck.control.budget.plan import CROWDED, ContextPlan, Cut, Placed, cut_of
from quarterdeck.control.budget.prices import CachePrices, cache_prices
from quarterdeck.control.budget.segment import APPENDED, FIXED, Segment
from quarterdeck.control.budget.sizes import Counter, Sizer
from quarterdeck.control.budget.steps import Step, find_steps
from quarterdeck.control.budget.tail import Tail, fill, stays
from quarterdeck.control.budget.windows import EFFECTIVE, effective_window
from quarterdeck.control.budget.worth import Scene
from quarterdeck.errors import BadInput, ContextOverflow

SOFT = 0.70
STATE_VERSION = 1

RESERVE_SHARE, RESERVE_MAX = 0.1, 4_096
"""Kept free for the answer, where the caller does not say how long it will be."""

LOOK_AGAIN = 0.05
"""Of the limit that a history must have grown by, above the soft mark, before another look at whether a cut pays."""

GROWTH_KEPT = 0.8
"""Of the mean growth a turn, when a new turn comes in."""


class ContextBudget:
    """What one conversation may put into the window of `model`.

    `window`: tokens of prompt and answer together; without it `effective` (0.65, or shares by (model, task class)) of the
    `advertised` size, which is known for common models. `reserve_output`: kept free for the answer. `soft`: share of the
    limit from which a cut may pay. `tool_result_cap`: tokens one tool result may take. `prices`: cache read and write.
    `counter`: text → tokens; without one they are counted by kind of text, no vocabulary needed. `turns_left`: turns expected from here on, or a callable that says so. `offload`, `summarise`: the
    caller's own. Raises `BadInput` for values that make no sense.
    """

    def __init__(
        self,
        model: str = "",
        task_class: str | None = None,
        *,
        window: int | None = None,
        advertised: int | None = None,
        effective: float | Mapping[tuple[str, str | None], float] = EFFECTIVE,
        reserve_output: int | None = None,
        soft: float = SOFT,
        tool_result_cap: int = TOOL_RESULT_CAP,
        prices: CachePrices | Mapping[str, float] | None = None,
        counter: Counter | None = None,
        turns_left: float | Callable[[], float | None] | None = None,
        offload: Offload | None = None,
        summarise: Summarise | None = None,
    ) -> None:
        if window is None:
            window = effective_window(model, task_class, advertised=advertised, effective=effective)
        reserve = min(int(window * RESERVE_SHARE), RESERVE_MAX) if reserve_output is None else reserve_output
        if not 0 <= reserve < window:
            raise BadInput(f"of a window of {window:,} tokens {reserve:,} are reserved for the answer")
        if not 0 < soft <= 1:
            raise BadInput(f"soft is {soft}", mend="expected a share of the limit, above 0 and at most 1")
        if tool_result_cap < 1:
            raise BadInput(f"tool_result_cap is {tool_result_cap}", mend="expected 1 token or more")
        self.model, self.task_class = model, task_class
        self.window, self.limit, self.soft = window, window - reserve, soft
        self.prices = cache_prices(prices)
        self._turns_left = turns_left
        self._sizer = Sizer(TokenCounter().of(model) if counter is None else counter)
        self._admitting = Admitting(self._sizer, tool_result_cap, offload)
        self._history = History(self._sizer, self._admitting.place)
        self._left_out = LeftOut(self._sizer, max(int(self.limit * SHARE), min(32, self.limit // 2)), summarise)
        self._fixed: list[Segment] = []
        self._head: tuple[Placed, ...] = ()
        self._head_tokens = 0
        self._restored = False
        self._order: tuple[str, ...] = ()
        self._turn, self._growth, self._looked_at = 0, 0.0, 0

    def fit(self, segments: Sequence[Segment]) -> ContextPlan:
        """The plan of this turn. `segments`: all of the conversation, ids stable, the history in its order.

        Raises `ContextOverflow` when what is pinned, or has a floor, does not fit with the last user message and the newest atom;
        `BadInput` when two segments have one id.
        """
        appended = [segment for segment in segments if segment.kind in APPENDED]
        others = [segment for segment in segments if segment.kind not in APPENDED]
        _check_ids(others)
        cached = self._fix([segment for segment in others if segment.kind in FIXED])
        standing = self._history.follow(appended)
        if cached == self._head_tokens and self._turn:
            cached += self._left_out.tokens + standing
        changing = [segment for segment in others if segment.kind not in FIXED]
        room = self.limit - self._head_tokens - self._left_out.tokens - self._history.tokens
        tail = self._tail(changing, max(room, self.limit // 2))
        touched, warnings = self._cut(tail, standing)
        room = self.limit - self._head_tokens - self._left_out.tokens - self._history.tokens
        if touched is not None or tail.tokens > room:
            cached = cached if touched is None else min(cached, touched)
            tail = self._tail(changing, room)
        self._order = tail.order
        self._turn += 1
        return self._plan(tail, cached, touched is not None, warnings)

    # ---------------------------------------------------------------- state

    def dump(self) -> dict[str, Any]:
        """All that it remembers, as a JSON document: give it to `restore` in another process."""
        return {
            "version": STATE_VERSION,
            "turn": self._turn,
            "growth": self._growth,
            "looked_at": self._looked_at,
            "order": list(self._order),
            "decided": self._history.dump(),
            "left_out": self._left_out.dump(),
        }

    def restore(self, state: Mapping[str, Any]) -> Self:
        """Go on where `dump` stood. Raises `BadInput` for a document of another kind or version."""
        try:
            if state["version"] != STATE_VERSION:
                raise BadInput(f"this state has version {state['version']}", mend=f"expected {STATE_VERSION}")
            self._turn, self._growth = int(state["turn"]), float(state["growth"])
            self._looked_at, self._order = int(state["looked_at"]), tuple(state["order"])
            self._history.restore(state["decided"])
            self._left_out.restore(state["left_out"])
            self._restored = True
        except (KeyError, TypeError, ValueError) as error:
            raise BadInput(
                f"this is not the state of a context budget: {error!r}", mend="give what dump() gave"
            ) from error
        return self

    # ---------------------------------------------------------------- one turn

    def _fix(self, fixed: list[Segment]) -> int:
        """Place what stands before the history; the tokens of it that stand as they stood."""
        if fixed != self._fixed:
            head = tuple(self._admitting.place(one, self._sizer.segment(one)) for one in in_order(fixed, FIXED_ORDER))
            same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(head, self._head, strict=False)))
            self._fixed, self._head = fixed, head
            self._head_tokens = sum(one.tokens for one in head)
            return sum(one.tokens for one in head[:same])
        return self._head_tokens

    def _tail(self, changing: Sequence[Segment], room: int) -> Tail:
        if not changing:
            return Tail((), (), 0, ())
        return fill(changing, room, self._order, self._sizer, self._admitting)

    def _cut(self, tail: Tail, standing: int) -> tuple[int | None, tuple[str, ...]]:
        """Shorten the history where that is needed or pays: tokens of the beginning that still stand, and warnings."""
        self._grow(standing)
        total = self._head_tokens + self._left_out.tokens + self._history.tokens + tail.tokens
        must = total - self.limit
        if must <= 0 and (total <= self.soft * self.limit or total < self._looked_at + LOOK_AGAIN * self.limit):
            return None, ()
        self._looked_at = total
        found = find_steps(self._history.lines, self._sizer, self.prices, total)
        outlook = Outlook(
            total, self._head_tokens, self.limit, self._growth, self._turns_ahead(), self.prices, self._left_out.room
        )
        taken = choose(found.steps, self._history.lines, outlook, must)
        if taken is None:  # all steps, and what changes every turn gives way as well
            taken = len(found.steps)
            self._check(found.steps, total - tail.tokens, tail)
        if not taken:
            return None, ()
        self._looked_at = 0
        return self._apply(found.steps[:taken], found.scene)

    def _grow(self, standing: int) -> None:
        if self._restored:  # all of the history came in at once
            self._restored = False
        elif self._turn:
            new = self._history.tokens - standing
            self._growth = GROWTH_KEPT * self._growth + (1 - GROWTH_KEPT) * new
        else:
            self._growth = self._history.tokens / max(1, self._history.calls)

    def _turns_ahead(self) -> float:
        told = self._turns_left() if callable(self._turns_left) else self._turns_left
        return turns_ahead(max(self._turn, self._history.calls), told)

    def _check(self, steps: Sequence[Step], tokens: int, tail: Tail) -> None:
        """Raise when not even all steps make room. `tokens`: of all but the tail."""
        drops = any(step.render is None for step in steps)
        staying = [one for one in tail.placed if stays(one.segment)]
        left = (
            tokens
            + sum(one.tokens for one in staying)
            - sum(step.freed for step in steps)
            + (self._left_out.room if drops else 0)
        )
        if left <= self.limit:
            return
        after = {line.segment.id: line.placed.tokens for line in self._history.lines}
        for step in steps:
            after.update((self._history.lines[n].segment.id, step.tokens) for n in step.lines)
        kinds = {line.segment.id: line.segment.kind for line in self._history.lines}
        consumers = [(one.segment.id, str(one.segment.kind), one.tokens) for one in (*self._head, *staying)]
        consumers += [(name, str(kinds[name]), size) for name, size in after.items() if size]
        if left > sum(size for _, _, size in consumers):
            consumers.append((LEFT_OUT, "history", left - sum(size for _, _, size in consumers)))
        raise ContextOverflow(self.limit, tuple(consumers))

    def _apply(self, steps: Sequence[Step], scene: Scene) -> tuple[int, tuple[str, ...]]:
        history = self._history
        first = min(step.lines[0] for step in steps)
        touched = self._head_tokens + self._left_out.tokens + history.tokens_before(first)
        dropped: list[int] = []
        for step in steps:
            for position in step.lines:
                history.change(position, step.render, step.place, step.tokens, step.why)
            if step.render is None:
                dropped.extend(step.lines)
        history.settle()
        if not dropped:
            return touched, ()
        gone = [(history.lines[n].segment, history.lines[n].names) for n in sorted(dropped)]
        known = frozenset(name for name, n in scene.newest.items() if not history.lines[n].dropped)
        return self._head_tokens, self._left_out.add(gone, known)

    def _plan(self, tail: Tail, cached: int, recut: bool, warnings: tuple[str, ...]) -> ContextPlan:
        left_out = () if self._left_out.placed is None else (self._left_out.placed,)
        before = len(self._head) + len(left_out)
        placed = (*self._head, *left_out, *self._history.shown, *tail.placed)
        prefix = self._head_tokens + self._left_out.tokens + self._history.tokens
        tokens = prefix + tail.tokens
        assert tokens <= self.limit, "a plan over the window"
        marks = {len(self._head) - 1, before - 1, before + len(self._history.shown) - 1}
        if tokens > CROWDED * self.limit:
            warnings = (*warnings, f"{tokens / self.limit:.0%} of the window is taken: answers get worse from 60 % on")
        read, write = self.prices
        return ContextPlan(
            placed=placed,
            cuts=(*self._head_cuts(), *self._history.cuts.values(), *tail.cuts),
            tokens=tokens,
            limit=self.limit,
            window=self.window,
            cached=cached,
            written=prefix - cached,
            cost=read * cached + write * (prefix - cached) + tail.tokens,
            breakpoints=tuple(sorted(mark for mark in marks if mark >= 0)),
            recut=recut,
            turn=self._turn,
            warnings=warnings,
        )

    def _head_cuts(self) -> list[Cut]:
        return [cut_of(one, self._sizer.segment(one.segment)) for one in self._head if one.form != "full"]


def _check_ids(segments: Sequence[Segment]) -> None:
    if len({segment.id for segment in segments}) < len(segments):
        raise BadInput("two segments have the same id", mend="ids are what a budget remembers: give each its own")
