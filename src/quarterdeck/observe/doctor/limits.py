"""Limits of an SDK that cut what it sends: texts of one and the same length, spans with exactly as many attributes as allowed.

Refuses: to call a length a limit that other texts of the same service exceed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from quarterdeck.model.raw import RawSpan
from quarterdeck.observe.doctor.finding import Finding

SAMPLED_MAX = 128
"""Raw spans that are looked at."""
_CUT_MIN = 3
"""So many texts of exactly the longest length are no accident."""
_LENGTH_MIN = 32
_COUNT_DEFAULT = 128
"""OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT where nobody sets it (OpenTelemetry specification, SDK environment variables)."""


def span_limits(raws: Iterable[RawSpan]) -> list[Finding]:
    """Findings about a sample of raw spans, per service."""
    services: dict[str, list[RawSpan]] = {}
    for raw in raws:
        services.setdefault(str(raw.resource.attributes.get("service.name") or "unknown"), []).append(raw)
    return [finding for service, found in sorted(services.items()) for finding in _of_service(service, found)]


def _of_service(service: str, raws: list[RawSpan]) -> Iterator[Finding]:
    lengths = Counter(len(value) for raw in raws for value in raw.attributes.values() if isinstance(value, str))
    longest = max(lengths, default=0)
    if longest >= _LENGTH_MIN and lengths[longest] >= _CUT_MIN and _different_ends(raws, longest):
        yield Finding(
            "attribute_length_limit",
            "warning",
            f"{lengths[longest]:,} texts of {service} end after exactly {longest:,} characters: the SDK cuts them",
            {"service": service, "length": longest, "texts": lengths[longest], "spans": len(raws)},
            "Raise or unset OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT and OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT: cut JSON cannot be "
            "read, so tool calls, prompts and usage documents are lost. Texts are kept once here, however often they are sent.",
        )
    full = sum(len(raw.attributes) == _COUNT_DEFAULT for raw in raws)
    if full and not any(len(raw.attributes) > _COUNT_DEFAULT for raw in raws):
        yield Finding(
            "attribute_count_limit",
            "warning",
            f"{full:,} of {len(raws):,} spans of {service} carry exactly {_COUNT_DEFAULT} attributes, the SDK's limit: more were dropped",
            {"service": service, "spans_at_the_limit": full, "spans": len(raws), "limit": _COUNT_DEFAULT},
            "Raise OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT (for example to 4096): indexed messages need one attribute each, and usage may be "
            "among what was dropped.",
        )


def _different_ends(raws: list[RawSpan], length: int) -> bool:
    """Whether the texts of that length differ: one text sent again and again is not cut."""
    found = {
        value[-32:]
        for raw in raws
        for value in raw.attributes.values()
        if isinstance(value, str) and len(value) == length
    }
    return len(found) >= _CUT_MIN
