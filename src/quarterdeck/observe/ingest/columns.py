"""Protobuf → Arrow columns → RawSpan: the fast way (ptars, in Rust), for requests that are sound.

Measured on one core at 1.9 KB and 15 attributes a span: about 8 µs against 20 µs for the row way. A request that
ptars refuses is the row way's business; a property test holds both to the same answer.
"""

from __future__ import annotations

from functools import cache, lru_cache
from itertools import pairwise
from typing import Any

import pyarrow as pa

from quarterdeck.model.raw import Attributes, AttributeValue, RawSpan, Resource, Scope
from quarterdeck.observe.ingest import parts
from quarterdeck.observe.ingest.descriptors import columns_descriptor

_SMALL_ARRAY_BYTES = 64


@cache
def _handler() -> Any:
    import ptars  # noqa: PLC0415 - heavy, and only the server needs it

    descriptor = columns_descriptor()
    return ptars.HandlerPool([descriptor.file]).get_for_message(descriptor)


def decode_columns(body: bytes, project: str) -> list[RawSpan]:
    """All spans of a sound request. Raises ValueError (ptars) or PartError when any part of it is not sound."""
    batch = _handler().list_to_record_batch([body])
    resource_spans = batch.column(0).values
    if len(resource_spans) == 0:
        return []
    scope_lists = resource_spans.field("scope_spans")
    scope_spans = scope_lists.values
    span_lists = scope_spans.field("spans")
    contexts = _contexts(resource_spans, scope_lists, scope_spans)
    return _spans(project, span_lists.values, span_lists.offsets.to_pylist(), contexts)


def _contexts(resource_spans: Any, scope_lists: Any, scope_spans: Any) -> list[tuple[Resource, Scope]]:
    """(resource, scope) of each scope block, decoded once per distinct bytes."""
    resources: dict[tuple[bytes, str], Resource] = {}
    scopes: dict[tuple[bytes, str], Scope] = {}
    raw_resources = resource_spans.field("resource").to_pylist()
    resource_urls = resource_spans.field("schema_url").to_pylist()
    raw_scopes = scope_spans.field("scope").to_pylist()
    scope_urls = scope_spans.field("schema_url").to_pylist()
    offsets = scope_lists.offsets.to_pylist()
    found: list[tuple[Resource, Scope]] = []
    for i, resource_key in enumerate(zip(raw_resources, resource_urls, strict=True)):
        resource = resources.get(resource_key)
        if resource is None:
            resource = resources[resource_key] = parts.resource(*resource_key)
        for j in range(offsets[i], offsets[i + 1]):
            scope_key = (raw_scopes[j], scope_urls[j])
            scope = scopes.get(scope_key)
            if scope is None:
                scope = scopes[scope_key] = parts.scope(*scope_key)
            found.append((resource, scope))
    return found


def _spans(project: str, spans: Any, block_offsets: list[int], contexts: list[tuple[Resource, Scope]]) -> list[RawSpan]:
    attribute_maps = _attribute_maps(spans.field("attributes"))
    events = _nested(spans.field("events"), parts.event)
    links = _nested(spans.field("links"), parts.link)
    status = spans.field("status")
    columns = zip(
        spans.field("trace_id").to_pylist(),
        spans.field("span_id").to_pylist(),
        spans.field("parent_span_id").to_pylist(),
        spans.field("trace_state").to_pylist(),
        spans.field("name").to_pylist(),
        spans.field("kind").to_pylist(),
        spans.field("start_time_unix_nano").to_pylist(),
        spans.field("end_time_unix_nano").to_pylist(),
        status.field("code").to_pylist(),
        status.field("message").to_pylist(),
        attribute_maps,
        events,
        links,
        strict=True,
    )
    owners = (
        context
        for context, (start, end) in zip(contexts, pairwise(block_offsets), strict=True)
        for _ in range(end - start)
    )
    return [
        RawSpan(
            project,
            trace.hex(),
            span.hex(),
            parent.hex(),
            state,
            name,
            kind,
            start,
            end,
            code or 0,
            message or "",
            attributes,
            events_,
            links_,
            resource,
            scope,
        )
        for (
            (trace, span, parent, state, name, kind, start, end, code, message, attributes, events_, links_),
            (resource, scope),
        ) in zip(columns, owners, strict=True)
    ]


def _attribute_maps(attributes: Any) -> list[Attributes]:
    pairs = attributes.values
    keys = pairs.field("key").dictionary_encode()
    names = keys.dictionary.to_pylist()  # one object per distinct key: cheap to hash, cheap to keep
    key_list = [names[i] for i in keys.indices.to_pylist()]
    values = _values(pairs.field("value"))
    offsets = attributes.offsets.to_pylist()
    return [dict(zip(key_list[a:b], values[a:b], strict=True)) for a, b in pairwise(offsets)]


def _values(any_values: Any) -> list[AttributeValue]:
    """Python values of an AnyValue column: text first (most are text), the other kinds patched in."""
    values: list[AttributeValue] = any_values.field("string_value").to_pylist()
    for name in ("int_value", "double_value", "bool_value", "bytes_value"):
        _patch(values, any_values.field(name), None)
    _patch(values, any_values.field("array_value"), _array)
    _patch(values, any_values.field("kvlist_value"), parts.kvlist)
    return values


def _patch(values: list[AttributeValue], column: Any, convert: Any) -> None:
    if column.null_count == len(column):
        return
    where = column.is_valid().to_numpy(zero_copy_only=False).nonzero()[0]
    found = column.take(pa.array(where)).to_pylist()
    for i, v in zip(where.tolist(), found, strict=True):
        values[i] = convert(v) if convert is not None else v


@lru_cache(maxsize=4096)
def _small_array(raw: bytes) -> tuple[AttributeValue, ...]:
    return tuple(parts.array(raw))


def _array(raw: bytes) -> list[AttributeValue]:
    """An array value; short ones (`["stop"]`) come again and again and are decoded once."""
    return list(_small_array(raw)) if len(raw) <= _SMALL_ARRAY_BYTES else parts.array(raw)


def _nested(lists: Any, convert: Any) -> list[tuple[Any, ...]]:
    """Events or links of each span; almost all are empty, and empty ones share one tuple."""
    offsets = lists.offsets.to_pylist()
    if offsets[-1] == offsets[0]:
        return [()] * (len(offsets) - 1)
    items = [convert(raw) for raw in lists.values.to_pylist()]
    return [tuple(items[a:b]) if b > a else () for a, b in pairwise(offsets)]
