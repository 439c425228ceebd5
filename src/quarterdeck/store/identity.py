"""Ids of spans as every engine requires them: lower-case hex of a fixed length.

Engines keep ids as numbers. Refuses (BadInput) what would not come back as it went in.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from quarterdeck.errors import BadInput
from quarterdeck.model.spans import Span

TRACE_DIGITS = 32
SPAN_DIGITS = 16
_IDS = re.compile(r"(?:[0-9a-f]{32}\n[0-9a-f]{16}\n(?:[0-9a-f]{16})?\n)*")


def check_ids(spans: Sequence[Span]) -> None:
    """Raises BadInput naming the first span whose ids are not 32, 16 and 16 (or no) hex digits."""
    # One match over all ids of a batch: a third of the cost of one match per span.
    if _IDS.fullmatch("".join([f"{s.trace_id}\n{s.span_id}\n{s.parent_span_id}\n" for s in spans])):
        return
    for span in spans:
        if not _IDS.fullmatch(f"{span.trace_id}\n{span.span_id}\n{span.parent_span_id}\n"):
            raise BadInput(
                f"span ids are not hex: trace {span.trace_id!r}, span {span.span_id!r}, parent {span.parent_span_id!r};"
                f" expected {TRACE_DIGITS}, {SPAN_DIGITS} and {SPAN_DIGITS} (or no) lower-case hex digits"
            )
    raise AssertionError("a batch of good ids did not match")
