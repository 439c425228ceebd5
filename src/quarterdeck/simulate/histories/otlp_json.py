"""OTLP JSON: one ExportTraceServiceRequest (or TracesData) a line, as the Collector's file exporter writes it.

Ids are hex in OTLP JSON where protobuf's own JSON has base64; both spellings of field names are accepted.
Refuses logs and metrics: a line without spans is an error that names what was expected.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from google.protobuf.json_format import ParseDict, ParseError
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

from quarterdeck.errors import BadFile
from quarterdeck.simulate.histories.declared import span_facts
from quarterdeck.simulate.histories.files import json_lines, read_json
from quarterdeck.simulate.histories.shape import Piece

_EXPECTED = 'expected an object with "resourceSpans" (ExportTraceServiceRequest or TracesData as OTLP JSON)'
_MEND = "write traces with the Collector's file exporter, format json"


def looks_like(document: Any) -> bool:
    """Whether a JSON value is an OTLP trace request."""
    return isinstance(document, dict) and ("resourceSpans" in document or "resource_spans" in document)


def read_lines(path: Path) -> Iterator[Piece]:
    """Every line of a JSON-lines file. Raises BadFile naming the line."""
    for number, document in json_lines(path):
        yield from _pieces(path, number, document)


def read_document(path: Path) -> Iterator[Piece]:
    """A file that is one JSON document. Raises BadFile."""
    yield from _pieces(path, None, read_json(path))


def _pieces(path: Path, line: int | None, document: Any) -> Iterator[Piece]:
    if not looks_like(document):
        raise BadFile(str(path), _EXPECTED, line=line, mend=_MEND)
    data = TracesData()
    try:
        ParseDict(_hex_ids_to_base64(document), data, ignore_unknown_fields=True)
    except (ParseError, ValueError, TypeError) as error:
        raise BadFile(str(path), f"not OTLP JSON: {error}", line=line, mend=_MEND) from error
    for block in data.resource_spans:
        spans = [span for scope in block.scope_spans for span in scope.spans]
        yield Piece(block, tuple(span_facts(span) for span in spans), str(path))


def _hex_ids_to_base64(document: dict[str, Any]) -> dict[str, Any]:
    """A copy in which the ids of spans and links are spelt as protobuf's JSON wants them."""
    blocks = document.get("resourceSpans") or document.get("resource_spans") or []
    return {"resourceSpans": [_block(block) for block in blocks]}


def _block(block: dict[str, Any]) -> dict[str, Any]:
    scopes = block.get("scopeSpans") or block.get("scope_spans") or block.get("instrumentationLibrarySpans") or []
    rest = {key: value for key, value in block.items() if key in ("resource", "schemaUrl", "schema_url")}
    return {**rest, "scopeSpans": [_scope(scope) for scope in scopes]}


def _scope(scope: dict[str, Any]) -> dict[str, Any]:
    return {**scope, "spans": [_with_ids(span) for span in scope.get("spans") or []]}


def _with_ids(span: dict[str, Any]) -> dict[str, Any]:
    fixed = {key: _base64(value) if key in _ID_FIELDS else value for key, value in span.items()}
    if isinstance(span.get("links"), list):
        fixed["links"] = [_with_ids(link) for link in span["links"]]
    return fixed


_ID_FIELDS = frozenset({"traceId", "trace_id", "spanId", "span_id", "parentSpanId", "parent_span_id"})


def _base64(recorded: Any) -> str:
    if not isinstance(recorded, str):
        raise TypeError(f"an id must be hex text, found {recorded!r}")
    return base64.b64encode(bytes.fromhex(recorded)).decode()
