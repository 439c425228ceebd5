"""The usual course of a week is told from chance, and taken out of what is tested."""

import numpy as np
import pytest

from quarterdeck.stats import DetectorBank, Season


def test_factors_are_recovered_and_chance_is_not_a_season():
    rng = np.random.default_rng(41)
    slots = np.tile(np.arange(28), 20_000)
    wave = 1 + 0.2 * np.sin(2 * np.pi * np.arange(28) / 28)
    season, flat = Season(28), Season(28)
    season.learn(slots, rng.random(len(slots)) < 0.1 * wave[slots])
    flat.learn(slots[:2_800], rng.random(2_800) < 0.1)
    assert season.factors() == pytest.approx(wave, abs=0.08)
    assert flat.factors() == pytest.approx(np.ones(28), abs=0.25)
    assert Season(3).factors().tolist() == [1, 1, 1]


def test_a_slot_outside_the_period_is_refused():
    with pytest.raises(ValueError, match=r"0\.\.6"):
        Season(7).learn([7], [0])
    with pytest.raises(ValueError, match="at least one slot"):
        Season(0)


def test_a_scaled_observation_is_compared_with_its_own_mean():
    bank = DetectorBank(np.array([np.inf, np.inf]), 100, 1_000, tolerance=0, learn=False)
    bank.update([0.2, 0.2], scale=[2.0, 1.0])
    assert bank.value[0] == pytest.approx(1, abs=0.01)
    assert bank.value[1] > 1.2
    with pytest.raises(ValueError, match="positive"):
        bank.update([0.2, 0.2], scale=0)
