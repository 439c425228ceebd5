"""Limits of an SDK that cut what it sends: texts of one and the same length, spans with exactly as many attributes as allowed.

Refuses: to call a length a limit that other texts of the same service exceed, or at which no JSON text breaks off.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from quarterdeck.model.raw import RawSpan
from quarterdeck.observe.doctor.finding import Finding

SAMPLED_MAX = 128
"""Raw spans that are looked at."""
_CUT_MIN = 3
"""So many texts of exactly the longest length are no accident."""
_COUNT_DEFAULT = 128
"""OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT where nobody sets it (OpenTelemetry specification, SDK environment variables)."""


def span_limits(raws: Iterable[RawSpan]) -> list[Finding]:
    """Findings about a sample of raw spans, per service."""
    services: dict[str, list[RawSpan]] = {}
    for raw in raws:
        services.setdefault(str(raw.resource.attributes.get("service.name") or "unknown"), []).append(raw)
    return [finding for service, found in sorted(services.items()) for finding in _of_service(service, found)]


def _of_service(service: str, raws: list[RawSpan]) -> Iterator[Finding]:
    texts = [value for raw in raws for value in raw.attributes.values() if isinstance(value, str)]
    longest = max(map(len, texts), default=0)
    cut = {text for text in texts if len(text) == longest and _breaks_off(text)}
    if len(cut) >= _CUT_MIN:
        yield Finding(
            "attribute_length_limit",
            "warning",
            f"{len(cut):,} JSON texts of {service} break off after exactly {longest:,} characters: the SDK cuts them",
            {"service": service, "length": longest, "texts": len(cut), "spans": len(raws)},
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


def _breaks_off(text: str) -> bool:
    """Whether JSON text ends before it closes."""
    start = text.lstrip()[:1]
    return start in ("{", "[") and text.rstrip()[-1:] != {"{": "}", "[": "]"}[start]
