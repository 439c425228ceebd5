"""What a token costs by the way it comes into a prompt, in uncached-token equivalents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from quarterdeck.errors import BadInput


class CachePrices(NamedTuple):
    """`read`: a token found in the provider's cache; `write`: one put there. Anthropic's five-minute cache is the default."""

    read: float = 0.1
    write: float = 1.25


def cache_prices(given: CachePrices | Mapping[str, float] | None) -> CachePrices:
    """`given` checked. Raises `BadInput` for other names and for a read that is dearer than a write."""
    try:
        prices = CachePrices() if given is None else given if isinstance(given, CachePrices) else CachePrices(**given)
    except TypeError as error:
        raise BadInput(f"prices are {given!r}", mend='expected {"read": 0.1, "write": 1.25}') from error
    if not 0 <= prices.read <= prices.write:
        raise BadInput(f"prices are {prices}", mend="expected 0 ≤ read ≤ write")
    return prices
