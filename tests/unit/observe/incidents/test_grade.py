"""Severity follows harm: the written cases, the rules that bound it, and that it can be computed again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from quarterdeck.model.incidents import Facts, Harm, Seen
from quarterdeck.observe.incidents import grade, load_rubric, read_facts
from quarterdeck.observe.incidents.grade import replays_needed

CASES = Path(__file__).parents[3] / "fixtures/severity_cases.yaml"
RUBRIC = load_rubric()


def facts(**changed: Any) -> Facts:
    plain = Facts(
        id="one",
        title="one",
        harms=(Harm("misinformation", True, "yes", "moderate"),),
        rate=Seen(1, 1000),
        traffic_per_day=1000,
        affected_users=1,
        autonomy="advised",
        caught_by="human_after_effect",
        undetected_hours=1,
        domain="general",
        ongoing=False,
        confidence="high",
    )
    return replace(plain, **changed)


def severity(**changed: Any) -> int:
    return grade(facts(**changed), RUBRIC).severity


def kappa(stated: list[int], found: list[int], power: int) -> float:
    """Weighted kappa. Source: Cohen, Psychological Bulletin 70 (1968) 213-220."""
    table = np.zeros((5, 5))
    for pair in zip(stated, found, strict=True):
        table[pair] += 1
    distance = np.abs(np.subtract.outer(np.arange(5), np.arange(5))) ** power
    by_chance = np.outer(table.sum(1), table.sum(0)) / table.sum()
    return float(1 - (distance * table).sum() / (distance * by_chance).sum())


def test_written_cases_agree_with_the_rubric() -> None:
    cases = yaml.safe_load(CASES.read_text())
    stated = [case["severity"] for case in cases]
    found = [grade(read_facts(case), RUBRIC).severity for case in cases]
    assert len(cases) >= 60
    assert kappa(stated, found, 1) >= 0.8
    assert kappa(stated, found, 2) >= 0.9
    assert sum(abs(one - other) > 1 for one, other in zip(stated, found, strict=True)) <= 1


def test_one_filed_invention_is_grave_whoever_few_it_touches() -> None:
    harm = Harm("legal", True, "partly", "serious")
    assert severity(harms=(harm,), rate=Seen(3, 100_000), traffic_per_day=10, domain="legal") <= 1


def test_looks_never_wake_anybody() -> None:
    harm = Harm("quality", True, "no", "minor")
    assert severity(harms=(harm,), rate=Seen(1000, 1000), traffic_per_day=1e7, affected_users=10**6, ongoing=True) == 3


def test_a_fault_at_scale_is_at_least_1_and_one_event_is_not_by_rate_alone() -> None:
    assert severity(rate=Seen(30, 100), traffic_per_day=40_000, affected_users=None) <= 1
    assert severity(rate=Seen(1, 299), traffic_per_day=500, affected_users=1) >= 2


def test_many_light_harms_do_not_dilute_a_grave_one() -> None:
    grave = Harm("medical", True, "no", "catastrophic")
    light = tuple(Harm("quality", True, "yes", "minor") for _ in range(9))
    assert severity(harms=(*light, grave)) == severity(harms=(grave,)) == 0


@pytest.mark.parametrize("case", yaml.safe_load(CASES.read_text()), ids=lambda case: case["id"])
def test_that_it_stopped_never_lowers_a_grade_by_itself(case: dict[str, Any]) -> None:
    """Going on may make it graver; a fact that is graver never makes the grade lighter."""
    read = read_facts(case)
    on = grade(replace(read, ongoing=True), RUBRIC).severity
    assert on <= grade(replace(read, ongoing=False), RUBRIC).severity
    worse = replace(read, undetected_hours=10_000, affected_users=10**6)
    assert grade(worse, RUBRIC).severity <= grade(read, RUBRIC).severity


def test_the_same_facts_give_the_same_words() -> None:
    found = grade(facts(), RUBRIC)
    assert found == grade(facts(), RUBRIC)
    assert found.because[0] == "moderate misinformation harm happened: 2"
    assert found.because[-1] == f"grade {found.severity}"


def test_a_leak_starts_the_clock_of_data_protection() -> None:
    found = grade(facts(harms=(Harm("privacy", True, "no", "moderate"),)), RUBRIC)
    assert [(clock.code, clock.hours) for clock in found.clocks] == [("gdpr_33", 72)]
    assert "confirm with counsel" in found.clocks[0].because
    hazard = grade(facts(harms=(Harm("privacy", False, "no", "moderate"),)), RUBRIC)
    assert hazard.clocks == ()


@pytest.mark.parametrize(("rate", "n"), [(0.3, 9), (0.01, 299), (0.001, 2995)])
def test_replays_that_a_rate_demands(rate: float, n: int) -> None:
    assert replays_needed(rate) == n
