"""What a cut cost: tokens that a provider's cache would have served, and now have to be read anew.

Pure. Refuses to price a model that the table does not name; then the cost is told in token equivalents alone.
"""

from __future__ import annotations

from typing import NamedTuple

from quarterdeck.api.run_views.cuts import Cuts
from quarterdeck.api.run_views.outline import Outline
from quarterdeck.api.services import TokenRates

_READ, _WRITE = 0.1, 1.25
"""Of the price of uncached input, where the model has none: reading from a cache and writing to it (Anthropic, five minutes)."""


class Rewrite(NamedTuple):
    """Tokens by the share of characters; all None where the call's usage or content is not known."""

    tokens_gone: int | None
    tokens_again: int | None
    cost_equivalents: float | None
    cost_usd: float | None


def rewrite_of(outline: Outline, row: int, cuts: Cuts, chars: int, rates: TokenRates) -> Rewrite:
    """Of the call in that row, whose context has so many characters."""
    tokens = outline.columns.tokens_input[row]
    if tokens is None or chars <= 0:
        return Rewrite(None, None, None, None)
    per_char = tokens / chars
    again = cuts.chars_again * per_char
    model = outline.text(outline.columns.model[row])
    at_ns = outline.run.started_at_ns + outline.columns.offset_us[row] * 1000
    price = None if model is None else rates(outline.run.provider, model, at_ns)
    if price is None or price.input <= 0:
        return Rewrite(round(cuts.chars_gone * per_char), round(again), again * (_WRITE - _READ), None)
    dearer = max(0.0, price.cache_write - price.cache_read)
    usd = again * dearer * 1e-6
    return Rewrite(round(cuts.chars_gone * per_char), round(again), again * dearer / price.input, usd)
