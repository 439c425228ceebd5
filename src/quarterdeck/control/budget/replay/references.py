"""What a text refers to, for recall: file paths, ids, order and account numbers. A fixed, versioned extractor.

Narrower than `budget.entities`, which says what a stub keeps: this one says what counts, and changes only with its version.
Refuses: words, dates, prices, e-mail addresses, and guessing a meaning.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

EXTRACTOR_VERSION = 1
"""Figures made with two versions are not compared."""

_TOKEN = re.compile(r"[\w#@/.~+-]{4,}")
_WINDOWS_PATH = re.compile(r"\b[A-Za-z]:\\{1,2}[\w.+-]+(?:\\{1,2}[\w.+-]+)*")
_ESCAPE = re.compile(r"\\[nrt\"]")
"""Of JSON inside JSON: a line break there is not a part of the word behind it."""

_FILE = re.compile(
    r"[\w+-][\w.+-]*\.(?:c|cc|cfg|conf|cpp|cs|css|csv|docx?|go|h|hpp|html?|ini|ipynb|java|jpe?g|jsx?|json|jsonl|kt|lock|log|md"
    r"|parquet|pdf|php|png|py|rb|rs|rst|scala|sh|sql|svg|swift|tar|tex|toml|tsx?|txt|xlsx?|xml|ya?ml|zip)"
)
_DATE = re.compile(r"\d{4}-\d\d-\d\d(?:T\d\d)?")
_NUMBER = re.compile(r"[A-Z]{0,5}\d{6,}[A-Z]{0,2}|[A-Z]{1,5}\d{4,}")
"""Order, item and account numbers: `4983901480`, `W2378156`. Five digits alone are a post code or an amount."""
_JOINED = re.compile(r"[A-Za-z0-9]+(?:[_-][A-Za-z0-9]+)+")
_ID_DIGITS = re.compile(r"\d{3}|[a-f\d]{4,}-[a-f\d]{4,}")
_HEX = re.compile(r"(?=\d*[a-f])(?=[a-f]*\d)[0-9a-f]{7,}")
_MIXED = re.compile(r"(?=\d*[A-Za-z])(?=[A-Za-z]*\d)[A-Za-z0-9]{12,}")


@lru_cache(maxsize=8192)
def references(text: str) -> frozenset[str]:
    """Order numbers without their `#`. Linear in the text's length; a text that comes again is looked up."""
    found: set[str] = set()
    if "\\" in text:
        found.update(match.replace("\\\\", "\\") for match in _WINDOWS_PATH.findall(text))
        text = _ESCAPE.sub(" ", _WINDOWS_PATH.sub(" ", text))
    for token in _TOKEN.findall(text):
        if not token.isalpha():
            found.update(_of_token(token))
    return frozenset(found)


def references_of_values(arguments: Any) -> frozenset[str]:
    """Of the values of a call's arguments, at any depth; their names do not count."""
    return frozenset(one for text in _texts(arguments) for one in references(text))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, int) and not isinstance(value, bool):
        yield str(value)


def _of_token(token: str) -> Iterator[str]:
    if "@" in token:
        return
    token = token.strip("#+").rstrip(".-")
    if "/" in token:
        if _is_path(token):
            yield token
    elif "." not in token:
        if _is_id(token):
            yield token
    elif _FILE.fullmatch(token):
        yield token
    elif not token.replace(".", "").isdigit():
        yield from (part for part in token.split(".") if _is_id(part))


def _is_path(token: str) -> bool:
    """`src/app.py`, `/etc/hosts`, `a/b/c`; not `and/or`, `24/7`, `10/12/2024`."""
    if not any(letter.isalpha() for letter in token):
        return False
    last = token.rstrip("/").rpartition("/")[2]
    return token[0] in "/~." or token.count("/") > 1 or _FILE.fullmatch(last) is not None


def _is_id(token: str) -> bool:
    if _NUMBER.fullmatch(token) or _HEX.fullmatch(token) or _MIXED.fullmatch(token):
        return True
    return _JOINED.fullmatch(token) is not None and _ID_DIGITS.search(token) is not None and not _DATE.fullmatch(token)
