"""One message at the beginning of the history that says what was left out before it, and the names that were in it.

It changes at a cut only, when all that follows is written anew as well. A summary is the caller's; without one the
names stand alone. Refuses more than its share of the window: the oldest names go first, and their number is told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from quarterdeck.control.budget.plan import Placed
from quarterdeck.control.budget.segment import Segment
from quarterdeck.control.budget.sizes import Sizer

ID = "left-out"
SHARE = 0.05
"""Of the limit."""

Summarise = Callable[[Sequence[Segment], int], str]
"""Segments that go, and how many tokens the summary of them and all before may take → the summary."""


class LeftOut:
    """What was left out so far. `tokens_max`: what the message may take."""

    def __init__(self, sizer: Sizer, tokens_max: int, summarise: Summarise | None) -> None:
        self._sizer = sizer
        self.tokens_max = tokens_max
        self._summarise = summarise
        self.messages = 0
        self._names: dict[str, None] = {}
        self._summary = ""
        self.placed: Placed | None = None

    @property
    def tokens(self) -> int:
        return 0 if self.placed is None else self.placed.tokens

    @property
    def room(self) -> int:
        """Tokens that it may still grow by."""
        return max(0, self.tokens_max - self.tokens)

    def add(self, dropped: Sequence[tuple[Segment, tuple[str, ...]]], known: frozenset[str]) -> tuple[str, ...]:
        """Note what goes. `known`: names that newer messages still show. Answers warnings."""
        for _, names in dropped:
            for name in names:
                self._names.pop(name, None)  # the newest stand at the end
                self._names[name] = None
        for name in known:
            self._names.pop(name, None)
        self.messages += len(dropped)
        warnings = self._sum_up([segment for segment, _ in dropped])
        self._write()
        return warnings

    def _sum_up(self, segments: list[Segment]) -> tuple[str, ...]:
        if self._summarise is None:
            return ()
        room = self.tokens_max // 2
        earlier = [] if self.placed is None else [self.placed.segment]
        try:
            text = self._summarise([*earlier, *segments], room)
        except Exception as error:  # the caller's code: its failure must not stop the turn
            return (f"the summary of what was left out failed: {error!r}",)
        self._summary = self._sizer.clip(text, room)
        return ()

    def _write(self) -> None:
        names = list(self._names)
        text = self._text(names)
        while names and self._sizer.text(text) > self.tokens_max:
            names = names[max(1, len(names) // 8) :]
            text = self._text(names)
        if self._sizer.text(text) > self.tokens_max:
            text = self._sizer.clip(text, self.tokens_max)
        for name in set(self._names).difference(names):
            del self._names[name]
        segment = Segment(ID, "history", text=text, role="user")
        self.placed = Placed(segment, "reference", self._sizer.text(text), text, None, "stands for what was left out")

    def _text(self, names: Sequence[str]) -> str:
        said = f"[{self.messages:,} earlier messages were left out to make room."
        if names:
            said += f" Names in them: {', '.join(names)}."
        return f"{said}]\n{self._summary}" if self._summary else f"{said}]"

    def dump(self) -> dict[str, Any]:
        return {"messages": self.messages, "names": list(self._names), "summary": self._summary}

    def restore(self, state: Mapping[str, Any]) -> None:
        self.messages = int(state["messages"])
        self._names = dict.fromkeys(state["names"])
        self._summary = str(state["summary"])
        if self.messages:
            self._write()
