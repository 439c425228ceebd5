"""Billed calls against stored calls, by hour (or day) and model.

A call that is billed in the hour after it was started is not lost: what one hour lacks and its neighbour has too much
cancels. Periods that are not over, or that began before anything was stored, are shown and not judged. Pure. Refuses:
to compare what one side does not know.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from quarterdeck.observe.doctor.bill_file import Bill
from quarterdeck.observe.doctor.finding import Finding, percent
from quarterdeck.store.calls import HourCalls, plain_model

GAP_MAX = 0.01
"""Above this share of the billed calls (or tokens) a gap is an error."""

State = Literal["judged", "not_over", "before_first_span", "bill_cut"]
"""`bill_cut`: the first or last period of a bill, of which it lists only a part."""
_HOURS_NAMED = 24


@dataclass(frozen=True, slots=True)
class Period:
    """One period and model. `stored` are calls as the provider bills them; `gap` is the share of the billed that is not stored,

    negative when more is stored; None where there is nothing to divide by. Tokens: None where a side does not know.
    """

    at_ns: int
    model: str
    billed: int
    stored: int
    gap: float | None
    state: State
    billed_tokens: int | None
    stored_tokens: int | None


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """All periods of a bill. `billed` and `stored` are sums over the judged ones; `short` are those with a gap over 1 %."""

    at_ns: int
    width: str
    periods: Sequence[Period]
    billed: int
    stored: int
    short: Sequence[Period]
    over: Sequence[Period]
    billed_tokens: int | None
    stored_tokens: int | None
    response_ids: int
    response_ids_known: int

    @property
    def gap(self) -> float | None:
        """Share of the judged billed calls that are not stored; None without any."""
        return (self.billed - self.stored) / self.billed if self.billed else None


def reconcile(
    bill: Bill, seen: Sequence[HourCalls], *, now_ns: int, first_span_ns: int | None, known_ids: int
) -> Reconciliation:
    """`seen`: stored calls of the time of the bill. `first_span_ns`: since when spans are stored, None = none is.

    `known_ids`: how many of the bill's response ids are stored.
    """
    width = bill.width_ns
    stored = _stored(seen, width)
    billed = {(period.at_ns, period.model): period for period in bill.periods}
    models, since, last = {model for _, model in billed}, bill.first_ns // width * width, bill.last_ns // width * width
    beside = {(at, model) for at, model in stored if model in models and since <= at <= last}
    periods = []
    for at, model in sorted({*billed, *beside}):
        own, (calls, tokens) = billed.get((at, model)), stored.get((at, model), (0, None))
        asked = own.requests if own is not None else 0
        told = None
        if own is not None and own.tokens_input is not None and own.tokens_output is not None:
            told = own.tokens_input + own.tokens_output
        gap = (asked - calls) / asked if asked else None
        state = _state(at, width, now_ns, first_span_ns)
        if state == "judged" and at in (since, last) and calls > asked:
            state = "bill_cut"
        periods.append(Period(at, model, asked, calls, gap, state, told, tokens))
    return _judge(bill, periods, now_ns, known_ids)


def _state(at_ns: int, width: int, now_ns: int, first_span_ns: int | None) -> State:
    """A period is judged when it is over and lies wholly behind the first span. Without any span all is missing."""
    if at_ns + width > now_ns:
        return "not_over"
    return "before_first_span" if first_span_ns is not None and at_ns < first_span_ns else "judged"


def _stored(seen: Sequence[HourCalls], width: int) -> dict[tuple[int, str], tuple[int, int | None]]:
    """(period, model) → (calls, tokens); tokens are None unless every call reports them."""
    found: dict[tuple[int, str], tuple[int, int | None]] = {}
    for row in seen:
        key = (row.hour_ns // width * width, plain_model(row.model or ""))
        calls, tokens = found.get(key, (0, 0))
        whole = tokens is not None and row.with_usage == row.calls
        found[key] = (calls + row.calls, (tokens or 0) + row.tokens_input + row.tokens_output if whole else None)
    return found


def _judge(bill: Bill, periods: Sequence[Period], now_ns: int, known_ids: int) -> Reconciliation:
    judged = [period for period in periods if period.state == "judged"]
    missing = _net([period for period in periods if period.state in ("judged", "bill_cut")], bill.width_ns)
    short = [p for p in judged if missing[p.at_ns, p.model] > max(0.0, GAP_MAX * p.billed)]
    over = [p for p in judged if -missing[p.at_ns, p.model] > max(0.0, GAP_MAX * p.billed)]
    known = [p for p in judged if p.billed_tokens is not None and p.stored_tokens is not None]
    compared = bool(known) and len(known) == len(judged)
    return Reconciliation(
        now_ns,
        bill.width,
        periods,
        sum(p.billed for p in judged),
        sum(p.stored for p in judged),
        short,
        over,
        sum(p.billed_tokens or 0 for p in known) if compared else None,
        sum(p.stored_tokens or 0 for p in known) if compared else None,
        len(bill.response_ids),
        known_ids,
    )


def _net(periods: Sequence[Period], width: int) -> dict[tuple[int, str], int]:
    """Calls missing per period (negative = too many), less those that were started in the period before, and are too many there."""
    missing = {(p.at_ns, p.model): p.billed - p.stored for p in periods}
    for at, model in sorted(missing):
        after = (at + width, model)
        here, there = missing[at, model], missing.get(after, 0)
        if here < 0 < there:
            moved = min(-here, there)
            missing[at, model] += moved
            missing[after] -= moved
    return missing


def billing_findings(result: Reconciliation | None) -> list[Finding]:
    """What the comparison shows; nothing when no bill was given."""
    if result is None:
        return []
    found = []
    if result.short:
        found.append(_gap(result))
    if result.over:
        found.append(_excess(result))
    told, stored = result.billed_tokens, result.stored_tokens
    if told and stored is not None and not result.short and abs(told - stored) / told > GAP_MAX:
        found.append(_tokens(told, stored))
    return found


def _gap(result: Reconciliation) -> Finding:
    lost = sum(p.billed - p.stored for p in result.short)
    return Finding(
        "billing_gap",
        "error",
        f"{lost:,} of {sum(p.billed for p in result.short):,} billed calls of {len(result.short)} {result.width}s did not come"
        + (f" ({percent(result.gap)} of all that was judged)" if result.gap is not None else ""),
        _evidence(result, result.short),
        "Calls are made that no instrumentation reports, or their spans are dropped: look for a service whose "
        "OTEL_TRACES_SAMPLER is not parentbased_always_on, for a probabilistic_sampler or tail_sampling in the collector, for a "
        "process that exits without force_flush, and for keys of the same account used outside the fleet.",
    )


def _excess(result: Reconciliation) -> Finding:
    more = sum(p.stored - p.billed for p in result.over)
    return Finding(
        "billing_excess",
        "warning",
        f"{more:,} more calls are stored than billed in {len(result.over)} {result.width}s",
        _evidence(result, result.over),
        "Calls answered by a cache, by another account, or reported by two instrumentations without a common response id: "
        "check that the bill covers all keys of the fleet, and the finding duplicate_instrumentation.",
    )


def _tokens(told: int, stored: int) -> Finding:
    return Finding(
        "billing_tokens",
        "error",
        f"Calls agree with the bill, tokens do not: {stored:,} stored, {told:,} billed",
        {"billed_tokens": told, "stored_tokens": stored, "gap": (told - stored) / told},
        "Look at GET /api/v1/unmapped for a usage key that no dialect reads, and at usage_missing for streams without "
        'usage (OpenAI: stream_options={"include_usage": true}).',
    )


def _evidence(result: Reconciliation, periods: Sequence[Period]) -> dict[str, Any]:
    return {
        "billed": result.billed,
        "stored": result.stored,
        "gap": result.gap,
        "not_judged": sum(p.state != "judged" for p in result.periods),
        "response_ids": result.response_ids or None,
        "response_ids_stored": result.response_ids_known if result.response_ids else None,
        f"{result.width}s": [
            period_dict(p) for p in sorted(periods, key=lambda p: -abs(p.billed - p.stored))[:_HOURS_NAMED]
        ],
    }


def period_dict(period: Period) -> Mapping[str, Any]:
    """A period as evidence."""
    return {
        "at": datetime.fromtimestamp(period.at_ns // 10**9, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "model": period.model,
        "billed": period.billed,
        "stored": period.stored,
        "gap": period.gap,
        "state": period.state,
        "billed_tokens": period.billed_tokens,
        "stored_tokens": period.stored_tokens,
    }
