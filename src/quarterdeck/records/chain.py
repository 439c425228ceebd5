"""How records hold each other: each hash is SHA-256 over the record's canonical JSON and the hash before it.

Pure. What is found: a record that was changed, left out, moved or put in between; and, given a head that was noted elsewhere, an end that was
cut off. Not found: a whole chain that was written anew, when nobody noted its head.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any, NamedTuple

from quarterdeck.errors import BadInput
from quarterdeck.model.documents import Head, Record

BODY_BYTES_MAX = 1_000_000


class Broken(NamedTuple):
    """The first place where a chain does not hold. `seq` of the record, or the one after the last."""

    seq: int
    because: str


def seal(
    project: str, chain: str, head: Head, *, kind: str, about: str, by: str, body: Mapping[str, Any], at_ns: int
) -> Record:
    """The record that follows `head`. Raises BadInput for a body that is no JSON, or larger than BODY_BYTES_MAX."""
    text = canonical(body)
    if len(text.encode()) > BODY_BYTES_MAX:
        raise BadInput(f"a record takes at most {BODY_BYTES_MAX:,} bytes")
    open_ = Record(project, chain, head.seq + 1, at_ns, kind, about, by, text, head.hash, "")
    return open_._replace(hash=digest(open_))


def canonical(body: Mapping[str, Any]) -> str:
    """JSON with sorted keys and no spaces: the same for the same content. Raises BadInput for what JSON cannot say."""
    try:
        return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise BadInput(f"a record takes JSON: {error}") from error


def digest(record: Record) -> str:
    """64 hex digits, over all fields but the hash itself."""
    fields = list(record._replace(hash=""))
    text = json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def verify(records: Iterable[Record], head: Head | None = None) -> Broken | None:
    """The first thing that does not hold, None when all does. `records` from the first one on; `head` as noted."""
    last = Head(0, "")
    passed = head is None or head.seq == 0
    for record in records:
        if record.seq != last.seq + 1:
            return Broken(last.seq + 1, f"record {last.seq + 1} is missing, {record.seq} follows {last.seq}")
        if record.previous != last.hash:
            return Broken(record.seq, "it does not follow the record before it")
        if record.hash != digest(record):
            return Broken(record.seq, "its content is not what was sealed")
        last = Head(record.seq, record.hash)
        if head is not None and record.seq == head.seq:
            if record.hash != head.hash:
                return Broken(record.seq, "it is another record than the one whose hash was noted")
            passed = True
    if not passed and head is not None:
        return Broken(last.seq + 1, f"the chain ends at {last.seq}, and was noted to reach {head.seq}")
    return None
