"""A new answer among fresh reference answers."""

import numpy as np
import pytest

from quarterdeck.stats import ExchangeProcess, exchange_e


def test_one_step_has_mean_one_whoever_is_the_new_one():
    scores = [0.2, 3.0, 1.1, 0.0, 7.0]
    steps = [exchange_e(one, scores[:i] + scores[i + 1 :]) for i, one in enumerate(scores)]
    assert np.mean(steps) == pytest.approx(1)
    assert exchange_e(0, [0, 0]) == 1


def test_a_shift_is_found_and_no_shift_is_not():
    rng = np.random.default_rng(31)

    def evidence(shift):
        process = ExchangeProcess()
        return max(process.update(np.exp(rng.normal(shift)), np.exp(rng.normal(size=4))) for _ in range(300))

    assert min(evidence(1.0) for _ in range(20)) > 100
    assert np.mean([evidence(0.0) >= 20 for _ in range(200)]) <= 0.05


def test_bad_scores_are_refused():
    with pytest.raises(ValueError, match="scores >= 0"):
        exchange_e(-1, [1])
    with pytest.raises(ValueError, match="at least one reference"):
        exchange_e(1, [])
