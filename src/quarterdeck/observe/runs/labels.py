"""What can be no label: ids and free text, told by their looks.

Pure: a value in, the reason of its refusal out. A label groups runs; a value that nearly every run has for itself
groups nothing and makes a rollup as large as what it sums up. Refuses to know the product: looks only.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Literal

Refusal = Literal["long", "free_text", "email", "uuid", "hex", "digits", "random"]

OTHER = "other"
"""What stands for every value that is not let in."""

CHARS_MAX = 128
_WORDS_MAX = 8
"""Names of agents, models and features have fewer; questions of users have more."""
_HEX_MIN = 16
_DIGITS_MIN = 10
_DIGITS_INSIDE_MIN = 14
"""A date and time without separators; a date alone (8) is part of many model names."""
_RANDOM_MIN = 16

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[a-z]{2,}", re.IGNORECASE)
_HEX = re.compile(r"(?:0x)?(?=[0-9a-f]*[0-9])(?=[0-9]*[a-f])[0-9a-f]+", re.IGNORECASE)
_TOKEN = re.compile(r"[0-9A-Za-z]+")


def refusal(value: str) -> Refusal | None:
    """Why this value can be no label; None when it can."""
    if len(value) > CHARS_MAX:
        return "long"
    if "\n" in value or len(value.split()) > _WORDS_MAX:
        return "free_text"
    if _EMAIL.search(value):
        return "email"
    if _UUID.search(value):
        return "uuid"
    if value.isdigit() and len(value) >= _DIGITS_MIN:
        return "digits"
    return next((found for token in _TOKEN.findall(value) if (found := _token_refusal(token)) is not None), None)


def _token_refusal(token: str) -> Refusal | None:
    if token.isdigit():
        return "digits" if len(token) >= _DIGITS_INSIDE_MIN else None
    if len(token) >= _HEX_MIN and _HEX.fullmatch(token):
        return "hex"
    return "random" if len(token) >= _RANDOM_MIN and _is_random(token) else None


def _is_random(token: str) -> bool:
    """Whether lower case, upper case and digits take turns as they do in random strings and not in words.

    In base 62 neighbours differ in class for three of five; in words joined by capitals for one or two of five.
    """
    classes = ["d" if c.isdigit() else "u" if c.isupper() else "l" for c in token]
    changes = sum(a != b for a, b in pairwise(classes))
    return changes >= 0.5 * len(token) or (classes.count("d") >= 2 and changes >= 0.3 * len(token))
