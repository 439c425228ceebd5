"""One posted item to an outcome, or the reason why not. Pure.

Refuses what cannot be an outcome, item by item, naming what was found and what was expected. A score outside 0 to 1 is
no score: it stays as the label, and that is said; it is never clipped.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from quarterdeck.errors import BadInput
from quarterdeck.model.outcomes import Outcome

FIELDS = ("run_id", "name", "score", "label", "at", "comment")
RUN_ID_MAX = 512
NAME_MAX = 100
LABEL_MAX = 200
COMMENT_MAX = 2_000
"""Characters."""

FUTURE_MAX_NS = 86_400 * 10**9
"""How far ahead a clock may run: an outcome from later on would stand against all that is found out until then."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MAX_NS = 2**63 - 1
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_AT = 'RFC 3339 ("2026-11-24T07:00:00Z") or epoch milliseconds, between 1970 and 2262'


class Read(NamedTuple):
    """`note` says what was not taken as it was sent; None = all was."""

    outcome: Outcome
    note: str | None


def read_item(item: Any, *, project: str, now_ns: int) -> Read:
    """An item {run_id, name, score, label, at, comment} as an outcome. Raises BadInput that says why not."""
    if not isinstance(item, Mapping):
        raise BadInput(f"found {_shown(item)}, expected an object with run_id and name")
    unknown = sorted(set(item) - set(FIELDS), key=str)
    if unknown:
        raise BadInput(f"field {_shown(unknown[0])} is not known: expected {', '.join(FIELDS)}")
    label = _text(item, "label", LABEL_MAX)
    comment = _text(item, "comment", COMMENT_MAX)
    number = _number(item.get("score"))
    if number is None and label is None:
        raise BadInput("score and label are both missing: expected one of them")
    score, note = score_of(number)
    if note is not None:
        label = f"{number:g}" if label is None else label
        comment = (note if comment is None else f"{note}; {comment}")[:COMMENT_MAX]
    found = Outcome(
        project=project,
        run_id=_needed(item, "run_id", RUN_ID_MAX),
        name=_needed(item, "name", NAME_MAX),
        score=score,
        label=label,
        at_ns=_at(item.get("at"), now_ns),
        received_ns=now_ns,
        source="api",
        comment=comment,
    )
    return Read(found, note)


def score_of(number: float | None) -> tuple[float | None, str | None]:
    """(score, None), or (None, why the number is none): a score lies in 0 to 1."""
    if number is None or 0 <= number <= 1:
        return number, None
    return None, f"score {number:g} is outside 0 to 1 and was kept as a label"


def _number(value: Any) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise BadInput(f"score: found {_shown(value)}, expected a number from 0 to 1")
    return float(value)


def _needed(item: Mapping[str, Any], name: str, most: int) -> str:
    found = _text(item, name, most)
    if found is None:
        raise BadInput(f"{name} is missing: expected 1 to {most} characters")
    return found


def _text(item: Mapping[str, Any], name: str, most: int) -> str | None:
    value = item.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise BadInput(f"{name}: found {_shown(value)}, expected text")
    if len(value) > most:
        raise BadInput(f"{name}: found {len(value):,} characters, expected at most {most:,}")
    return value


def _at(value: Any, now_ns: int) -> int:
    """Nanoseconds; now where nothing is said."""
    if value is None or value == "":
        return now_ns
    found = _instant(value)
    if found is None or not 0 <= found <= _MAX_NS:
        raise BadInput(f"at: found {_shown(value)}, expected {_AT}")
    if found > now_ns + FUTURE_MAX_NS:
        raise BadInput(f"at: found {_shown(value)}, which is more than a day ahead of the server's clock")
    return found


def _instant(value: Any) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value * 1_000_000
    read: Callable[[str], int | None] = _date if isinstance(value, str) and _DATE.match(value) else _millis
    return read(value) if isinstance(value, str) else None


def _millis(value: str) -> int | None:
    return int(value) * 1_000_000 if value.isascii() and value.isdigit() and len(value) <= 16 else None


def _date(value: str) -> int | None:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (aware - _EPOCH) // timedelta(microseconds=1) * 1_000


def _shown(value: Any) -> str:
    return repr(value)[:60]
