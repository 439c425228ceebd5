"""The demo's change is named within 75 s, and nothing else is: its runs through the patrol, in virtual time."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.sim.demo_play import AFTER_S, CHANGE_S, names_change, new_patrol, play, reached

from quarterdeck.simulate.fleet import FleetPlan, casting

SEEDS = 20
NAMED_MIN = 19
NULL_DEPLOYS = 12
HOUR_S = 3600.0


@pytest.mark.slow
def test_the_change_is_named_within_75_seconds_and_nothing_else_is() -> None:
    named = 0
    for seed in range(1, SEEDS + 1):
        found = reached(play(new_patrol(), FleetPlan(seed=seed, changes_at_s=CHANGE_S), CHANGE_S + AFTER_S))
        others = [told for told in found if not names_change(told.finding) and told.finding.lane != "pooled"]
        assert others == [], f"seed {seed}"
        assert not [told for told in found if told.at_s < CHANGE_S], f"seed {seed}"
        named += any(names_change(told.finding) for told in found)
    assert named >= NAMED_MIN


@pytest.mark.slow
def test_a_new_prompt_that_changes_nothing_raises_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    # An instant cut-over: the first runs to end are the short ones, and those that fail end early. At the promised rate
    # (a deploy may use 2 % of a month's one alarm) one of twelve would be chance once in four hundred times.
    support = casting.ROLES[0]
    same = replace(support, prompts=(support.prompts[0], replace(support.prompts[0], version="v7")))
    monkeypatch.setattr(casting, "ROLES", (same, *casting.ROLES[1:]))
    for seed in range(100, 100 + NULL_DEPLOYS):
        patrol = new_patrol()
        found = reached(play(patrol, FleetPlan(seed=seed, changes_at_s=CHANGE_S), CHANGE_S + 120.0))
        assert [deploy.new for deploy in patrol.deploys()].count("v7") >= 1
        assert found == [], f"seed {seed}"


@pytest.mark.slow
def test_an_hour_without_a_change_is_quiet() -> None:
    patrol = new_patrol()
    assert reached(play(patrol, FleetPlan(seed=3, changes_at_s=None), HOUR_S)) == []
    assert patrol.deploys() == []
    assert 0 < patrol.promise(0).expected_so_far < 0.5
