"""What the way in reports about itself: refusals, unmapped keys, coverage, counts."""

from __future__ import annotations

from quarterdeck.model.raw import Scope
from quarterdeck.model.reports import Rejection, UnmappedKey
from quarterdeck.store.interface import Batch, TelemetryStore

from .builders import START_NS, make_pair, make_run, trace_id
from .engines import REJECTIONS_MAX, UNMAPPED_MAX


def rejection(number: int, project: str = "default") -> Rejection:
    return Rejection(
        project, START_NS + number, "bad_id", f"detail {number} \x00ż", trace_id(number), "", f"span {number}"
    )


def unmapped(key: str = "gen_ai.new", **changes: object) -> UnmappedKey:
    values: dict[str, object] = {
        "project": "default", "key": key, "dialect": "otel_genai", "scope_name": "lib", "count": 2,
        "first_seen_ns": 50, "last_seen_ns": 60, "example_trace_id": trace_id(1),
    }  # fmt: skip
    return UnmappedKey(**(values | changes))  # type: ignore[arg-type]


def test_rejections_come_newest_first_in_pages_that_stay_put(store: TelemetryStore) -> None:
    store.commit(Batch([], rejections=[rejection(1), rejection(2), rejection(9, "other")]))
    store.commit(Batch([], rejections=[rejection(3)]))
    page = store.rejections("default", cursor=None, limit=2)
    assert page.items == [rejection(3), rejection(2)]
    store.commit(Batch([], rejections=[rejection(4)]))
    page = store.rejections("default", cursor=page.next_cursor, limit=2)
    assert (page.items, page.next_cursor) == ([rejection(1)], None)
    assert store.rejections("other", cursor=None, limit=2).items == [rejection(9, "other")]


def test_only_the_newest_rejections_are_kept(store: TelemetryStore) -> None:
    for start in range(0, 3 * REJECTIONS_MAX, 7):
        store.commit(Batch([], rejections=[rejection(n) for n in range(start, start + 7)]))
    last = start + 6
    items = store.rejections("default", cursor=None, limit=500).items
    assert [row.at_ns - START_NS for row in items] == list(range(last, last - REJECTIONS_MAX, -1))
    assert store.counts()["rejections"] == REJECTIONS_MAX


def test_unmapped_keys_add_up_per_project_key_dialect_and_scope(store: TelemetryStore) -> None:
    store.commit(Batch([], unmapped=[unmapped(), unmapped("other.key", count=1), unmapped(count=3, last_seen_ns=70)]))
    store.commit(Batch([], unmapped=[unmapped(first_seen_ns=40, last_seen_ns=45, example_trace_id=trace_id(2))]))
    store.commit(Batch([], unmapped=[unmapped(scope_name="else"), unmapped(dialect="x"), unmapped(project="p")]))
    found = store.unmapped("default", limit=10)
    assert found[0] == unmapped(count=7, first_seen_ns=40, last_seen_ns=70)
    assert [(row.key, row.dialect, row.scope_name, row.count) for row in found[1:]] == [
        ("gen_ai.new", "otel_genai", "else", 2),
        ("gen_ai.new", "x", "lib", 2),
        ("other.key", "otel_genai", "lib", 1),
    ]
    assert len(store.unmapped("default", limit=2)) == 2
    assert store.unmapped("p", limit=9) == [unmapped(project="p")]


def test_made_up_keys_share_one_row_and_nothing_is_lost_from_the_count(store: TelemetryStore) -> None:
    for start in range(0, 3 * UNMAPPED_MAX, 7):
        store.commit(Batch([], unmapped=[unmapped(f"gen_ai.made_up.{start + n}", count=1) for n in range(7)]))
    store.commit(Batch([], unmapped=[unmapped("gen_ai.made_up.0", count=5), unmapped("gen_ai.last", project="p")]))
    found = store.unmapped("default", limit=500)
    assert len(found) == UNMAPPED_MAX + 1
    assert (found[0].key, found[0].dialect, found[0].scope_name) == ("(other)", "", "")
    assert sum(row.count for row in found) == start + 7 + 5
    assert next(row.count for row in found if row.key == "gen_ai.made_up.0") == 6
    assert [row.key for row in store.unmapped("p", limit=5)] == ["(other)"]


def row(dialect: str, scope: str, spans: int, model_calls: int, with_usage: int) -> dict[str, object]:
    return {
        "dialect": dialect, "scope": scope, "spans": spans, "model_calls": model_calls, "with_usage": with_usage,
        "orphans": None,
    }  # fmt: skip


def test_coverage_counts_model_calls_and_those_with_usage_per_producer(store: TelemetryStore) -> None:
    other = {"scope": Scope("b", "1", {}, "")}
    store.commit(
        Batch(
            [
                make_pair(1, 1, tokens_input=0),
                make_pair(1, 2, tokens_output=5),
                make_pair(1, 3),
                make_pair(1, 4, op_kind="tool", tokens_input=5),
                make_pair(1, 5, dialect="langsmith", raw=other),
                make_pair(1, 6, project="theirs"),
            ]
        )
    )
    assert store.coverage("default") == [row("otel_genai", "scope.lib", 4, 3, 2), row("langsmith", "b", 1, 1, 0)]


def test_coverage_counts_a_replaced_span_once_in_its_new_form(store: TelemetryStore) -> None:
    store.commit(Batch([make_pair(1, 1, end_ns=0), make_pair(1, 2, dialect="early")]))
    replaced = [make_pair(1, 1, tokens_input=4), make_pair(1, 2, dialect="late", tokens_input=4)]
    store.commit(Batch([], replaced=replaced))
    assert store.coverage("default") == [row("late", "scope.lib", 1, 1, 1), row("otel_genai", "scope.lib", 1, 1, 1)]


def test_counts(store: TelemetryStore) -> None:
    store.commit(Batch([make_pair(1, 1), make_pair(1, 2), make_pair(2, 1, project="p")], rejections=[rejection(1)]))
    runs = [
        make_run(1, session_id="s"),
        make_run(2, session_id="s"),
        make_run(3),
        make_run(4, session_id="s", project="p"),
    ]
    store.put_runs(runs, [], settled_seq=1)
    expected = {
        "spans": 3, "traces": 2, "runs": 4, "sessions": 2, "rejections": 1, "logs": 0, "logs_waiting": 0,
    }  # fmt: skip
    counts = dict(store.counts())
    assert counts["bytes_on_disk"] >= 0
    assert {name: counts[name] for name in expected} == expected
