"""What a run cost: computed from the table by parts, and as reported, both without rounding error in the sum.

Refuses: to call something priced that no entry of the table names.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import fsum

from quarterdeck.model.runs import Cost, CostSource
from quarterdeck.model.spans import Span
from quarterdeck.observe.runs.account import Account, Part
from quarterdeck.observe.runs.prices import PriceTable, Rates
from quarterdeck.observe.runs.vectors import CACHE_READ, CACHE_WRITE, COST, INPUT, OUTPUT, total

Model = tuple[str | None, str | None]
"""(provider, model)."""


def run_cost(spans: Sequence[Span], account: Account, prices: PriceTable, main: Model) -> tuple[Cost, set[str]]:
    """The cost of an account and the flags that go with it. `main` prices residuals whose span names no model."""
    terms: list[float] = []
    unpriced = residual = False
    for part in account.parts:
        if not total(part.usage) and not part.usage[CACHE_READ]:
            if total(part.usage) == 0:
                terms.append(0.0)
            continue
        rates = _rates(spans[part.node], part, prices, main)
        if rates is None:
            unpriced = True
            continue
        residual = residual or part.residual
        terms.append(part_cost(spans[part.node], part, rates))
    if unpriced and not any(terms):
        terms.clear()
    reported = [dollars for part in account.parts if (dollars := part.usage[COST]) is not None]
    cost = _cost(fsum(terms) if terms else None, fsum(reported) if reported else None, prices.version)
    return cost, _flags(unpriced, residual, bool(terms), account.uncovered > 0)


def part_cost(span: Span, part: Part, rates: Rates) -> float:
    """Dollars of one part. Linear, so that what a wrapper knows beyond its inner span may also be negative."""
    usage = part.usage
    if rates.long is not None and rates.above_input is not None and (usage[INPUT] or 0) > rates.above_input:
        rates = rates.long
    read, write = usage[CACHE_READ] or 0, usage[CACHE_WRITE] or 0
    hour = 0 if part.residual else min(write, span.tokens_cache_write_1h or 0)
    known = usage[INPUT]
    uncached = 0 if known is None else known - read - write
    return rates.dollars(uncached, usage[OUTPUT] or 0, read, write - hour, hour)


def span_cost(span: Span, prices: PriceTable) -> float | None:
    """Dollars of one span by its own numbers, as reported, else priced; None when unknown. For the view of one span."""
    if span.cost_reported_usd is not None:
        return span.cost_reported_usd
    usage = (span.tokens_input, span.tokens_output, span.tokens_cache_read, span.tokens_cache_write, None, None)
    rates = _own_rates(span, prices)
    if rates is None or total(usage) is None:
        return None
    return part_cost(span, Part(0, usage, residual=False), rates)


def _rates(span: Span, part: Part, prices: PriceTable, main: Model) -> Rates | None:
    rates = _own_rates(span, prices)
    if rates is not None or not part.residual or span.model_response or span.model_request or main[1] is None:
        return rates
    return prices.rates(main[0], main[1], span.start_ns)


def _own_rates(span: Span, prices: PriceTable) -> Rates | None:
    for model in (span.model_response, span.model_request):
        if model is not None:
            rates = prices.rates(span.provider, model, span.start_ns)
            if rates is not None:
                return rates
    return None


def _cost(computed: float | None, reported: float | None, version: str) -> Cost:
    source: CostSource
    if computed is None:
        source = "unpriced" if reported is None else "reported"
    else:
        source = "priced" if reported is None else "reconciled"
    return Cost(computed, reported, source, version if computed is not None else None)


def _flags(unpriced: bool, residual: bool, priced: bool, uncovered: bool) -> set[str]:
    flags = {"residual_priced"} if residual else set()
    if priced and (unpriced or uncovered):
        flags.add("cost_partial")
    elif unpriced:
        flags.add("cost_unpriced")
    return flags
