"""A session's place in every draw: a keyed hash of its id, read as a number in (0, 1).

The same session has the same place in any order of arrival, in any process that has the key, and when it is replayed.
The key keeps outsiders from choosing session ids that are always kept, or never.
"""

from __future__ import annotations

from hashlib import blake2b

_BITS = 52
"""What a float holds exactly; with the half that is added, still within a float's 53 bits."""
_PLACES = float(1 << _BITS)


def priority(key: bytes, project: str, session_key: str, *, draw: str = "bodies") -> float:
    """Uniform over sessions, strictly between 0 and 1. `draw` makes independent draws of one key. `key`: up to 64 bytes."""
    name = f"{len(project)}:{project}{session_key}".encode(errors="replace")
    digest = blake2b(name, digest_size=8, key=key, person=draw.encode()[:16]).digest()
    return ((int.from_bytes(digest, "big") >> (64 - _BITS)) + 0.5) / _PLACES
