"""Evidence grows as the published arithmetic says, and false alarms stay under their promise."""

import numpy as np
import pytest

from quarterdeck.stats import BET_SIZES, EDetector, EProcess, alarm_threshold, bet

PATTERN = (1, 0, 0, 0, 0) * 20


def test_the_reference_pattern_gives_the_reference_evidence():
    process, detector = EProcess(0.1), EDetector(0.1)
    for x in PATTERN:
        process.update(x)
        detector.update(x)
    assert process.value == pytest.approx(16.914780, abs=5e-6)
    assert detector.value == pytest.approx(363.090150, abs=5e-6)
    assert process.n == detector.n == 100


def test_a_bet_on_a_coin_is_a_likelihood_ratio():
    m = 0.1
    for size, won, lost in zip(BET_SIZES, bet(1, m), bet(0, m), strict=True):
        rate = m + size * (1 - m)
        assert won == pytest.approx(rate / m)
        assert lost == pytest.approx((1 - rate) / (1 - m))


@pytest.mark.parametrize("side", ["upper", "lower"])
def test_a_bet_is_fair_at_the_mean(side):
    m = 0.3
    assert m * bet(1, m, side=side) + (1 - m) * bet(0, m, side=side) == pytest.approx(np.ones(len(BET_SIZES)))


def test_false_rejections_stay_under_alpha_at_any_stopping_time():
    rng = np.random.default_rng(7)
    rejected = 0
    for _ in range(400):
        process = EProcess(0.1)
        rejected += any(process.update(x) >= 20 for x in rng.random(300) < 0.1)
    assert rejected / 400 <= 0.05


def test_the_lower_side_finds_what_got_better():
    worse, better = EProcess(0.5), EProcess(0.5, side="lower")
    for x in (0.1, 0.2, 0.15, 0.0, 0.3) * 20:
        worse.update(x)
        better.update(x)
    assert better.value > 1e6
    assert worse.value < 0.1


def test_months_of_change_do_not_overflow():
    detector = EDetector(0.01)
    for _ in range(3_000):
        detector.update(1)
    assert np.isfinite(detector.value)


def test_a_reset_forgets():
    detector = EDetector(0.1)
    detector.update(1)
    detector.reset()
    assert detector.value == 0
    assert detector.n == 0


def test_what_cannot_be_a_bounded_metric_is_refused():
    with pytest.raises(ValueError, match=r"0\.\.1"):
        EProcess(0.1).update(1.5)
    with pytest.raises(ValueError, match="between 0 and 1"):
        EProcess(1.0)
    with pytest.raises(ValueError, match="between 0 and 1"):
        EDetector(0.1).update(1, m=0)
    with pytest.raises(ValueError, match=r"0\.\.1"):
        EProcess(0.1).update(float("nan"))


def test_the_threshold_of_a_stream_is_its_part_of_the_budget():
    assert alarm_threshold(15_000, 1, 0.3 / 200) == pytest.approx(1e7)
    with pytest.raises(ValueError, match="share"):
        alarm_threshold(100, 1, 0)
