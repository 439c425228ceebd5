"""One request's bytes → spans to keep and a reason for each one that is not: pure, and the same for every door."""

from __future__ import annotations

from typing import Literal

from quarterdeck.errors import BadInput
from quarterdeck.model.raw import RawSpan
from quarterdeck.model.reports import Rejection
from quarterdeck.observe.ingest.checks import Decoded, Limits, sift
from quarterdeck.observe.ingest.columns import Columns, decode_columns
from quarterdeck.observe.ingest.markers import MARK, opened
from quarterdeck.observe.ingest.otlp_json import decode_json
from quarterdeck.observe.ingest.parts import PartError
from quarterdeck.observe.ingest.rows import decode_rows

__all__ = ["Decoded", "Encoding", "Limits", "Signal", "decode"]

Encoding = Literal["protobuf", "json"]
Signal = Literal["traces", "logs"]

COLUMNS_FROM_BYTES = 48 * 1024
"""Below this the row way is at least as fast (measured: about 450 µs of fixed cost per ptars call)."""


def decode(body: bytes, encoding: Encoding, project: str, limits: Limits, now_ns: int) -> Decoded:
    """Decode one ExportTraceServiceRequest.

    Raises BadInput when nothing of it can be read (not protobuf, cut off, not JSON); everything smaller is a
    rejection of one span, and the others are kept.
    """
    found = _decoded(body, encoding, project, limits, now_ns)
    return found._replace(spans=opened(found.spans)) if MARK in body else found


def _decoded(body: bytes, encoding: Encoding, project: str, limits: Limits, now_ns: int) -> Decoded:
    if encoding == "protobuf" and len(body) >= COLUMNS_FROM_BYTES:
        found = _columns(body, project)
        if found is not None:
            return _sifted(found, limits, now_ns)
    spans, rejections = _json(body, project, now_ns) if encoding == "json" else decode_rows(body, project, now_ns)
    sifted = sift(spans, limits, now_ns, text_bytes_max=len(body))
    return Decoded(sifted.spans, rejections + sifted.rejections)


def _columns(body: bytes, project: str) -> Columns | None:
    """The columns way; None when one bad part fails the whole call: then span by span it must be."""
    try:
        return decode_columns(body, project)
    except (ValueError, PartError):
        return None


def _sifted(found: Columns, limits: Limits, now_ns: int) -> Decoded:
    """What the columns vouch for passes as it is."""
    within = found.text_bytes_max <= limits.attribute_bytes_max and found.attributes_max <= limits.attributes_max
    if found.faultless and within:
        return Decoded(found.spans, [])
    return sift(found.spans, limits, now_ns, text_bytes_max=found.text_bytes_max)


def _json(body: bytes, project: str, now_ns: int) -> tuple[list[RawSpan], list[Rejection]]:
    try:
        return decode_json(body, project, now_ns)
    except RecursionError as e:  # a body nested beyond what Python follows
        msg = "the JSON body is nested too deeply"
        raise BadInput(msg) from e
