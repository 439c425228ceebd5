"""The form in which a message comes into the window: in full, unless it is over its cap.

A tool result over the cap is handed to the caller's `offload`, which answers where it can be read, or is cut to its beginning
and end; both are recorded. Refuses to touch what is pinned and has no ceiling.
"""

from __future__ import annotations

from collections.abc import Callable

from quarterdeck.control.budget.plan import Placed
from quarterdeck.control.budget.segment import Segment
from quarterdeck.control.budget.sizes import Sizer

TOOL_RESULT_CAP = 5_000

Offload = Callable[[Segment], str]
"""Keeps the full text somewhere, and answers how it can be fetched (a path, an address)."""


class Admitting:
    """Holds the caps. `tool_result_cap`: tokens one tool result may take."""

    def __init__(self, sizer: Sizer, tool_result_cap: int, offload: Offload | None) -> None:
        self._sizer = sizer
        self._cap = tool_result_cap
        self._offload = offload

    def place(self, segment: Segment, full: int) -> Placed:
        """In full, or clipped to the cap."""
        most = self.most(segment)
        if most is None or full <= most:
            return Placed(segment, "full", full)
        note, why = "", f"over its cap of {most:,} tokens"
        if self._offload is not None and segment.kind == "tool_result":
            note = f"all of it: {self._offload(segment)}"
            why += ", offloaded"
        text = self._sizer.clip(segment.text, self._text_room(segment, full, most), note=note)
        return Placed(segment, "clipped", min(self._sizer.text(text), most), text, None, why)

    def most(self, segment: Segment) -> int | None:
        """Tokens it may take; None: no cap."""
        if segment.ceiling is not None:
            return segment.ceiling
        if segment.kind != "tool_result" or segment.pinned:
            return None
        return max(self._cap, segment.floor)

    def _text_room(self, segment: Segment, full: int, most: int) -> int:
        """`most` in the counter's own tokens, where a told count and the counter differ: the smaller reading."""
        counted = self._sizer.text(segment.text)
        return most if counted >= full else int(most * counted / max(full, 1))
