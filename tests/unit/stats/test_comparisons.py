"""New against old, pairs, many questions, slices, texts and names."""

import numpy as np
import pytest

from quarterdeck.stats import (
    Estimate,
    Insufficient,
    TwoSample,
    ebh,
    holm,
    merge,
    mmd_hamming,
    name_level_interval,
    scan,
    signflip,
)

DIFFERENCES = (0.1, -0.05, 0.2, 0.15, 0.05, 0.12, -0.02, 0.18, 0.07, 0.11)


def test_a_shared_shock_is_no_evidence():
    rng = np.random.default_rng(11)
    rejected = 0
    for _ in range(200):
        test = TwoSample()
        shock = np.clip(0.1 + rng.normal(0, 0.03, 10), 0.01, 1).repeat(30)
        rejected += any(test.update(int(rng.random() < p), [int(rng.random() < p)]) >= 20 for p in shock)
    assert rejected / 200 <= 0.05


def test_a_worse_version_is_found():
    rng = np.random.default_rng(12)
    test = TwoSample()
    steps = next(n for n in range(5_000) if test.update(int(rng.random() < 0.3), list(rng.random(3) < 0.1)) >= 1_000)
    assert steps < 400
    assert test.blocks == steps + 1


def test_a_block_needs_a_control():
    with pytest.raises(ValueError, match="old version"):
        TwoSample().update(1, [])
    with pytest.raises(ValueError, match=r"0\.\.1"):
        TwoSample().update(2, [0])


def test_signflip_gives_the_reference_value():
    assert signflip(DIFFERENCES, lambdas=[4]) == pytest.approx(13.133731, abs=5e-7)
    assert signflip([-d for d in DIFFERENCES]) == pytest.approx(signflip(DIFFERENCES))
    assert signflip([]) == 1
    with pytest.raises(ValueError, match="finite"):
        signflip([float("inf")])


def test_ebh_names_the_reference_positions():
    assert ebh([50, 25, 14, 3, 1], 0.2).tolist() == [0, 1, 2]
    assert ebh([50, 25, 14, 3, 1], 0.1).tolist() == [0, 1]
    assert ebh([1, 1], 0.1).tolist() == []
    assert ebh([], 0.1).tolist() == []


def test_merging_is_a_weighted_mean():
    assert merge([1, 3]) == 2
    assert merge([1, 3], [3, 1]) == 1.5
    with pytest.raises(ValueError, match="nothing"):
        merge([])


def test_holm_steps_down():
    assert holm([0.01, 0.04, 0.03]).tolist() == pytest.approx([0.03, 0.06, 0.06])
    with pytest.raises(ValueError, match="p-values"):
        holm([1.5])


def test_the_scan_names_the_pair_that_got_worse():
    rng = np.random.default_rng(13)
    tools, versions = rng.choice(list("abcd"), 3_000), rng.choice(["v1", "v2", "v3"], 3_000)
    bad = (tools == "b") & (versions == "v2")
    failed = rng.random(3_000) < np.where(bad, 0.4, 0.1)
    slices = scan(failed, 0.1, {"tool": list(tools), "version": list(versions)})
    assert slices[0].where == {"tool": "b", "version": "v2"}
    assert slices[0].n == int(bad.sum())
    assert slices[0].score > 10
    untouched = scan(rng.random(3_000) < 0.1, 0.1, {"tool": list(tools), "version": list(versions)})
    assert untouched[0].score < 3
    assert scan([], 0.1, {}) == []


def test_two_sets_of_answers_of_one_model_agree_and_of_two_do_not():
    rng = np.random.default_rng(14)

    def answers(yes):
        return [["yes" if rng.random() < yes else "no" for _ in range(20)] for _ in range(30)]

    _, p_changed = mmd_hamming(answers(0.5), answers(0.85), rng, permutations=300)
    _, p_same = mmd_hamming(answers(0.5), answers(0.5), rng, permutations=300)
    assert p_changed == pytest.approx(1 / 301)
    assert p_same > 0.01
    with pytest.raises(ValueError, match="two answers"):
        mmd_hamming([["a"]], [["b", "c"]], rng)


def test_names_are_the_unit():
    rng = np.random.default_rng(15)
    covered = 0
    for _ in range(200):
        group, reference = (np.clip(rng.normal(0.3, 0.09, 30), 0.01, 1) for _ in range(2))
        found = name_level_interval(group, reference)
        assert isinstance(found, Estimate)
        covered += found.low <= 1 <= found.high
    assert 0.9 <= covered / 200 <= 0.99
    assert isinstance(name_level_interval([0.1] * 4, [0.1] * 40), Insufficient)
    assert isinstance(name_level_interval([0.0] * 10, [0.1] * 10), Insufficient)
