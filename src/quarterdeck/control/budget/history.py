"""The appended part of the window as it grew: which form each message has now. A form is kept until the next cut.

Follows a growing list in time that grows with what is new. Refuses to decide: `cutting` does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from zlib import crc32

from quarterdeck.control.budget.entities import entities
from quarterdeck.control.budget.plan import Cut, Placed, cut_of
from quarterdeck.control.budget.segment import Form, Render, Segment
from quarterdeck.control.budget.sizes import Sizer
from quarterdeck.errors import BadInput


class Kept(NamedTuple):
    """What was decided about a segment: enough to do the same again after a restart. `render`: place in its ladder."""

    form: Form
    text: str
    tokens: int
    why: str
    render: int | None
    seal: int


@dataclass(slots=True)
class Line:
    """A segment of the history: its size in full, and the form that it has now."""

    segment: Segment
    full: int
    placed: Placed
    _names: tuple[str, ...] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Names in the text; read once, at the first cut that looks at it."""
        if self._names is None:
            self._names = entities(self.segment.text)
        return self._names

    @property
    def dropped(self) -> bool:
        return self.placed.form == "dropped"


def seal(segment: Segment) -> int:
    """Changes when the text under an id does."""
    return crc32(segment.text.encode("utf-8", "replace"))


class History:
    """Lines in the order of the conversation. `admit` gives a new segment the form in which it comes in."""

    def __init__(self, sizer: Sizer, admit: Callable[[Segment, int], Placed]) -> None:
        self._sizer = sizer
        self._admit = admit
        self._segments: list[Segment] = []
        self._ids: set[str] = set()
        self.lines: list[Line] = []
        self.decided: dict[str, Kept] = {}
        self.cuts: dict[str, Cut] = {}
        self.shown: list[Placed] = []
        self.tokens = 0
        self.calls = 0

    def follow(self, segments: list[Segment]) -> int:
        """Take what is new; the tokens of the lines that stand as they stood at the last turn."""
        known = len(self._segments)
        if segments[:known] != self._segments:
            known = self._rewind(segments)
        standing = self.tokens
        self._segments = segments[:known]
        for segment in segments[known:]:
            self._add(segment)
        return standing

    def change(self, position: int, render: Render | None, place: int | None, tokens: int, why: str) -> None:
        """Give a line another form (None: it is left out), and remember it. `settle` has to follow."""
        line = self.lines[position]
        if render is None:
            line.placed = Placed(line.segment, "dropped", 0, "", None, why)
        else:
            line.placed = Placed(line.segment, render.form, tokens, render.text, render.content, why)
        self._remember(line, place)

    def settle(self) -> None:
        """Sum up again after a cut."""
        self.shown = [line.placed for line in self.lines if not line.dropped]
        self.tokens = sum(one.tokens for one in self.shown)

    def tokens_before(self, position: int) -> int:
        """Tokens of the lines before this one."""
        return sum(line.placed.tokens for line in self.lines[:position])

    def _add(self, segment: Segment) -> None:
        if segment.id in self._ids:
            raise BadInput(
                f"two segments have the id {segment.id!r}", mend="ids are what a budget remembers: give each its own"
            )
        full = self._sizer.segment(segment)
        again = self._again(segment)
        line = Line(segment, full, self._admit(segment, full) if again is None else again)
        self._segments.append(segment)
        self._ids.add(segment.id)
        self.lines.append(line)
        self.calls += segment.role == "assistant"
        if line.placed.form != "full":
            if again is None:
                self._remember(line, None)
            else:
                self._note(line)
        if not line.dropped:
            self.shown.append(line.placed)
            self.tokens += line.placed.tokens

    def _remember(self, line: Line, place: int | None) -> None:
        placed = line.placed
        self.decided[line.segment.id] = Kept(
            placed.form, placed.text or "", placed.tokens, placed.why, place, seal(line.segment)
        )
        self._note(line)

    def _note(self, line: Line) -> None:
        self.cuts[line.segment.id] = cut_of(line.placed, line.full)

    def _again(self, segment: Segment) -> Placed | None:
        kept = self.decided.get(segment.id)
        if kept is None or kept.seal != seal(segment):
            return None
        if kept.render is not None and kept.render >= len(segment.renders):
            return None
        content = segment.renders[kept.render].content if kept.render is not None and kept.render >= 0 else None
        return Placed(segment, kept.form, kept.tokens, kept.text, content, kept.why)

    def _rewind(self, segments: Sequence[Segment]) -> int:
        """The caller changed the past: forget the lines from there on. The number of lines that stay."""
        same = 0
        for old, new in zip(self._segments, segments, strict=False):
            if old != new:
                break
            same += 1
        for line in self.lines[same:]:
            self._ids.discard(line.segment.id)
            self.cuts.pop(line.segment.id, None)
        del self.lines[same:]
        self.calls = sum(line.segment.role == "assistant" for line in self.lines)
        self.settle()
        return same

    def dump(self) -> dict[str, Any]:
        return {name: list(kept) for name, kept in self.decided.items()}

    def restore(self, decided: Mapping[str, Sequence[Any]]) -> None:
        self.decided = {name: Kept(*kept) for name, kept in decided.items()}
