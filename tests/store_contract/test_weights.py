"""Weights of runs, summed up the same by every engine."""

from __future__ import annotations

import pytest

from quarterdeck.store.interface import TelemetryStore
from quarterdeck.store.weights import RunWeights

from .builders import MINUTE_NS, START_NS, make_run


def test_weights_are_summed_and_unknown_ones_counted_apart(store: TelemetryStore) -> None:
    weights = [1.0, 1.0, 10.0, 4.5, None]
    runs = [make_run(n, weight=weight) for n, weight in enumerate(weights)]
    runs += [make_run(7, project="other", weight=100.0), make_run(8, started_at_ns=START_NS + 2 * MINUTE_NS)]
    store.put_runs(runs, [], settled_seq=0)
    found = store.run_weights("default", START_NS, START_NS + MINUTE_NS)
    assert (found.known, found.sampled, found.unknown) == (4, 2, 1)
    assert (found.total, found.excess) == (pytest.approx(16.5), pytest.approx(90 + 4.5 * 3.5))


def test_an_empty_window_has_none(store: TelemetryStore) -> None:
    assert store.run_weights("default", START_NS, START_NS + MINUTE_NS) == RunWeights(0, 0, 0, 0.0, 0.0)


def test_the_weight_of_a_run_comes_back(store: TelemetryStore) -> None:
    store.put_runs([make_run(1, weight=10.0), make_run(2, weight=None), make_run(3)], [], settled_seq=0)
    assert [store.get_run("default", f"run-{n:05d}").weight for n in (1, 2, 3)] == [10.0, None, 1.0]
