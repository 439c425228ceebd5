"""The latest values in order: quantiles, forgetting, and where a lower bound is put."""

from __future__ import annotations

import random

import pytest

from quarterdeck.control.estimate.window import Window


def test_a_quantile_is_between_its_neighbours_in_proportion() -> None:
    window = Window(100)
    for value in (4.0, 1.0, 3.0, 2.0):
        window.add(value)
    assert window.quantile(0.5) == pytest.approx(2.5)
    assert window.quantile(0.4) == pytest.approx(2.0)
    assert window.quantile(0.001) == 1.0
    assert window.quantile(0.999) == 4.0


def test_the_oldest_goes_when_it_is_full() -> None:
    window = Window(3)
    for value in (9.0, 1.0, 2.0, 3.0):
        window.add(value)
    assert window.values == [1.0, 2.0, 3.0]
    assert (window.n, window.seen) == (3, 4)
    window.forget(1)
    assert window.values == [3.0]


def test_what_was_cut_is_put_where_runs_beyond_the_cap_are() -> None:
    """Half of the runs are cut at .5 of a uniform amount: with the bounds redistributed the quantiles stay those of all."""
    rng = random.Random(5)
    honest, naive, place = Window(4_000), Window(4_000), 0.5
    for _ in range(3_000):
        took = rng.random()
        if took > 0.5 and rng.random() < 0.5:
            place = (place + 0.618034) % 1.0
            honest.add_beyond(0.5, place, 0.1)
            naive.add(0.5)
        else:
            honest.add(took)
            naive.add(took)
    assert honest.quantile(0.75) == pytest.approx(0.75, abs=0.03)
    assert naive.quantile(0.75) < 0.55


def test_beyond_all_that_was_seen_it_is_put_above() -> None:
    window = Window(5)
    window.add(1.0)
    window.add_beyond(2.0, 0.5, 0.5)
    window.add_beyond(2.0, 0.5, 0.7)
    assert window.values == [1.0, 2.5, 2.7]


def test_it_comes_back_from_its_dump() -> None:
    window = Window(4)
    for value in (5.0, 4.0, 3.0, 2.0, 1.0):
        window.add(value)
    again = Window.load(4, window.dump())
    again.add(9.0)
    assert again.values == [1.0, 2.0, 3.0, 9.0]
