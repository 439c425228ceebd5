"""Every answer that a store gives, of two stores that should hold the same: what the simulations compare.

Runs and their trees, raw forms, rollups, facets, contrast, coverage, counts. Refuses tolerance, but for the order of sums.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from quarterdeck.observe.runs import build_runs
from quarterdeck.store.interface import CONTRAST_KEYS, RUN_FACETS, RunFilter, TelemetryStore

from .decks import NOW_NS, PRICES

EVERYTHING = RunFilter("default")


def stored(store: TelemetryStore) -> dict[tuple[str, str], int]:
    """(trace, span) → end, of all that is stored."""
    traces = store.load_traces(list(store.trace_keys()))
    return {(span.trace_id, span.span_id): span.end_ns for spans in traces.values() for span in spans}


def compare(found: TelemetryStore, expected: TelemetryStore) -> None:
    """Every answer of both stores."""
    runs = _runs(expected)
    assert _runs(found) == runs
    for run_id in runs:
        assert _tree(found, run_id) == _tree(expected, run_id)
    keys = sorted(stored(expected))
    assert found.spans_raw("default", keys) == expected.spans_raw("default", keys)
    assert _plain(found.fleet("default", 0, NOW_NS)) == _plain(expected.fleet("default", 0, NOW_NS))
    for by in (("agent",), ("agent", "model"), ()):
        cohorts = [_plain(store.cohorts("default", 0, NOW_NS, by, limit=99)) for store in (found, expected)]
        assert cohorts[0] == cohorts[1]
    assert found.facets(EVERYTHING, RUN_FACETS, limit=99) == expected.facets(EVERYTHING, RUN_FACETS, limit=99)
    failed = RunFilter("default", has=("failed",))
    assert _contrast(found, failed) == _contrast(expected, failed)
    assert found.coverage("default") == expected.coverage("default")
    assert _counts(found) == _counts(expected)


def _plain(value: Any) -> Any:
    """As dictionaries and lists; dollars to twelve digits, since the order of a sum is not promised."""
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return float(f"{value:.12g}") if isinstance(value, float) else value


def _runs(store: TelemetryStore) -> dict[str, Any]:
    return {run.run_id: run for run in store.list_runs(EVERYTHING, sort="started_at", cursor=None, limit=500).items}


def _tree(store: TelemetryStore, run_id: str) -> Any:
    run, spans = store.run_spans("default", run_id)
    trees = build_runs(spans, now_ns=NOW_NS, prices=PRICES)
    (nodes,) = [tree.nodes for tree in trees if tree.run.run_id == run_id]
    return run, sorted(spans), nodes


def _contrast(store: TelemetryStore, failed: RunFilter) -> Any:
    return store.contrast(failed, EVERYTHING, CONTRAST_KEYS, values_max=99)


def _counts(store: TelemetryStore) -> dict[str, int]:
    return {name: n for name, n in store.counts().items() if name in ("spans", "traces", "runs", "sessions")}
