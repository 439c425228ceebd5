"""Model calls by hour: each once, failed ones apart, unknown usage not zero; the same on every engine."""

from __future__ import annotations

from quarterdeck.store.calls import HOUR_NS, HourCalls, plain_model
from quarterdeck.store.interface import Batch, TelemetryStore

from .builders import START_NS, make_pair, span_id

HOUR = START_NS // HOUR_NS * HOUR_NS
ALL = (0, 2**62)


def call(trace, span, at=0, parent=0, **fields):
    start = HOUR + at
    fields = {"model_response": "m", "tokens_input": 10, "tokens_output": 1, **fields}
    return make_pair(
        trace, span, start_ns=start, end_ns=start + 5, parent_span_id=span_id(parent) if parent else "", **fields
    )


def test_calls_are_counted_by_hour_and_model(store: TelemetryStore) -> None:
    pairs = [
        call(1, 1),
        call(1, 2, model_response="n"),
        call(2, 1, HOUR_NS, model_response=None, model_request="m"),
        call(2, 2, HOUR_NS - 1),
        call(3, 1, op_kind="tool"),
        call(4, 1, project="other"),
    ]
    store.commit(Batch(pairs))
    assert store.hourly_calls("default", *ALL) == [
        HourCalls(HOUR, "m", 2, 0, 2, 20, 2),
        HourCalls(HOUR, "n", 1, 0, 1, 10, 1),
        HourCalls(HOUR + HOUR_NS, "m", 1, 0, 1, 10, 1),
    ]
    assert store.hourly_calls("default", HOUR, HOUR + 1) == [
        HourCalls(HOUR, "m", 1, 0, 1, 10, 1),
        HourCalls(HOUR, "n", 1, 0, 1, 10, 1),
    ]
    assert store.hourly_calls("nobody", *ALL) == []


def test_a_wrapper_and_the_call_inside_are_one_call_with_the_usage_of_either(store: TelemetryStore) -> None:
    silent = {"tokens_input": None, "tokens_output": None}
    store.commit(Batch([call(1, 1), call(1, 2, 1, parent=1, **silent), call(2, 1, **silent), call(2, 2, 1, parent=1)]))
    assert store.hourly_calls("default", *ALL) == [HourCalls(HOUR, "m", 2, 0, 2, 20, 2)]


def test_reports_that_share_response_and_counts_are_one_call(store: TelemetryStore) -> None:
    store.commit(
        Batch(
            [
                call(1, 1, response_id="r"),
                call(1, 2, 1, response_id="r"),
                call(1, 3, 2, response_id="r", tokens_input=11),
                call(2, 1, response_id="r"),
            ]
        )
    )
    assert store.hourly_calls("default", *ALL) == [HourCalls(HOUR, "m", 3, 0, 3, 31, 3)]


def test_a_failed_call_without_usage_is_told_apart_and_unknown_usage_is_not_zero(store: TelemetryStore) -> None:
    silent = {"tokens_input": None, "tokens_output": None}
    store.commit(Batch([call(1, 1, status="error", **silent), call(1, 2, status="error"), call(1, 3, **silent)]))
    assert store.hourly_calls("default", *ALL) == [HourCalls(HOUR, "m", 2, 1, 1, 10, 1)]


def test_known_response_ids_are_told(store: TelemetryStore) -> None:
    store.commit(Batch([call(1, 1, response_id="a"), call(2, 1, response_id="b", project="other")]))
    assert store.known_responses("default", ["a", "b", "c"]) == {"a"}
    assert store.known_responses("default", []) == set()


def test_models_are_the_same_by_any_spelling() -> None:
    assert {plain_model(n) for n in ("gpt-4o", "openai/GPT-4o-2024-08-06", "gpt-4o-20240806 ")} == {"gpt-4o"}
