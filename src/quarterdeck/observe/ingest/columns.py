"""Protobuf → Arrow columns → RawSpan: the fast way (ptars, in Rust), for requests that are sound.

Measured on one core at 1.9 KB and 15 attributes a span: about 8 µs against 20 µs for the row way. A request that
ptars refuses is the row way's business; a property test holds both to the same answer.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache, partial
from itertools import chain, pairwise, repeat
from sys import intern
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from quarterdeck.model.raw import Attributes, AttributeValue, RawSpan, Resource, Scope
from quarterdeck.observe.ingest import parts
from quarterdeck.observe.ingest.checks import TIME_NS_MAX
from quarterdeck.observe.ingest.descriptors import columns_descriptor

_SMALL_ARRAY_BYTES = 64
_TRACE_ID_BYTES, _SPAN_ID_BYTES = 16, 8


@cache
def _handler() -> Any:
    import ptars  # noqa: PLC0415 - heavy, and only the server needs it

    descriptor = columns_descriptor()
    return ptars.HandlerPool([descriptor.file]).get_for_message(descriptor)


class Columns(NamedTuple):
    """A request's spans, and what its columns say of all of them, so that no span needs a look of its own.

    `faultless`: every id and time is in order (`checks.fault` finds nothing, `checks.settle` changes nothing).
    `text_bytes_max`, `attributes_max`: the longest text or bytes of an attribute, the most attributes of a span.
    """

    spans: list[RawSpan]
    faultless: bool
    text_bytes_max: int
    attributes_max: int


def decode_columns(body: bytes, project: str) -> Columns:
    """All spans of a sound request. Raises ValueError (ptars) or PartError when any part of it is not sound."""
    batch = _handler().list_to_record_batch([body])
    resource_spans = batch.column(0).values
    if len(resource_spans) == 0:
        return Columns([], True, 0, 0)
    scope_lists = resource_spans.field("scope_spans")
    scope_spans = scope_lists.values
    span_lists = scope_spans.field("spans")
    contexts = _contexts(resource_spans, scope_lists, scope_spans)
    spans = span_lists.values
    attributes = spans.field("attributes")
    values = attributes.values.field("value")
    ids = _ids(spans)
    made = _spans(
        project,
        spans,
        ids=ids,
        attribute_maps=_attribute_maps(attributes),
        block_offsets=span_lists.offsets.to_pylist(),
        contexts=contexts,
    )
    longest = max(_longest(values.field("string_value")), _longest(values.field("bytes_value")))
    return Columns(made, ids.sound and _times_sound(spans), longest, _longest(attributes))


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


class _Ids(NamedTuple):
    """The ids of all spans as hex. Equal ids are one object: what is looked up later is hashed once."""

    traces: list[str]
    spans: list[str]
    parents: list[str]
    sound: bool


def _ids(spans: Any) -> _Ids:
    traces, ids, parents = (spans.field(name).to_pylist() for name in ("trace_id", "span_id", "parent_span_id"))
    trace_texts = {raw: raw.hex() for raw in set(traces)}
    texts = {raw: raw.hex() for raw in ids}
    foreign = {raw: raw.hex() for raw in set(parents).difference(texts)}
    sound = (
        set(map(len, trace_texts)) <= {_TRACE_ID_BYTES}
        and set(map(len, texts)) <= {_SPAN_ID_BYTES}
        and set(map(len, foreign)) <= {0, _SPAN_ID_BYTES}
        and bytes(_TRACE_ID_BYTES) not in trace_texts
        and bytes(_SPAN_ID_BYTES) not in texts
        and bytes(_SPAN_ID_BYTES) not in foreign
    )
    trace_list = [trace_texts[raw] for raw in traces]
    span_list = list(texts.values()) if len(texts) == len(ids) else [texts[raw] for raw in ids]
    texts.update(foreign)
    return _Ids(trace_list, span_list, [texts[raw] for raw in parents], sound)


def _times_sound(spans: Any) -> bool:
    starts = spans.field("start_time_unix_nano").to_numpy()
    ends = spans.field("end_time_unix_nano").to_numpy()
    return len(starts) == 0 or (starts.min() > 0 and starts.max() <= TIME_NS_MAX and ends.max() <= TIME_NS_MAX)


def _longest(column: Any) -> int:
    """The longest element of a column of texts, bytes or lists; 0 for an empty one."""
    return 0 if len(column) == 0 else int(pc.max(_LENGTH[type(column)](column)).as_py() or 0)


_LENGTH = {
    pa.StringArray: pc.binary_length,
    pa.BinaryArray: pc.binary_length,
    pa.ListArray: pc.list_value_length,
}

_make_span: Callable[[tuple[Any, ...]], RawSpan] = partial(tuple.__new__, RawSpan)
"""`RawSpan._make` without its detour through Python: a tenth of the decoder's time."""


def _spans(
    project: str,
    spans: Any,
    *,
    ids: _Ids,
    attribute_maps: list[Attributes],
    block_offsets: list[int],
    contexts: list[tuple[Resource, Scope]],
) -> list[RawSpan]:
    status = spans.field("status")
    counts = [end - start for start, end in pairwise(block_offsets)]
    owners = list(zip(contexts, counts, strict=True))
    columns = zip(
        repeat(project, len(spans)),
        ids.traces,
        ids.spans,
        ids.parents,
        _shared_texts(spans.field("trace_state")),
        _shared_texts(spans.field("name")),
        spans.field("kind").to_pylist(),
        spans.field("start_time_unix_nano").to_pylist(),
        spans.field("end_time_unix_nano").to_pylist(),
        [code or 0 for code in status.field("code").to_pylist()],
        _shared_texts(status.field("message")),
        attribute_maps,
        _nested(spans.field("events"), parts.event),
        _nested(spans.field("links"), parts.link),
        chain.from_iterable(repeat(resource, count) for (resource, _), count in owners),
        chain.from_iterable(repeat(scope, count) for (_, scope), count in owners),
        strict=True,
    )
    return list(map(_make_span, columns))


def _shared_texts(column: Any) -> list[str]:
    """The texts of a column with few distinct ones, each of them one object; null is ""."""
    encoded = column.dictionary_encode(null_encoding="encode")
    texts = [text or "" for text in encoded.dictionary.to_pylist()]
    if len(texts) == 1:
        return texts * len(column)
    return [texts[i] for i in encoded.indices.to_numpy().tolist()]


def _attribute_maps(attributes: Any) -> list[Attributes]:
    """One dictionary per span. Spans of one shape share the tuple of their keys, and a key is one object everywhere."""
    pairs = attributes.values
    keys = pairs.field("key").dictionary_encode()
    names = [intern(name) for name in keys.dictionary.to_pylist()]
    places = keys.indices.to_numpy()
    width = places.itemsize
    order = places.tobytes()
    values = _values(pairs.field("value"))
    shapes: dict[bytes, tuple[str, ...]] = {}
    maps: list[Attributes] = []
    for a, b in pairwise(attributes.offsets.to_pylist()):
        shape = order[a * width : b * width]
        found = shapes.get(shape)
        if found is None:
            found = shapes[shape] = tuple(names[i] for i in places[a:b].tolist())
        maps.append(dict(zip(found, values[a:b], strict=False)))  # equal lengths by construction
    return maps


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
