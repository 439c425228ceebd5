"""How many traces never came: what head sampling left, estimated from the trace ids themselves.

A ratio sampler keeps a trace by its id, so the ids that came fill only a part of their range (OpenTelemetry
specification, TraceIdRatioBased; OTEP 235 for consistent sampling by the last 56 bits). With n uniform numbers under an
unknown bound p the largest, m, gives p: the interval at confidence 1 - a is m .. m * a^(-1/n), and m * (n + 1) / n is
without bias (Lehmann & Casella, Theory of Point Estimation, 2.2). Refuses: an estimate where the ids are no random numbers, or would be
filled so by chance more often than once in a million.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from math import log, sqrt
from typing import NamedTuple

from quarterdeck.model.spans import Span
from quarterdeck.observe.doctor.finding import Finding, percent

_CHANCE = 1e-6
"""How often a service that samples nothing may be taken for one that does, over all ways of sampling together."""
_CONFIDENCE = 0.95
_RATE_MIN = 1e-5
"""Below, ids are counters or constants, and nobody's sampling rate."""
_TRACES_MIN = 5
_KS_CRITICAL = 1.95
"""Kolmogorov-Smirnov, sqrt(n) * D at 0.1 %: beyond, the ids are not spread evenly below their largest."""
_64 = 2.0**64
_56 = 2.0**56


def _low(trace_id: str) -> float:
    """Python, Go, .NET, Ruby: the last 64 bits, from below."""
    return int(trace_id[16:], 16) / _64


def _signed(trace_id: str) -> float:
    """Java: the absolute value of the last 64 bits as a signed number."""
    low = int(trace_id[16:], 16)
    return (low if low < 2**63 else 2**64 - low) / 2.0**63


def _threshold(trace_id: str) -> float:
    """Consistent sampling, and the collector's probabilistic_sampler in its proportional mode: the last 56 bits, from above."""
    return 1.0 - int(trace_id[18:], 16) / _56


WAYS: Mapping[str, Callable[[str], float]] = {
    "trace id ratio": _low,
    "trace id ratio (Java)": _signed,
    "consistent probability": _threshold,
}
"""How samplers turn a trace id into a number of 0..1, of which they keep the low ones."""


class Kept(NamedTuple):
    """The share of traces that a sampler kept, with its interval; `n` traces came."""

    way: str
    share: float
    low: float
    high: float
    n: int


def kept_share(trace_ids: Iterable[str]) -> Kept | None:
    """The estimate, or None: too few traces, ids that are no random numbers, or nothing that points at a sampler."""
    ids = list(dict.fromkeys(trace_ids))
    n = len(ids)
    if n < _TRACES_MIN:
        return None
    found: list[Kept] = []
    for way, number in WAYS.items():
        values = sorted(number(trace_id) for trace_id in ids)
        top = values[-1]
        if top < _RATE_MIN or n * log(top) > log(_CHANCE / len(WAYS)) or not _even(values, top):
            continue
        high = min(1.0, top * (1 - _CONFIDENCE) ** (-1 / n))
        found.append(Kept(way, min(1.0, top * (n + 1) / n), top, high, n))
    return min(found, key=lambda kept: kept.share) if found else None


def _even(values: Sequence[float], top: float) -> bool:
    """Whether sorted values are spread evenly over 0..top (Kolmogorov-Smirnov)."""
    n = len(values)
    widest = max(max((at + 1) / n - value / top, value / top - at / n) for at, value in enumerate(values))
    return sqrt(n) * widest <= _KS_CRITICAL


def head_sampling(traces: Mapping[str, Sequence[str]], *, known: int, came: int, unknown: int) -> list[Finding]:
    """Findings per service (`traces` maps a service to the ids of its traces), and what spans themselves say.

    `known` is the sum of the weights of the `came` runs that say how they were sampled; `unknown` runs say only that.
    """
    found = [_by_ids(service, kept) for service, ids in traces.items() if (kept := kept_share(ids)) is not None]
    said = _said(known, came, unknown)
    return [*found, *([said] if said is not None else [])]


def _by_ids(service: str, kept: Kept) -> Finding:
    sent, fewest, most = kept.n / kept.share, kept.n / kept.high, kept.n / kept.low
    return Finding(
        "head_sampling",
        "error",
        f"About {percent(kept.share)} of the traces of {service} come ({percent(kept.low)} to {percent(kept.high)}): "
        f"{kept.n:,} of about {sent:,.0f} ({fewest:,.0f} to {most:,.0f})",
        {
            "service": service,
            "traces": kept.n,
            "share_kept": kept.share,
            "interval": [kept.low, kept.high],
            "traces_sent": round(sent),
            "traces_lost": round(sent) - kept.n,
            "method": f"range of the trace ids: {kept.way}",
        },
        f"Every count of {service} is too low by this factor. Set OTEL_TRACES_SAMPLER=parentbased_always_on (and unset "
        "OTEL_TRACES_SAMPLER_ARG) in the service, or sampler=ParentBased(ALWAYS_ON) where it is set in code; if the "
        "collector samples, take probabilistic_sampler out of its pipeline. To keep less, drop bodies here (sampling), or use "
        "tail_sampling with a policy that keeps errors.",
    )


def _said(known: int, came: int, unknown: int) -> Finding | None:
    if not came and not unknown:
        return None
    return Finding(
        "head_sampling_declared",
        "warning",
        f"{came + unknown:,} runs say that they were sampled before they came"
        + (f"; {came:,} of them stand for about {known:,}" if came else "")
        + (f"; {unknown:,} do not say how many they stand for" if unknown else ""),
        {"runs": came + unknown, "stand_for": known if came else None, "weight_unknown": unknown},
        "Set OTEL_TRACES_SAMPLER=parentbased_always_on, or take the collector's probabilistic_sampler or tail_sampling "
        "policy out of the pipeline of the agents.",
    )


def traces_by_service(spans: Iterable[Span]) -> dict[str, list[str]]:
    """Trace ids per service, each trace under the service of its earliest span. A service without a name is `unknown`."""
    first: dict[str, Span] = {}
    for span in spans:
        known = first.get(span.trace_id)
        if known is None or (span.start_ns, span.span_id) < (known.start_ns, known.span_id):
            first[span.trace_id] = span
    found: dict[str, list[str]] = {}
    for trace_id, span in first.items():
        found.setdefault(span.service_name or "unknown", []).append(trace_id)
    return found
