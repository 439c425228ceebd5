"""Which traces may be stored already: a Bloom filter, so that a new trace costs no look into the store.

"No" is certain; "maybe" costs one read of the store. Memory is fixed: 16 MiB hold ten million traces at about
0.3 % of needless reads (k = 4, 13 bits a trace; Bloom 1970). Ids are hashed as numbers, so that a start can add
millions at once, under keys drawn for each process, so that nobody can aim at it.
"""

from __future__ import annotations

import secrets

import numpy as np
import numpy.typing as npt

BITS = 1 << 27
_HASHES = 4
_MASK = (1 << 64) - 1
_MIX = (0xBF58476D1CE4E5B9, 0x94D049BB133111EB)
"""The multipliers of SplitMix64's finaliser (Steele, Lea and Flood 2014); `_mix` is that function."""


class Membership:
    """A set of (project, trace id) that only grows and may say "maybe" wrongly, never "no" wrongly.

    `bits` is a power of two. `keys`: two secret numbers; None draws them.
    """

    def __init__(self, bits: int = BITS, keys: tuple[int, int] | None = None) -> None:
        self._bits = bits
        self._table = bytearray(bits // 8)
        self._keys = keys if keys is not None else (secrets.randbits(64), secrets.randbits(64))

    def add(self, key: tuple[str, str]) -> None:
        table = self._table
        for place in self._places(key):
            table[place >> 3] |= 1 << (place & 7)

    def add_numbers(self, project: str, high: npt.NDArray[np.uint64], low: npt.NDArray[np.uint64]) -> None:
        """Add all traces of a project whose ids have these halves; a few tenths of a microsecond each."""
        first, second = (np.uint64(key) for key in self._keys)
        salt = np.uint64(hash(project) & _MASK)
        h = _mix_all(_mix_all(high ^ first) ^ low ^ second ^ salt)
        step = (h >> np.uint64(32)) | np.uint64(1)
        table = np.frombuffer(self._table, np.uint8)
        for i in range(_HASHES):
            place = (h + np.uint64(i) * step) & np.uint64(self._bits - 1)
            np.bitwise_or.at(table, place >> np.uint64(3), np.uint8(1) << (place & np.uint64(7)).astype(np.uint8))

    def maybe(self, key: tuple[str, str]) -> bool:
        table = self._table
        return all(table[place >> 3] & (1 << (place & 7)) for place in self._places(key))

    def _places(self, key: tuple[str, str]) -> list[int]:
        project, trace_id = key
        number = int(trace_id, 16)
        first, second = self._keys
        h = _mix(_mix((number >> 64) ^ first) ^ (number & _MASK) ^ second ^ (hash(project) & _MASK))
        step = (h >> 32) | 1
        return [((h + i * step) & _MASK) & (self._bits - 1) for i in range(_HASHES)]


def _mix(x: int) -> int:
    x = ((x ^ (x >> 30)) * _MIX[0]) & _MASK
    x = ((x ^ (x >> 27)) * _MIX[1]) & _MASK
    return x ^ (x >> 31)


def _mix_all(x: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """`_mix` of each; unsigned arithmetic wraps as the mask does there."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(_MIX[0])
    x = (x ^ (x >> np.uint64(27))) * np.uint64(_MIX[1])
    return x ^ (x >> np.uint64(31))
