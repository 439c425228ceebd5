"""Which runs were taken: a bounded memory of 8-byte hashes, the oldest forgotten first."""

from __future__ import annotations

from array import array
from hashlib import blake2b
from itertools import islice

from quarterdeck.model.runs import Run


class Taken:
    """At most `most` runs. Two runs in 10^19 share a hash: one of them would not be taken."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._hashes: dict[int, None] = {}

    def __len__(self) -> int:
        return len(self._hashes)

    def add(self, run: Run) -> bool:
        """Whether the run was not taken before; it is now."""
        found = hash_of(run)
        if found in self._hashes:
            return False
        self._hashes[found] = None
        if len(self._hashes) > self._most:
            del self._hashes[next(iter(self._hashes))]
        return True

    def dump(self) -> bytes:
        """8 bytes a run, oldest first."""
        return array("Q", self._hashes).tobytes()

    @classmethod
    def load(cls, data: bytes, most: int) -> Taken:
        """What `dump` answered; the newest `most` of it. Raises ValueError for bytes that are no whole hashes."""
        hashes = array("Q")
        hashes.frombytes(data)
        taken = cls(most)
        taken._hashes = dict.fromkeys(islice(hashes, max(0, len(hashes) - most), None))
        return taken


def hash_of(run: Run) -> int:
    """64 bits of (project, run_id)."""
    name = f"{run.project}\x1f{run.run_id}".encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(name, digest_size=8).digest(), "big")
