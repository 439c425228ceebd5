"""Attribute names whose value is a secret whatever it looks like: `password`, `http.request.header.authorization`, ...

A name counts by its end, so that a prefix of a producer changes nothing and `api_key_hash` stays.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

NAME_ENDS = (
    r"(?:passwo?r?d|passphrase|secret|api[-_.]?key|authorization|cookies?"
    r"|(?:access|refresh|id|auth|session|security|bearer)[-_.]?token|(?:private|secret|access|signing)[-_.]?key|credentials?)"
)
"""Ends of names, in a form that every engine of this room reads alike; compared without regard to case."""

AFTER_NAME = r'(?:[\x0a\x12\x1a"\\JPZ\x60jpz\x85]|\z)'
"""What follows a name: the next field's tag in protobuf, or the closing quote (perhaps escaped) of a JSON key."""

_SECRET_NAME = re.compile(rf"{NAME_ENDS}\Z", re.IGNORECASE)


def is_secret_name(name: str) -> bool:
    """Whether the value of an attribute of this name is a secret."""
    return _SECRET_NAME.search(name) is not None


def named_by(patterns: Sequence[str]) -> re.Pattern[str]:
    """One expression for names as users write them: whole, or with `*` at an end; case does not count."""
    parts = [re.escape(pattern).replace(r"\*", ".*") for pattern in patterns]
    return re.compile(rf"(?:{'|'.join(parts)})\Z", re.IGNORECASE)


def literal_end(pattern: str) -> str:
    """The part of a user's name pattern that a request must contain for it to match."""
    return max(pattern.split("*"), key=len)
