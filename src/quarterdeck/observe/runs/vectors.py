"""Usage vectors: five token classes and the reported cost, each a number or None for "not reported".

Order: input, output, cache read, cache write, reasoning (integers), cost (dollars). One vector, because one rule
reconciles all of them. Refuses: to turn None into 0.
"""

from __future__ import annotations

from collections.abc import Sequence

Vector = list[float | None]
Usage = Sequence[float | None]

NOTHING: Usage = (None,) * 6
INPUT, OUTPUT, CACHE_READ, CACHE_WRITE, REASONING, COST = range(6)


def plus(left: Usage, right: Usage) -> Vector:
    """Sum per class; None only where neither is known."""
    return [b if a is None else a if b is None else a + b for a, b in zip(left, right, strict=True)]


def most(left: Usage, right: Usage) -> Vector:
    """Maximum per class; None only where neither is known."""
    return [b if a is None else a if b is None or a >= b else b for a, b in zip(left, right, strict=True)]


def least(left: Usage, right: Usage) -> Vector:
    """Minimum per class; None where either is unknown."""
    return [None if a is None or b is None else min(a, b) for a, b in zip(left, right, strict=True)]


def fill(left: Usage, right: Usage) -> Vector:
    """`left` where it is known, else `right`."""
    return [b if a is None else a for a, b in zip(left, right, strict=True)]


def known_to(left: Usage, right: Usage) -> Vector:
    """`right` where `left` is known too; None elsewhere."""
    return [None if a is None else b for a, b in zip(left, right, strict=True)]


def minus(left: Usage, right: Usage) -> Vector:
    """Difference per class, an unknown subtrahend counting as nothing; None where `left` is unknown."""
    return [None if a is None else a - (b or 0) for a, b in zip(left, right, strict=True)]


def excess(left: Usage, right: Usage) -> Vector:
    """How much `left` is above `right` per class, at least 0; None where `left` is unknown."""
    return [None if a is None else max(0, a - (b or 0)) for a, b in zip(left, right, strict=True)]


def total(vector: Usage) -> int | None:
    """Tokens, input + output; None when neither is known."""
    if vector[INPUT] is None and vector[OUTPUT] is None:
        return None
    return int((vector[INPUT] or 0) + (vector[OUTPUT] or 0))
