"""The earliest spans of a run: what a view draws while the rest is being read."""

from __future__ import annotations

import pytest

from quarterdeck.errors import BadInput, NotFound
from quarterdeck.store.interface import Batch, TelemetryStore

from .builders import make_pair, make_run, trace_id


def test_the_first_spans_are_those_that_run_spans_begins_with(store: TelemetryStore) -> None:
    store.commit(Batch([make_pair(1, n) for n in (5, 2, 9)]))
    store.commit(Batch([make_pair(1, 3), make_pair(2, 1), make_pair(1, 1, project="other")]))
    run = make_run(1, trace_ids=(trace_id(2), trace_id(1)))
    store.put_runs([run], [], settled_seq=2)
    everything = store.run_spans("default", run.run_id)
    assert store.first_spans("default", run.run_id, limit=3) == (everything[0], list(everything[1])[:3])
    assert store.first_spans("default", run.run_id, limit=99) == everything


def test_a_run_without_stored_traces_has_no_first_spans(store: TelemetryStore) -> None:
    store.put_runs([make_run(1, trace_ids=("not hex",))], [], settled_seq=0)
    assert store.first_spans("default", "run-00001", limit=1)[1] == []
    with pytest.raises(NotFound):
        store.first_spans("other", "run-00001", limit=1)
    with pytest.raises(BadInput, match="limit 0"):
        store.first_spans("default", "run-00001", limit=0)
