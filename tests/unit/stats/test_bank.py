"""Hundreds of streams in one step answer what each would alone."""

import numpy as np
import pytest

from quarterdeck.stats import Baseline, DetectorBank, EDetector


def test_a_bank_equals_its_detectors():
    rng = np.random.default_rng(21)
    rates = np.array([0.05, 0.2, 0.5])
    bank = DetectorBank(np.full(3, np.inf), rates * 100, 100)
    alone = [(EDetector(0.5), Baseline(rate * 100, 100)) for rate in rates]
    for _ in range(300):
        x = np.round(rng.random(3), 1)
        bank.update(x)
        for i, (detector, baseline) in enumerate(alone):
            detector.update(x[i], baseline.m)
            alone[i] = (detector, baseline.absorb(x[i]))
    assert bank.value == pytest.approx([detector.value for detector, _ in alone])
    assert bank.mean == pytest.approx([baseline.m for _, baseline in alone])


def test_only_the_streams_named_are_touched_and_an_alarm_begins_anew():
    bank = DetectorBank(np.array([[10.0, 10.0], [1e6, 10.0]]), 1, 10, learn=False)
    alarms = [bank.update([1.0], at=([0], [1]))[0]]
    while not alarms[-1]:
        assert bank.value[0, 1] > 0
        alarms.append(bank.update([1.0], at=([0], [1]))[0])
    assert len(alarms) > 1
    assert bank.value[0, 1] == 0
    assert bank.value[0, 0] == bank.value[1, 1] == 0
    assert bank.n[0, 1] == 10


def test_long_changes_do_not_overflow():
    bank = DetectorBank(np.array([np.inf]), 0, 100, learn=False)
    for _ in range(500):
        bank.update([1.0])
    assert np.isfinite(bank.value).all()


def test_impossible_input_is_refused():
    with pytest.raises(ValueError, match="0 <= k <= n"):
        DetectorBank(np.ones(2), 2, 1)
    with pytest.raises(ValueError, match=r"0\.\.1"):
        DetectorBank(np.ones(2), 0, 1).update([2, 0])


def test_streams_can_be_added_one_by_one():
    bank = DetectorBank(np.zeros(0), 0, 0)
    assert [bank.add(1e9, 1, 10), bank.add(1e9, 5, 10, tolerance=0.0)] == [0, 1]
    bank.update([1.0], at=[1])
    assert bank.value[0] == 0
    assert bank.value[1] > 1
    assert bank.mean[0] == pytest.approx(1.5 / 11 * 1.1)
    with pytest.raises(ValueError, match="one axis"):
        DetectorBank(np.ones((2, 2)), 0, 1).add(1.0)
