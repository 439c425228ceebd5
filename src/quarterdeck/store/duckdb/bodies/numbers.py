"""The numbers of bodies and of the chunks that they lie in, and the key of whose they are.

A number is `part << PART_SHIFT | index`: a part is what one call of `prepare` made, and parts rise. So a number says
between which chunks a chain can lie, and the zone maps of a table sorted by chunk skip the rest. Refuses nothing.
"""

from __future__ import annotations

from functools import lru_cache

from xxhash import xxh3_64_intdigest

PART_SHIFT = 24
"""Sixteen million bodies or chunks in a part, 2^39 parts in 64 bits."""

INDEX = (1 << PART_SHIFT) - 1
"""What of a number is its place in the part."""


def body_key(project: str, owner: str) -> int:
    """64 bits for (project, session id or trace id). Lone surrogates count as `?`, as the columns have them."""
    digest: int = xxh3_64_intdigest(owner.encode("utf-8", "replace"), _seed(project))
    return digest


@lru_cache(maxsize=1024)
def _seed(project: str) -> int:
    """A seed of its own for each project."""
    digest: int = xxh3_64_intdigest(project.encode(errors="replace"))
    return digest


def part_of(number: int) -> int:
    """The part that made a body or a chunk."""
    return number >> PART_SHIFT


def first_of(part: int) -> int:
    """The least number of a part; the next part's is the end of this one's."""
    return part << PART_SHIFT
