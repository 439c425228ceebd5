"""What a prompt costs beside the one before it, and what it must cost at least.

In tokens that were not in the cache. A provider reads the longest unchanged beginning from its cache and writes the rest.
Refuses: credit for what stands behind a changed message, and for prompts before the last one.
"""

from __future__ import annotations

from quarterdeck.control.budget.prices import CachePrices
from quarterdeck.control.budget.replay.said import Prompt


def cached_tokens(before: Prompt, now: Prompt) -> int:
    """Tokens of the messages with which both begin."""
    tokens = 0
    for old, new in zip(before, now, strict=False):
        if old.of != new.of or old.text != new.text:
            break
        tokens += new.tokens
    return tokens


def prompt_cost(cached: int, tokens: int, prices: CachePrices) -> float:
    return prices.read * cached + prices.write * (tokens - cached)


def floor_cost(total: int, new: int, window: int, prices: CachePrices) -> float:
    """Of a turn: the whole context read once, and what is new written. `total`: all that was said, cut to the window."""
    return prices.read * min(total, window) + prices.write * min(new, window)
