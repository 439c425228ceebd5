"""What makes a decoded span acceptable: pure, and the same for every way in.

A span that fails is refused alone, with a reason; a text over the limit is cut and the cut is noted, since a fact
(that the call happened, what it used) must not be lost with an oversized body.
"""

from __future__ import annotations

from typing import NamedTuple

from quarterdeck.model.raw import Attributes, RawSpan
from quarterdeck.model.reports import Rejection

TIME_NS_MAX = 2**63 - 1
NOTES = frozenset({"attribute_truncated", "attributes_cut"})
"""Reasons under which the span itself was kept."""

_ID_LENGTHS = {"trace": 32, "span": 16}


class Limits(NamedTuple):
    """The per-span limits of `IngestOptions`."""

    attribute_bytes_max: int
    attributes_max: int


class Decoded(NamedTuple):
    """One request, decoded: spans to keep, and what was refused or cut (`Rejection.reason` in NOTES: kept)."""

    spans: list[RawSpan]
    rejections: list[Rejection]

    @property
    def refused(self) -> int:
        """Number of spans that were not kept."""
        return sum(1 for r in self.rejections if r.reason not in NOTES)


def fault(span: RawSpan) -> tuple[str, str] | None:
    """(reason, detail) for which this span must be refused, or None."""
    if len(span.trace_id) != _ID_LENGTHS["trace"] or not span.trace_id.strip("0"):
        return "invalid_trace_id", f"trace id {span.trace_id!r}; expected 16 bytes, not all zero"
    if len(span.span_id) != _ID_LENGTHS["span"] or not span.span_id.strip("0"):
        return "invalid_span_id", f"span id {span.span_id!r}; expected 8 bytes, not all zero"
    if span.parent_span_id and len(span.parent_span_id) != _ID_LENGTHS["span"]:
        return "invalid_parent_span_id", f"parent span id {span.parent_span_id!r}; expected 8 bytes or none"
    if span.start_ns > TIME_NS_MAX or span.end_ns > TIME_NS_MAX:
        return "time_out_of_range", f"start {span.start_ns}, end {span.end_ns}; expected ns since 1970, below 2^63"
    if span.start_ns <= 0 and span.end_ns <= 0:
        return "no_time", "neither a start nor an end time"
    return None


def cut_attributes(attributes: Attributes, limits: Limits) -> tuple[Attributes, list[tuple[str, str]]]:
    """The attributes within the limits, and a (reason, detail) for each cut."""
    notes: list[tuple[str, str]] = []
    if len(attributes) > limits.attributes_max:
        notes.append(("attributes_cut", f"{len(attributes)} attributes; kept the first {limits.attributes_max}"))
        attributes = dict(list(attributes.items())[: limits.attributes_max])
    limit = limits.attribute_bytes_max
    for key, found in attributes.items():
        if isinstance(found, (str, bytes)) and len(found) > limit:
            attributes[key] = found[:limit]
            notes.append(("attribute_truncated", f"{key}: {len(found)} long; kept the first {limit}"))
    return attributes, notes


def settle_times(span: RawSpan) -> RawSpan:
    """A span without a start starts at its end; a parent of zeros is no parent."""
    if span.start_ns <= 0:
        span = span._replace(start_ns=span.end_ns)
    if span.parent_span_id and not span.parent_span_id.strip("0"):
        span = span._replace(parent_span_id="")
    return span


def sift(spans: list[RawSpan], limits: Limits, now_ns: int) -> Decoded:
    """Refuse what is faulty and cut what is oversized."""
    kept: list[RawSpan] = []
    rejections: list[Rejection] = []
    for span in spans:
        found = fault(span)
        if found is not None:
            rejections.append(reject(span, *found, now_ns))
            continue
        if span.start_ns <= 0 or span.parent_span_id:
            span = settle_times(span)  # noqa: PLW2901
        attributes, notes = cut_attributes(span.attributes, limits)
        if notes:
            rejections.extend(reject(span, *note, now_ns) for note in notes)
            span = span._replace(attributes=attributes)  # noqa: PLW2901
        kept.append(span)
    return Decoded(kept, rejections)


def reject(span: RawSpan, reason: str, detail: str, now_ns: int) -> Rejection:
    """The report about one span."""
    return Rejection(span.project, now_ns, reason, detail, span.trace_id[:64], span.span_id[:32], span.name[:200])
