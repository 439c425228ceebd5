"""How many spans one received span stands for, after head or tail sampling by somebody else.

1.0 when nothing says that anything was sampled; None when it was sampled and the weight cannot be known.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from quarterdeck.observe.canonical.values import number

THRESHOLD_BITS = 56
"""Bits of the sampling threshold in tracestate (`ot=th:...`), trailing zeros left out."""

TAIL_SAMPLED = ("tailsampling.", "otelcol.processor.dynamic_sampling.")
"""Marks of a tail sampler that leaves no weight."""


def _one_in(value: Any) -> float | None:
    rate = number(value)
    return rate if rate is not None and rate >= 1 else None


def _probability(value: Any) -> float | None:
    share = number(value)
    return 1.0 / share if share is not None and 1e-12 <= share <= 1 else None


WEIGHT_KEYS: Mapping[str, Callable[[Any], float | None]] = {
    "meta.refinery.final_sample_rate": _one_in,
    "SampleRate": _one_in,
    "weave.ingest_sample_rate": _probability,
    "logfire.sample_rate": _probability,
    "sampling.probability": _probability,
}
"""Attributes that carry a rate or a probability, in order of precedence (after tracestate)."""


def weight_of(trace_state: str, attributes: Mapping[str, Any]) -> float | None:
    """The adjusted count of a span that carries a sign of sampling."""
    stated = _from_trace_state(trace_state)
    if stated is not None:
        return stated if stated > 0 else None
    for key, read in WEIGHT_KEYS.items():
        if key in attributes:
            return read(attributes[key])
    if attributes.get("sampler.type") == "probabilistic" and "sampler.param" in attributes:
        return _probability(attributes["sampler.param"])
    if any(key.startswith(TAIL_SAMPLED) for key in attributes):
        return None
    return 1.0


def _from_trace_state(trace_state: str) -> float | None:
    """Weight from `ot=th:<hex>`; None without a threshold, 0.0 when it cannot be read."""
    for member in trace_state.split(","):
        name, _, value = member.strip().partition("=")
        if name != "ot":
            continue
        for part in value.split(";"):
            key, _, threshold = part.partition(":")
            if key == "th":
                return _from_threshold(threshold)
    return None


def _from_threshold(threshold: str) -> float:
    digits = THRESHOLD_BITS // 4
    if not 0 < len(threshold) <= digits or not all(sign in "0123456789abcdefABCDEF" for sign in threshold):
        return 0.0
    rejected = int(threshold.ljust(digits, "0"), 16)
    return float(2**THRESHOLD_BITS / (2**THRESHOLD_BITS - rejected))


def shows_sampling(keys: tuple[str, ...]) -> bool:
    """Whether any attribute key is a sign of sampling."""
    return any(key in WEIGHT_KEYS or key == "sampler.type" or key.startswith(TAIL_SAMPLED) for key in keys)
