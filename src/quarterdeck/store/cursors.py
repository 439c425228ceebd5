"""Opaque cursors: where a list was left, so that the next page starts there whatever came in between.

A cursor is base64url of a small JSON list that opens with a word for its list. It holds the last item's place, not
an offset, so inserts neither repeat nor hide items. Refuses anything that this module did not write (BadInput).
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass

from quarterdeck.errors import BadInput


@dataclass(frozen=True, slots=True)
class RunCursor:
    """The place after a run in a list sorted by one value; `value` None = among the unknown ones at the end."""

    value: float | int | None
    run_id: str


def encode_run_cursor(sort: str, place: RunCursor) -> str:
    """`sort` as it was asked for: a cursor holds only in its own order."""
    return _encode(["runs", sort, place.value, place.run_id])


def decode_run_cursor(cursor: str, sort: str) -> RunCursor:
    """Raises BadInput when the cursor is not ours or belongs to another order."""
    match _decode(cursor):
        case ["runs", str(cursor_sort), int() | float() | None as value, str(run_id)] if _fits(value):
            if cursor_sort != sort:
                raise BadInput(f"the cursor belongs to a list sorted by {cursor_sort!r}, not by {sort!r}")
            return RunCursor(value, run_id)
    raise _not_ours()


def encode_rejection_cursor(number: int) -> str:
    """`number`: the rising number of the last rejection shown."""
    return _encode(["rejections", number])


def decode_rejection_cursor(cursor: str) -> int:
    """Raises BadInput when the cursor is not ours."""
    match _decode(cursor):
        case ["rejections", int(number)] if _fits(number):
            return number
    raise _not_ours()


def encode_span_cursor(*place: int) -> str:
    """`place`: where the last span of a page lies, as numbers of the engine."""
    return _encode(["spans", *place])


def decode_span_cursor(cursor: str, numbers: int) -> tuple[int, ...]:
    """The `numbers` of the place. Raises BadInput when the cursor is not ours."""
    match _decode(cursor):
        case ["spans", *place] if len(place) == numbers and all(isinstance(n, int) and _fits(n) for n in place):
            return tuple(int(str(n)) for n in place)
    raise _not_ours()


def encode_alert_cursor(opened_ns: int, alert_id: str) -> str:
    """The last alert of a page: when it opened, and its id among those of the same moment."""
    return _encode(["alerts", opened_ns, alert_id])


def decode_alert_cursor(cursor: str) -> tuple[int, str]:
    """Raises BadInput when the cursor is not ours."""
    match _decode(cursor):
        case ["alerts", int(opened_ns), str(alert_id)] if _fits(opened_ns):
            return opened_ns, alert_id
    raise _not_ours()


def encode_approval_cursor(asked_ns: int, approval_id: str) -> str:
    """The last approval of a page: when it was asked for, and its id among those of the same moment."""
    return _encode(["approvals", asked_ns, approval_id])


def decode_approval_cursor(cursor: str) -> tuple[int, str]:
    """Raises BadInput when the cursor is not ours."""
    match _decode(cursor):
        case ["approvals", int(asked_ns), str(approval_id)] if _fits(asked_ns):
            return asked_ns, approval_id
    raise _not_ours()


def encode_document_cursor(at_ns: int, id: str) -> str:
    """The last document of a page: its time, and its id among those of the same moment."""
    return _encode(["documents", at_ns, id])


def decode_document_cursor(cursor: str) -> tuple[int, str]:
    """Raises BadInput when the cursor is not ours."""
    match _decode(cursor):
        case ["documents", int(at_ns), str(id)] if _fits(at_ns):
            return at_ns, id
    raise _not_ours()


def encode_stream_cursor(nearness: float, stream_id: str) -> str:
    """The last stream of a page: how near it was to its threshold, and its id among those equally near."""
    return _encode(["streams", nearness, stream_id])


def decode_stream_cursor(cursor: str) -> tuple[float, str]:
    """Raises BadInput when the cursor is not ours."""
    match _decode(cursor):
        case ["streams", int() | float() as nearness, str(stream_id)] if _fits(nearness):
            return float(nearness), stream_id
    raise _not_ours()


def _encode(parts: list[object]) -> str:
    text = json.dumps(parts, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _decode(cursor: str) -> object:
    try:
        raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        return json.loads(raw, parse_constant=_refuse_constant)
    except (binascii.Error, UnicodeError, ValueError, RecursionError) as error:
        raise _not_ours() from error


def _fits(value: float | int | None) -> bool:
    """True is an int to Python; a number over 64 bits is no column's value."""
    return not isinstance(value, bool) and (not isinstance(value, int) or abs(value) < 2**63)


def _refuse_constant(name: str) -> object:
    raise ValueError(name)


def _not_ours() -> BadInput:
    return BadInput("the cursor was not made by this list: expected the next_cursor of an earlier answer, unchanged")
