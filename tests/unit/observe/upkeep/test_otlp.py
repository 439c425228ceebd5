"""A stored span written as OTLP JSON and read by the door is the same span."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.model.raw import Absent, RawEvent, RawLink, RawSpan, Resource, Scope
from quarterdeck.observe.ingest.decode import Limits, decode
from quarterdeck.observe.upkeep.otlp import any_value, resource_spans

LIMITS = Limits(10**7, 10_000)
TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
VALUE = st.recursive(
    TEXT | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.binary(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
ATTRIBUTES = st.dictionaries(TEXT, VALUE, max_size=4)
HEX = st.binary(min_size=8, max_size=8).filter(any).map(bytes.hex)
TIMES = st.integers(10**18, 2 * 10**18)


@st.composite
def spans(draw: st.DrawFn, span_id: str) -> RawSpan:
    scope = Scope(draw(TEXT), draw(TEXT), draw(ATTRIBUTES), "")
    start = draw(TIMES)
    return RawSpan(
        "default", draw(HEX) * 2, span_id, draw(HEX | st.just("")), "", draw(TEXT), draw(st.integers(0, 5)), start,
        draw(st.sampled_from([0, start + 5])), draw(st.integers(0, 2)), draw(TEXT), draw(ATTRIBUTES),
        tuple(draw(st.lists(st.builds(RawEvent, TEXT, TIMES, ATTRIBUTES), max_size=2))),
        tuple(draw(st.lists(st.builds(RawLink, HEX.map(lambda h: h * 2), HEX, st.just(""), ATTRIBUTES), max_size=2))),
        Resource(draw(ATTRIBUTES), draw(st.sampled_from(["", "https://schema"]))), scope,
    )  # fmt: skip


@given(st.data())
def test_what_is_exported_comes_in_as_it_went_out(data: st.DataObject) -> None:
    raws = [data.draw(spans(f"{number:016x}")) for number in (1, 2, 3)]
    body = json.dumps({"resourceSpans": resource_spans(raws)}).encode()
    found = decode(body, "json", "default", LIMITS, 15 * 10**17)
    assert found.rejections == []
    assert sorted(found.spans, key=lambda raw: raw.span_id) == raws


def test_spans_of_one_resource_and_scope_stand_together() -> None:
    resource, scope = Resource({"service.name": "s"}, ""), Scope("x", "", {}, "")
    raw = RawSpan("p", "a" * 32, "b" * 16, "", "", "n", 1, 5, 6, 0, "", {}, (), (), resource, scope)
    blocks = resource_spans([raw, raw._replace(span_id="c" * 16), raw._replace(resource=Resource({}, ""))])
    assert [[len(part["spans"]) for part in block["scopeSpans"]] for block in blocks] == [[2], [1]]


def test_what_is_not_kept_is_left_out() -> None:
    raw = RawSpan(
        "p", "a" * 32, "b" * 16, "", "", "n", 1, 5, 6, 0, "", {"gone": Absent("sampled", 9), "list": [Absent("x", 1), 2]},
        (), (), Resource({}, ""), Scope("", "", {}, ""),
    )  # fmt: skip
    (span,) = resource_spans([raw])[0]["scopeSpans"][0]["spans"]
    assert span["attributes"] == [{"key": "list", "value": {"arrayValue": {"values": [{"intValue": "2"}]}}}]


def test_values_that_otlp_has_no_word_for() -> None:
    assert any_value(None) == {}
    assert any_value(2**70) == {"stringValue": str(2**70)}
    assert any_value(float("nan")) == {"doubleValue": "NaN"}
    assert any_value(float("-inf")) == {"doubleValue": "-Infinity"}
