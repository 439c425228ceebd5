"""Spans: what is committed comes back as it went in, by trace, by run and in raw form."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quarterdeck.errors import BadInput, NotFound
from quarterdeck.model.raw import RawEvent, RawLink, Resource, Scope
from quarterdeck.model.spans import Span
from quarterdeck.store.interface import Batch, TelemetryStore

from .builders import START_NS, make_pair, make_raw, make_run, make_span, span_id, trace_id


def test_sequence_numbers_rise_also_for_an_empty_commit(store: TelemetryStore) -> None:
    seqs = [store.commit(Batch([make_pair(1, 1)])), store.commit(Batch([])), store.commit(Batch([make_pair(1, 2)]))]
    assert seqs == sorted(set(seqs))


def test_every_field_of_a_span_comes_back(store: TelemetryStore) -> None:
    full = Span(
        "default", trace_id(5), span_id(6), span_id(2), "chat", START_NS, START_NS + 9, "error", "it broke", "llm", "chat",
        "otel_genai", "1.37", 3, "run-x", "session", "attr", "openai", "gpt-req", "gpt-res", "resp-1", "stop,length", True,
        0.25, 10, 20, 3, 4, 1, 5, "own", "high", 0.125, "agent", "attr", "agent-id", "v1", "flow", "tool", "call-1",
        "args", "result", "user", "tenant", "prod", "feature", "task", "prompt", "7", "p-hash", "t-hash", "c-hash",
        "TimeoutError", "tool_timeout", "solved", 2, "svc", 4.0,
    )  # fmt: skip
    bare = make_span(5, 7)
    store.commit(Batch([(full, make_raw(full)), (bare, make_raw(bare))]))
    assert store.load_traces([("default", trace_id(5))]) == {("default", trace_id(5)): [full, bare]}


def test_false_and_zero_are_not_unknown(store: TelemetryStore) -> None:
    span = make_span(streaming=False, tokens_input=0, cost_reported_usd=0.0, session_id="", end_ns=0)
    store.commit(Batch([(span, make_raw(span))]))
    assert store.load_traces([("default", span.trace_id)])["default", span.trace_id] == [span]


def test_a_trace_over_several_commits_comes_in_order_of_start(store: TelemetryStore) -> None:
    for number in (30, 10, 20):
        store.commit(Batch([make_pair(1, number), make_pair(2, number)]))
    found = store.load_traces([("default", trace_id(1)), ("default", trace_id(9))])
    assert list(found) == [("default", trace_id(1))]
    assert [span.span_id for span in found["default", trace_id(1)]] == [span_id(n) for n in (10, 20, 30)]


def test_trace_keys_name_each_trace_once(store: TelemetryStore) -> None:
    store.commit(Batch([make_pair(1, 1), make_pair(1, 2), make_pair(2, 1)]))
    store.commit(Batch([make_pair(1, 3), make_pair(1, 1, project="other")]))
    expected = [("default", trace_id(1)), ("default", trace_id(2)), ("other", trace_id(1))]
    assert sorted(store.trace_keys()) == expected


def test_trace_numbers_name_the_same_traces(store: TelemetryStore) -> None:
    store.commit(Batch([make_pair(1, 1), make_pair(1, 2), make_pair(2**127 + 5, 1), make_pair(3, 1, project="other")]))
    store.commit(Batch([make_pair(1, 3), make_pair(4, 1)]))
    found = {
        (page.project, f"{int(high):016x}{int(low):016x}")
        for page in store.trace_numbers()
        for high, low in zip(page.high, page.low, strict=True)
    }
    assert found == set(store.trace_keys())


def test_nothing_asked_is_nothing_answered(store: TelemetryStore) -> None:
    store.commit(Batch([make_pair()]))
    assert store.load_traces([]) == {}
    assert store.spans_raw("default", []) == {}
    assert store.traces_of_runs([]) == {}


def test_a_replaced_span_is_there_once_in_its_new_form(store: TelemetryStore) -> None:
    store.commit(Batch([make_pair(1, 1, end_ns=0), make_pair(1, 2), make_pair(1, 1, project="other", name="theirs")]))
    ended, raw = make_pair(1, 1, end_ns=START_NS + 77, tokens_output=9, raw={"attributes": {"late": True}})
    store.commit(Batch([make_pair(1, 3)], replaced=[(ended, raw)]))
    spans = store.load_traces([("default", trace_id(1))])["default", trace_id(1)]
    assert [span.span_id for span in spans] == [span_id(1), span_id(2), span_id(3)]
    assert spans[0] == ended
    assert store.spans_raw("default", [(ended.trace_id, ended.span_id)]) == {(ended.trace_id, ended.span_id): raw}
    assert store.load_traces([("other", trace_id(1))])["other", trace_id(1)][0].name == "theirs"
    assert store.counts()["spans"] == 4


def test_run_spans_gives_the_run_and_all_spans_of_its_traces(store: TelemetryStore) -> None:
    store.commit(Batch([make_pair(1, 2), make_pair(2, 1), make_pair(3, 1), make_pair(1, 4, project="other")]))
    store.commit(Batch([make_pair(1, 3)]))
    run = make_run(1, trace_ids=(trace_id(2), trace_id(1)))
    store.put_runs([run], [], settled_seq=2)
    found, spans = store.run_spans("default", run.run_id)
    assert found == run
    assert [(span.trace_id, span.span_id) for span in spans] == [
        (trace_id(2), span_id(1)),
        (trace_id(1), span_id(2)),
        (trace_id(1), span_id(3)),
    ]
    with pytest.raises(NotFound, match="run-00001"):
        store.run_spans("other", run.run_id)


def test_a_run_whose_traces_are_not_stored_has_no_spans(store: TelemetryStore) -> None:
    store.put_runs([make_run(1, trace_ids=(trace_id(8), "not hex"))], [], settled_seq=0)
    assert store.run_spans("default", "run-00001")[1] == []


ODD_ATTRIBUTES: dict[str, Any] = {
    "bytes": b"\x00\xff\xfe",
    "looks like bytes": {"__bytes__": "AAE="},
    "nested": {"list": [1, "two", [3.5, None, True], {"deep": [b"x", {}]}]},
    "unicode": "żółć 🦜 \u202e \x00 \n",
    "": "empty key",
    "huge": 2**80,
    "negative huge": -(2**70),
    "max": 2**63,
    "lone surrogate": "\ud800 here",
    "infinity": math.inf,
    "float": 0.1,
    "zero": 0,
    "false": False,
    "none": None,
    "sql": "'); DROP TABLE span; --",
}


def test_odd_attribute_values_come_back_unchanged(store: TelemetryStore) -> None:
    span, raw = make_pair(
        raw={
            "attributes": ODD_ATTRIBUTES,
            "events": (RawEvent("event", START_NS, ODD_ATTRIBUTES), RawEvent("", 0, {})),
            "links": (RawLink(trace_id(9), span_id(9), "state=1", {"b": b"\x01"}),),
            "resource": Resource({"r": b"\x02", "n": 2**90}, "schema-r"),
            "scope": Scope("lib", "2", {"s": [1]}, "schema-s"),
            "trace_state": "k=v",
            "kind": 5,
            "status_code": 2,
            "status_message": "long " * 100,
            "name": "another name",
            "parent_span_id": span_id(77),
            "start_ns": START_NS - 1,
            "end_ns": START_NS + 123,
        }
    )
    store.commit(Batch([(span, raw)]))
    assert store.spans_raw("default", [(span.trace_id, span.span_id)]) == {(span.trace_id, span.span_id): raw}


def test_not_a_number_comes_back(store: TelemetryStore) -> None:
    span, raw = make_pair(raw={"attributes": {"nan": math.nan}})
    store.commit(Batch([(span, raw)]))
    found = store.spans_raw("default", [(span.trace_id, span.span_id)])[span.trace_id, span.span_id]
    assert math.isnan(found.attributes["nan"])


JSON_LIKE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=12,
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(attributes=st.lists(st.dictionaries(st.text(), JSON_LIKE, max_size=4), min_size=1, max_size=6), data=st.data())
def test_any_attributes_round_trip(
    store: TelemetryStore, attributes: list[dict[str, Any]], data: st.DataObject
) -> None:
    trace = data.draw(st.integers(1, 2**64))
    pairs = [make_pair(trace, n, raw={"attributes": value}) for n, value in enumerate(attributes, 1)]
    keys = [(trace_id(trace), span_id(n)) for n in range(1, len(pairs) + 1)]
    held = store.spans_raw("default", keys)
    new, replaced = [p for p in pairs if (p[0].trace_id, p[0].span_id) not in held], []
    replaced = [p for p in pairs if (p[0].trace_id, p[0].span_id) in held]
    store.commit(Batch(new, replaced=replaced))
    assert store.spans_raw("default", keys) == {(raw.trace_id, raw.span_id): raw for _, raw in pairs}


def test_raw_forms_are_found_across_many_chunks(store: TelemetryStore) -> None:
    text = "lorem ipsum " * 100
    pairs = [make_pair(1, n, raw={"attributes": {"n": n, "text": text}}) for n in range(1, 701)]
    store.commit(Batch(pairs))
    wanted = [(trace_id(1), span_id(n)) for n in (700, 1, 256, 257, 350)]
    found = store.spans_raw("default", [*wanted, (trace_id(1), span_id(999)), ("no", "hex"), (trace_id(2), span_id(1))])
    assert {key: raw.attributes["n"] for key, raw in found.items()} == dict(
        zip(wanted, (700, 1, 256, 257, 350), strict=True)
    )


def test_hostile_text_is_only_text(store: TelemetryStore) -> None:
    span = make_span(name="'; DROP TABLE span; --", agent_name="a\x00b", tenant="\u202e%_\\", session_id="ż" * 5000)
    store.commit(Batch([(span, make_raw(span))]))
    assert store.load_traces([("default", span.trace_id)])["default", span.trace_id] == [span]
    assert store.load_traces([("' OR 1=1 --", span.trace_id)]) == {}


def test_a_lone_surrogate_in_a_skeleton_becomes_a_question_mark(store: TelemetryStore) -> None:
    span = make_span(name="broken \ud800", agent_name="\udfff")
    store.commit(Batch([(span, make_raw(span)), make_pair(1, 2)]))
    first, second = store.load_traces([("default", span.trace_id)])["default", span.trace_id]
    assert (first.name, first.agent_name, second.name) == ("broken ?", "?", "chat 2")


def test_a_long_status_message_is_clipped_in_the_skeleton_and_whole_in_the_raw_form(store: TelemetryStore) -> None:
    message = "ż" * 200
    span, raw = make_pair(status="error", status_message=message, raw={"status_message": message})
    store.commit(Batch([(span, raw), make_pair(1, 2, status_message="x" * 128)]))
    clipped, whole = store.load_traces([("default", span.trace_id)])["default", span.trace_id]
    assert clipped.status_message == "ż" * 127 + "…"
    assert whole.status_message == "x" * 128
    assert (
        store.spans_raw("default", [(span.trace_id, span.span_id)])[span.trace_id, span.span_id].status_message
        == message
    )


@pytest.mark.parametrize(
    "changes",
    [{"trace_id": "abc"}, {"trace_id": "A" * 32}, {"span_id": "0" * 15}, {"parent_span_id": "x" * 16}, {"span_id": ""}],
)
def test_ids_that_are_not_hex_are_refused_whole(store: TelemetryStore, changes: dict[str, str]) -> None:
    good, bad = make_pair(1, 1), make_pair(1, 2, **changes)
    with pytest.raises(BadInput, match="lower-case hex"):
        store.commit(Batch([good, bad]))
    assert store.counts()["spans"] == 0
    assert list(store.trace_keys()) == []


def test_unsettled_are_the_traces_committed_after_the_last_settled(store: TelemetryStore) -> None:
    first = store.commit(Batch([make_pair(1, 1), make_pair(2, 1)]))
    assert sorted(store.unsettled()) == [("default", trace_id(1)), ("default", trace_id(2))]
    second = store.commit(Batch([make_pair(2, 2), make_pair(3, 1, project="other")]))
    store.put_runs([], [], settled_seq=first)
    assert sorted(store.unsettled()) == [("default", trace_id(2)), ("other", trace_id(3))]
    store.put_runs([], [], settled_seq=second)
    store.put_runs([], [], settled_seq=first)
    assert store.unsettled() == []
