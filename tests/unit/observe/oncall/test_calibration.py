"""Stated probabilities against what turned out: nothing is said below a hundred, and then what is off is named."""

from __future__ import annotations

import numpy as np

from quarterdeck.model.oncall import Forecast
from quarterdeck.observe.oncall.calibration import calibration_of


def forecasts(stated: float, true: float, n: int, seed: int = 3) -> list[Forecast]:
    random = np.random.default_rng(seed)
    return [
        Forecast("default", str(i), "ann", stated, i, real=bool(random.random() < true), decided_ns=i) for i in range(n)
    ]


def test_below_a_hundred_only_the_number_is_said() -> None:
    found = calibration_of([*forecasts(0.8, 0.6, 99), Forecast("default", "open", "ann", 0.5, 0)])
    assert (found.stated, found.decided, found.needed) == (100, 99, 1)
    assert found.brier is None
    assert found.tenths is None


def test_a_team_that_states_too_much_is_told_so_and_a_calibrated_one_is_not() -> None:
    def found(true: float, seed: int) -> str:
        tenths = calibration_of(forecasts(0.8, true, 200, seed)).tenths
        assert tenths is not None
        return tenths[0].found

    assert [found(0.6, seed) for seed in range(20)].count("too high") >= 19
    assert [found(0.8, seed) for seed in range(40)].count("fits") >= 36
    assert [found(0.97, seed) for seed in range(20)].count("too low") >= 19
