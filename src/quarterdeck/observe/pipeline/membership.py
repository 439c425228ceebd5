"""Which traces may be stored already: a Bloom filter, so that a new trace costs no look into the store.

"No" is certain; "maybe" costs one read of the store. Memory is fixed: 16 MiB hold ten million traces at about
0.3 % of needless reads (k = 4, 13 bits a trace; Bloom 1970).
"""

from __future__ import annotations

BITS = 1 << 27
_HASHES = 4


class Membership:
    """A set of strings that only grows and may say "maybe" wrongly, never "no" wrongly."""

    def __init__(self, bits: int = BITS) -> None:
        self._bits = bits
        self._table = bytearray(bits // 8)

    def _places(self, key: tuple[str, str]) -> list[int]:
        h = hash(key) & 0xFFFFFFFFFFFFFFFF  # Python's SipHash is keyed per process: nobody can aim at it
        step = (h >> 32) | 1
        return [(h + i * step) % self._bits for i in range(_HASHES)]

    def add(self, key: tuple[str, str]) -> None:
        table = self._table
        for place in self._places(key):
            table[place >> 3] |= 1 << (place & 7)

    def maybe(self, key: tuple[str, str]) -> bool:
        table = self._table
        return all(table[place >> 3] & (1 << (place & 7)) for place in self._places(key))
