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

_TRACE_ID_LENGTH, _SPAN_ID_LENGTH = 32, 16
_NO_TRACE, _NO_PARENT = "0" * 32, "0" * 16


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
    if len(span.trace_id) != _TRACE_ID_LENGTH or span.trace_id == _NO_TRACE:
        return "invalid_trace_id", f"trace id {span.trace_id!r}; expected 16 bytes, not all zero"
    if len(span.span_id) != _SPAN_ID_LENGTH or span.span_id == _NO_PARENT:
        return "invalid_span_id", f"span id {span.span_id!r}; expected 8 bytes, not all zero"
    if span.parent_span_id and len(span.parent_span_id) != _SPAN_ID_LENGTH:
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
    long = [key for key, found in attributes.items() if isinstance(found, (str, bytes)) and len(found) > limit]
    for key in long:
        notes.append(("attribute_truncated", f"{key}: {len(attributes[key])} long; kept the first {limit}"))
        attributes[key] = attributes[key][:limit]
    return attributes, notes


def settle(span: RawSpan) -> RawSpan:
    """A span without a start starts at its end; a parent of zeros is no parent."""
    return span._replace(
        start_ns=span.start_ns if span.start_ns > 0 else span.end_ns,
        parent_span_id="" if span.parent_span_id == _NO_PARENT else span.parent_span_id,
    )


def sift(spans: list[RawSpan], limits: Limits, now_ns: int, *, text_bytes_max: int) -> Decoded:
    """Refuse what is faulty and cut what is oversized.

    `text_bytes_max`: no text of them is longer (a text cannot be longer than the body that it came in), so that the
    texts of most requests need no look.
    """
    long_text = text_bytes_max > limits.attribute_bytes_max
    kept: list[RawSpan] = []
    rejections: list[Rejection] = []
    for span in spans:
        found = fault(span)
        if found is not None:
            rejections.append(reject(span, *found, now_ns))
            continue
        if span.start_ns <= 0 or span.parent_span_id == _NO_PARENT:
            span = settle(span)  # noqa: PLW2901
        if long_text or len(span.attributes) > limits.attributes_max:
            attributes, notes = cut_attributes(span.attributes, limits)
            rejections.extend(reject(span, *note, now_ns) for note in notes)
            span = span._replace(attributes=attributes)  # noqa: PLW2901
        kept.append(span)
    return Decoded(kept, rejections)


def reject(span: RawSpan, reason: str, detail: str, now_ns: int) -> Rejection:
    """The report about one span."""
    return Rejection(span.project, now_ns, reason, detail, span.trace_id[:64], span.span_id[:32], span.name[:200])
