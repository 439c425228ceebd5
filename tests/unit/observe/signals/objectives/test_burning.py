"""How quickly budgets burn: pure, from sums over windows."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from quarterdeck.observe.signals.objectives import PAIRS, WINDOWS_NS, BurnOptions, Objective, ObjectiveNow, stand
from quarterdeck.observe.signals.objectives.burning import HOUR_NS, PERIOD_NS, Pair, factor_of
from quarterdeck.store.spending import Spent

NOW = 1_795_503_600 * 10**9
COST = Objective(name="spend", quantity="cost_usd", budget=720.0)
"""One dollar an hour."""
WORKS = Objective(name="works", quantity="failing", target=0.95)


def windows(usd_per_hour: dict[int, float] | None = None, **counts) -> list[Spent]:
    """`usd_per_hour` by window; other fields are (known, sum) by window length in hours, else nothing."""
    made = []
    for length in WINDOWS_NS:
        hours = length / HOUR_NS
        usd = (usd_per_hour or {}).get(length, 0.0) * hours
        failed, scored = counts.get("runs", {}).get(length, (0, 0))
        bad, scores = counts.get("scores", {}).get(length, (0.0, 0))
        runs = max(scored, int(usd > 0), counts.get("alive", 0))
        known = counts.get("known", runs)
        made.append(Spent(NOW - length, runs, usd, known, 0.0, 0, scored, failed, scores, bad))
    return made


def everywhere(value):
    return dict.fromkeys(WINDOWS_NS, value)


def now(objective: Objective, seen: list[Spent], runs_min: int = 20) -> ObjectiveNow:
    return stand(objective, "default", seen, NOW, runs_min=runs_min)


def states(found: ObjectiveNow) -> list[str]:
    return [pair.state for pair in found.pairs]


def test_windows_and_factors_are_those_of_the_workbook():
    """2 % of the budget of 30 days in 1 h, 5 % in 6 h, 10 % in 3 days."""
    assert [round(pair.factor * pair.long_ns / PERIOD_NS, 4) for pair in PAIRS] == [0.02, 0.05, 0.1]
    assert [pair.long_ns // pair.short_ns for pair in PAIRS] == [12, 12, 12]


def test_a_budget_that_is_spent_evenly_burns_once():
    found = now(COST, windows(everywhere(1.0)))
    assert [(pair.long.value, pair.short.value) for pair in found.pairs] == [(pytest.approx(1), pytest.approx(1))] * 3
    assert (found.spent.value, found.budget, found.used) == (pytest.approx(720), 720, pytest.approx(1))
    assert found.exhausted_in_s == 0


@pytest.mark.parametrize(
    ("hour", "five_minutes", "state"), [(14.5, 14.5, "burning"), (14.5, 14.3, "ok"), (14.3, 30.0, "ok")]
)
def test_both_windows_must_exceed_the_factor(hour, five_minutes, state):
    rates = everywhere(0.1) | {HOUR_NS: hour, HOUR_NS // 12: five_minutes}
    assert states(now(COST, windows(rates))) == [state, "ok", "ok"]


def test_the_end_of_the_budget_is_foreseen_at_the_pace_of_six_hours():
    found = now(COST, windows(everywhere(0.5) | {6 * HOUR_NS: 2.0}))
    assert found.exhausted_in_s == pytest.approx(0.5 / 2 * 30 * 86_400)
    assert found.state == "ok"
    assert now(COST, windows({PERIOD_NS: 0.5})).exhausted_in_s is None


def test_a_budget_that_is_gone_is_exhausted_though_nothing_burns():
    found = now(COST, windows({PERIOD_NS: 1.5}))
    assert (found.state, found.exhausted_in_s, found.used) == ("exhausted", 0, pytest.approx(1.5))


def test_runs_without_a_known_cost_are_not_free():
    found = now(COST, windows(alive=7, known=0))
    assert found.spent.value is None
    assert found.spent.reason == "none of 7 runs has a known cost"
    assert (found.state, found.used, states(found)) == ("insufficient", None, ["insufficient"] * 3)


def test_no_runs_at_all_cost_nothing():
    found = now(COST, windows())
    assert (found.spent.value, found.state) == (0, "ok")


def test_a_share_is_judged_from_twenty_runs_on():
    few = now(WORKS, windows(runs=everywhere((15, 19))))
    assert (few.state, few.pairs[0].long.reason, few.pairs[0].long.n_needed) == (
        "insufficient", "19 of the 20 that it takes to judge", 20,
    )  # fmt: skip
    enough = now(WORKS, windows(runs=everywhere((15, 20))))
    assert states(enough) == ["burning"] * 3
    assert enough.pairs[0].long.value == pytest.approx(0.75 / 0.05)
    assert enough.pairs[0].long.low < 15 < enough.pairs[0].long.high
    assert (enough.budget, enough.spent.value) == (pytest.approx(0.05), pytest.approx(0.75))


def test_a_share_that_may_be_chance_is_not_told():
    """2 of 30 are 1.3 times what the target allows, and their interval reaches below it; 400 of 6,000 are no chance."""
    assert states(now(WORKS, windows(runs=everywhere((2, 30)))))[2] == "ok"
    assert states(now(WORKS, windows(runs=everywhere((400, 6000)))))[2] == "burning"


def test_nothing_ended_is_not_enough():
    found = now(WORKS, windows())
    assert (found.state, found.spent.reason) == ("insufficient", "no run ended in this time")
    runs = everywhere((20, 20)) | {HOUR_NS // 12: (0, 0)}
    assert states(now(WORKS, windows(runs=runs)))[0] == "insufficient"


def test_scores_are_judged_like_shares():
    objective = Objective(name="liked", quantity="score:thumbs", target=0.9)
    found = now(objective, windows(scores=everywhere((30.0, 40))))
    assert (found.unit, found.spent.value) == ("1 - score", 0.75)
    assert found.pairs[0].long.value == pytest.approx(7.5)


@pytest.mark.parametrize(("target", "factor"), [(0.99, 14.4), (0.95, 14.4), (0.9, 8.0), (0.5, 1.6), (0.1, 1.0)])
def test_a_loose_target_has_factors_that_can_be_reached(target, factor):
    """All runs failing burn 1 / (1 - target) times: the factor stays below."""
    objective = Objective(name="o", quantity="failing", target=target)
    assert factor_of(objective, PAIRS[0]) == pytest.approx(factor)
    assert factor_of(objective, PAIRS[0]) <= 1 / (1 - target)
    assert factor_of(COST, Pair(2, 1, 14.4)) == 14.4


def test_tokens_have_a_budget_too():
    objective = Objective(name="tokens", quantity="tokens_total", budget=720_000)
    seen = [Spent(NOW - length, 5, 0.0, 0, 15_000 * length / HOUR_NS, 5, 0, 0, 0, 0.0) for length in WINDOWS_NS]
    found = now(objective, seen)
    assert states(found) == ["burning"] * 3
    assert found.unit == "tokens"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"quantity": "cost"}, "expected cost_usd, tokens_total, failing or score:NAME"),
        ({"quantity": "score:"}, "expected cost_usd"),
        ({"budget": None}, "takes a budget and no target"),
        ({"target": 0.5}, "takes a budget and no target"),
        ({"quantity": "failing"}, "takes a target and no budget"),
        ({"match": {"model": "m"}}, "'feature', 'tenant', 'agent' or 'environment'"),
        ({"budget": 0}, "greater than 0"),
        ({"colour": "red"}, "Extra inputs"),
        ({"name": ""}, "at least 1 character"),
    ],
)
def test_an_objective_that_cannot_be_is_refused_with_what_was_expected(changes, expected):
    with pytest.raises(ValidationError, match=expected.replace("(", r"\(")):
        Objective.model_validate({"name": "spend", "quantity": "cost_usd", "budget": 5.0} | changes)


def test_each_objective_has_a_name_of_its_own():
    with pytest.raises(ValidationError, match="objective 'spend' is named twice"):
        BurnOptions(objectives=(COST, COST))


def test_an_objective_in_words():
    objective = Objective(name="spend", quantity="cost_usd", budget=5000, match={"feature": "chat"})
    assert str(objective) == "spend (cost_usd of feature=chat: at most 5,000 in 30 days)"
    assert str(WORKS) == "works (failing of all runs: 0.95 well)"
