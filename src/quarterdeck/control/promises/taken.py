"""Runs that were learned from, by hash: the newest ones, so that none is learned from twice.

Refuses to grow: beyond its limit the oldest are forgotten. A false hit (two runs of one hash) leaves one run out.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b

from quarterdeck.model.runs import Run


class Taken:
    """At most `most` runs."""

    def __init__(self, most: int, hashes: Iterable[int] = ()) -> None:
        self._most = most
        self._hashes: dict[int, None] = {}
        for one in hashes:
            self._add(one)

    def __contains__(self, run: Run) -> bool:
        return hash_of(run) in self._hashes

    def __len__(self) -> int:
        return len(self._hashes)

    def add(self, run: Run) -> bool:
        """Whether the run was not taken before; it is now."""
        return self._add(hash_of(run))

    def dump(self) -> list[int]:
        """Oldest first."""
        return list(self._hashes)

    def _add(self, found: int) -> bool:
        if found in self._hashes:
            return False
        self._hashes[found] = None
        if len(self._hashes) > self._most:
            del self._hashes[next(iter(self._hashes))]
        return True


def hash_of(run: Run) -> int:
    """64 bits of (project, run_id)."""
    name = f"{run.project}\x1f{run.run_id}".encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(name, digest_size=8).digest(), "big")
