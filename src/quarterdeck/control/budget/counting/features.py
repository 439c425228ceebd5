"""What a text is made of, in nine numbers whose sum is the prior's guess of its tokens.

Every byte of the UTF-8 form has one of sixteen classes (vowel, consonant, digit, space, mark, the first byte of a script …).
A byte starts or continues tokens with a rate that depends on its class and the class before it, and each such pair belongs
to one content class. So one histogram of pairs gives all numbers: no loop over words, no vocabulary.

Refuses: knowing a model. What a content class costs at a model is learned elsewhere.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quarterdeck.control.budget.counting.rates import RATES

CHUNK_BYTES = 1 << 16
"""Counted at once: the histogram's intermediate arrays stay in the processor's cache."""

TOKENS_PER_CHARACTER = 0.25
"""For a text of which only the length is known."""


class Features(NamedTuple):
    """Expected tokens by content class, under the rates of o200k; `messages` and `calls` are plain counts.

    `words`: ASCII letters; `mixed`: capitals inside words, letters beside digits, base64; `digits`; `space`; `marks`:
    punctuation and the structure of JSON; `cjk`; `scripts`: all other letters and signs.
    """

    words: float = 0.0
    mixed: float = 0.0
    digits: float = 0.0
    space: float = 0.0
    marks: float = 0.0
    cjk: float = 0.0
    scripts: float = 0.0
    messages: float = 0.0
    calls: float = 0.0

    def plus(self, other: Features) -> Features:
        """Both together."""
        return Features(*(mine + yours for mine, yours in zip(self, other, strict=True)))

    def times(self, factor: float) -> Features:
        """So many of it."""
        return Features(*(factor * mine for mine in self))

    @property
    def text(self) -> float:
        """Tokens of the texts alone, by the prior."""
        return sum(self[:7])


EMPTY = Features()
MESSAGE = Features(messages=1.0)
CALL = Features(calls=1.0)

(_VOWEL, _COMMON, _RARE, _UPPER, _DIGIT, _SPACE, _LINE, _QUOTE, _BRACKET, _POINT, _OTHER, _TWO, _CJK, _THREE, _FOUR, _NEXT) = range(16)  # fmt: skip


def _classes() -> bytes:
    table = bytearray([_OTHER]) * 256
    members: tuple[tuple[int, bytes | range], ...] = (
        (_VOWEL, b"aeiou"),
        (_COMMON, b"bcdfghlmnprstvwy"),
        (_RARE, b"jkqxz"),
        (_UPPER, range(65, 91)),
        (_DIGIT, b"0123456789"),
        (_SPACE, b" "),
        (_LINE, b"\n\r\t\v\f"),
        (_QUOTE, b"\"'`"),
        (_BRACKET, b"{}[]()<>"),
        (_POINT, b".,:;!?"),
        (_NEXT, range(0x80, 0xC0)),
        (_TWO, range(0xC0, 0xE0)),
        (_THREE, range(0xE0, 0xF0)),
        (_CJK, range(0xE3, 0xEA)),
        (_FOUR, range(0xF0, 0x100)),
    )
    for number, bytes_ in members:
        for byte in bytes_:
            table[byte] = number
    return bytes(table)


def _content_class(before: int, now: int) -> int:
    """The field of `Features` that a pair of byte classes belongs to."""
    if now <= _UPPER:
        return 1 if before == _DIGIT or (now == _UPPER and before <= _UPPER) else 0
    if now == _DIGIT:
        return 1 if before <= _UPPER else 2
    if now in (_SPACE, _LINE):
        return 3
    if now <= _OTHER:
        return 4
    return 5 if now == _CJK else 6


def _projection() -> NDArray[np.float64]:
    """(256 pairs × 7 content classes): tokens per occurrence."""
    table = np.zeros((256, 7))
    for pair, rate in enumerate(RATES):
        table[pair, _content_class(pair >> 4, pair & 15)] = rate
    return table


_CLASSES = _classes()
_PROJECTION = _projection()


def features_of(text: str) -> Features:
    """The features of one text. Lone surrogates count as what replaces them on the wire."""
    data = text.encode("utf-8", "replace")
    if not data:
        return EMPTY
    if len(data) <= CHUNK_BYTES:
        return Features(*(_histogram(b"\n" + data) @ _PROJECTION).tolist())
    pairs = np.zeros(256, dtype=np.int64)
    for start in range(0, len(data), CHUNK_BYTES):
        before = data[start - 1 : start] or b"\n"
        pairs += _histogram(before + data[start : start + CHUNK_BYTES])
    return Features(*(pairs @ _PROJECTION).tolist())


def _histogram(data: bytes) -> NDArray[np.int64]:
    """How often each pair of classes follows one another."""
    classes = np.frombuffer(data.translate(_CLASSES), dtype=np.uint8)
    return np.bincount((classes[:-1] << 4) | classes[1:], minlength=256)


def of_size(characters: int, messages: int = 0, calls: int = 0) -> Features:
    """Where only the number of characters is known: as much text of the usual kind."""
    return Features(words=TOKENS_PER_CHARACTER * characters, messages=float(messages), calls=float(calls))
