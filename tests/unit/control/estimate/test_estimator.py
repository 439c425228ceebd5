"""What an estimate says with much history, with little and with none."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import replace

import pytest

import quarterdeck as qd
from quarterdeck.control.estimate import RULES, Estimator
from quarterdeck.control.estimate.state import VERSION, pack
from quarterdeck.errors import BadInput
from quarterdeck.model.estimates import Ended, Identity, Spread, Task

TRIAGE = Identity("triage", "gpt-5")


def _runs(
    n: int, *, seed: int = 3, tasks: int = 20, identity: Identity = TRIAGE, level: float = 10.0
) -> Iterator[Ended]:
    """Tasks differ by a factor of two, repeats by a quarter."""
    rng = random.Random(seed)
    sizes = [rng.gauss(0, 0.7) for _ in range(tasks)]
    for _ in range(n):
        task = rng.randrange(tasks)
        total = math.exp(level + sizes[task] + rng.gauss(0, 0.25))
        yield Ended(Task(key=f"t{task}"), identity, {"tokens_total": total, "steps": max(1.0, total / 3_000)})


def _learned(n: int, **given: int) -> Estimator:
    estimator = Estimator()
    for run in _runs(n, **given):
        estimator.learn(run)
    return estimator


def _total(
    estimator: Estimator, key: str | None = None, identity: Identity = TRIAGE, text: str | None = None
) -> Spread:
    return estimator.estimate(Task(key=key, text=text), identity).spreads["tokens_total"]


def test_public_names_are_these() -> None:
    assert qd.Estimator is Estimator
    assert (qd.Task, qd.Identity, qd.Ended) == (Task, Identity, Ended)


def test_one_quantity_alone_says_the_same_as_the_whole_estimate() -> None:
    estimator = _learned(300)
    for key in ("t4", "new", None):
        for identity in (TRIAGE, Identity("other", "gpt-5")):
            whole = estimator.estimate(Task(key=key), identity).spreads
            assert estimator.spread(Task(key=key), identity, "tokens_total") == whole["tokens_total"]
            assert estimator.spread(Task(key=key), identity, "cost_usd") == whole.get("cost_usd")
    with pytest.raises(BadInput, match="no quantity 'tokens'"):
        estimator.spread(Task(), TRIAGE, "tokens")


def test_nothing_known_is_cold_wide_and_says_so() -> None:
    estimate = Estimator().estimate(Task(), Identity("new", "any"))
    spread = estimate.spreads["tokens_total"]
    assert estimate.cold
    assert estimate.confidence == "low"
    assert "published figures" in estimate.why
    assert estimate.warnings
    assert spread.q90 / spread.q10 > 50
    assert [rung.rung for rung in estimate.basis] == ["prior"]


def test_an_agent_never_seen_stays_cold_and_wide_beside_known_ones() -> None:
    estimator = _learned(400)
    known, new = _total(estimator), _total(estimator, identity=Identity("other", "gpt-5"))
    assert estimator.estimate(Task(), Identity("other", "gpt-5")).cold
    assert not estimator.estimate(Task(), TRIAGE).cold
    assert new.q90 / new.q10 > 2 * known.q90 / known.q10


def test_repeats_of_a_task_make_its_estimate_sharper_and_put_it_right() -> None:
    estimator = _learned(600)
    took = [run.spent["tokens_total"] for run in _runs(600) if run.task.key == "t4"]
    of_task, of_agent = _total(estimator, "t4"), _total(estimator, "unheard of")
    assert of_task.q50 == pytest.approx(sorted(took)[len(took) // 2], rel=0.2)
    assert math.log(of_task.q90 / of_task.q10) < 0.6 * math.log(of_agent.q90 / of_agent.q10)
    estimate = estimator.estimate(Task(key="t4"), TRIAGE)
    assert estimate.confidence == "high"
    assert "the same task" in estimate.why
    assert sum(rung.weight for rung in estimate.basis) == pytest.approx(1.0, abs=0.01)


def test_another_model_leans_on_the_task_at_its_own_level() -> None:
    """The same tasks with a model that takes three times as much: what one learned of a task serves the other."""
    other = Identity("triage", "verbose")
    estimator = _learned(400)
    for run in list(_runs(60, identity=other, level=10.0 + math.log(3)))[:60]:
        if run.task.key != "t4":
            estimator.learn(run)
    first, second = _total(estimator, "t4"), _total(estimator, "t4", other)
    assert second.q50 / first.q50 == pytest.approx(3.0, rel=0.35)


def test_quantiles_are_kept_by_as_many_runs_as_they_say() -> None:
    estimator, under = Estimator(), [0, 0, 0, 0]
    scored = 0
    for at, run in enumerate(_runs(3_000)):
        if at >= 200:
            scored += 1
            spread = estimator.estimate(run.task, run.identity).spreads["tokens_total"]
            under = [n + (run.spent["tokens_total"] <= q) for n, q in zip(under, spread, strict=True)]
        estimator.learn(run)
    assert [n / scored for n in under] == pytest.approx([0.1, 0.5, 0.9, 0.99], abs=0.02)


def test_ignoring_that_runs_were_cut_is_biased_and_counting_them_is_less() -> None:
    """A cap cuts three runs in ten. The true 0.9 quantile lies beyond it; who takes the cap for the end never sees that."""
    rng = random.Random(8)
    honest, naive, dropped = Estimator(), Estimator(), Estimator()
    totals = [math.exp(10 + rng.gauss(0, 0.6)) for _ in range(1_500)]
    ordered = sorted(totals)
    cap, truth = ordered[int(0.7 * len(ordered))], ordered[int(0.9 * len(ordered))]
    for total in totals:
        cut = total > cap
        run = Ended(Task(), TRIAGE, {"tokens_total": min(total, cap)}, finished=not cut)
        honest.learn(run)
        naive.learn(replace(run, finished=True))
        if not cut:
            dropped.learn(run)
    assert 1.1 * cap < _total(honest).q90 < 1.2 * truth
    assert _total(honest).q99 > truth
    assert _total(naive).q90 <= 1.02 * cap
    assert _total(naive).q99 < 1.1 * cap
    assert _total(dropped).q90 < 0.98 * cap


def test_zero_is_not_reported_and_nonsense_is_refused() -> None:
    estimator = _learned(100)
    before = _total(estimator)
    estimator.learn(Ended(Task(), TRIAGE, {"tokens_total": 0.0}, finished=False))
    assert _total(estimator) == before
    assert estimator.estimate(Task(), TRIAGE).basis[-1].censored == 1
    with pytest.raises(BadInput, match="at least 0"):
        estimator.learn(Ended(Task(), TRIAGE, {"tokens_total": -1.0}))
    with pytest.raises(BadInput, match="at least 0"):
        estimator.learn(Ended(Task(), TRIAGE, {"tokens_total": math.nan}))
    with pytest.raises(BadInput, match="no quantity"):
        estimator.learn(Ended(Task(), TRIAGE, {"tokens": 1.0}))


def test_a_level_that_moves_is_followed_within_forty_runs() -> None:
    estimator = _learned(500)
    before = _total(estimator).q50
    for run in list(_runs(40, seed=3, level=10.0 + math.log(3))):
        estimator.learn(run)
    assert _total(estimator).q50 > 2.2 * before


def test_forgetting_on_demand_makes_the_next_runs_count() -> None:
    estimator, slow = _learned(500), _learned(500)
    estimator.forget(TRIAGE, keep=2)
    for run in _runs(4, level=10.0 + math.log(3)):
        estimator.learn(run)
        slow.learn(run)
    assert _total(estimator).q50 > 1.3 * _total(slow).q50


def test_a_new_version_has_a_level_of_its_own_that_leans_on_the_agent() -> None:
    estimator = _learned(300)
    new = TRIAGE._replace(prompt_version="v2")
    for run in _runs(40, identity=new, level=10.0 + math.log(2)):
        estimator.learn(run)
    assert (
        _total(estimator, identity=new).q50 > 1.2 * _total(estimator, identity=TRIAGE._replace(prompt_version="v3")).q50
    )


def test_texts_with_like_words_are_like() -> None:
    estimator = Estimator()
    rng = random.Random(4)
    for at in range(400):
        refund = at % 2 == 0
        text = f"customer {'refund dispute chargeback' if refund else 'greeting small talk'} case"
        total = math.exp((11 if refund else 9) + rng.gauss(0, 0.3))
        estimator.learn(Ended(Task(key=f"k{at}", text=text), TRIAGE, {"tokens_total": total}))
    large = _total(estimator, "new-1", text="a refund dispute with chargeback")
    small = _total(estimator, "new-2", text="greeting and small talk")
    assert large.q50 > 2 * small.q50


def test_the_same_history_gives_the_same_bytes_and_comes_back() -> None:
    first, second = _learned(200), _learned(200)
    assert first.dump() == second.dump()
    again = Estimator.load(first.dump())
    assert again.gauges() == first.gauges()
    for key in ("t1", "t5", None):
        assert list(_total(again, key)) == pytest.approx(list(_total(first, key)), rel=0.1)
    again.learn(next(_runs(1)))
    assert again.gauges()["runs"] == 201


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (b"", "not the state"),
        (b"PK\x03\x04 something", "not the state"),
        (b"quarterdeck-estimates %d\n" % (VERSION + 1), "has version"),
        (b"quarterdeck-estimates %d\nrubbish" % VERSION, "damaged"),
        (pack({"cells": [], "models": []}), "damaged"),
        (pack({"cells": [["a"]], "models": [], "forgotten": 0}), "damaged"),
    ],
)
def test_bytes_that_are_not_its_state_are_refused(told: bytes, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        Estimator.load(told)


def test_memory_is_bounded_and_what_had_to_go_is_counted() -> None:
    estimator = Estimator(rules=replace(RULES, cells_max=50))
    for at in range(200):
        estimator.learn(Ended(Task(key=f"t{at}"), TRIAGE, {"tokens_total": 1_000.0 + at}))
    gauges = estimator.gauges()
    assert gauges["cells"] == gauges["cells_max"] == 50
    assert gauges["cells_forgotten"] > 300
    assert estimator.estimate(Task(key="t199"), TRIAGE).basis[0].rung == "task"
    assert estimator.estimate(Task(key="t0"), TRIAGE).basis[0].rung == "agent_model"


def test_a_tier_is_chosen_from_the_estimate() -> None:
    estimator = _learned(300)
    tiers = (
        qd.Tier("direct", "direct", ceilings={"tokens_total": 1_000}),
        qd.Tier("agent", "agent", ceilings={"tokens_total": 1e6}),
    )
    choice = estimator.tier(Task(key="t1"), TRIAGE, tiers)
    assert (choice.tier.name, choice.ask) == ("agent", False)
    assert estimator.tier(Task(), Identity("unknown"), tiers).ask
