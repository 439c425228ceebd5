"""Live re-estimates: calibrated on simulated agents, not fooled by cut runs, wiser with each step; the advice and its price."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from quarterdeck.control.tasks.advice import Advice
from quarterdeck.control.tasks.live import LiveEstimate
from quarterdeck.control.tasks.paths import Path, Paths, Step, bin_of
from quarterdeck.errors import BadInput
from quarterdeck.model.estimates import Estimate, Quantity, Spread

SEED = 4_711


def agent_run(random: np.random.Generator, *, hard: bool = False, cap: int | None = None) -> Path:
    """A run whose context grows; a hard one errs, takes longer and seldom succeeds. `cap`: it is cut after so many steps."""
    length = int(random.geometric(0.04 if hard else 0.12)) + 2
    context, steps = float(random.uniform(1_500, 2_500)), []
    for _ in range(length if cap is None else min(length, cap)):
        output = float(random.lognormal(5.0, 0.5))
        steps.append(Step(context, output, bool(random.random() < (0.5 if hard else 0.03)), False))
        context += output + float(random.lognormal(5.5, 0.6))
    return Path("a", steps, cap is None or length <= cap, bool(random.random() < (0.1 if hard else 0.9)))


def learned(n: int = 1_500, **changes: Any) -> Paths:
    random, paths = np.random.default_rng(SEED), Paths()
    for number in range(n):
        paths.learn(agent_run(random, hard=number % 3 == 0, **changes))
    return paths


@pytest.fixture(scope="module")
def paths() -> Paths:
    return learned()


def tell(live: LiveEstimate, steps: Any) -> LiveEstimate:
    for step in steps:
        live.step(step.tokens_input, step.tokens_output, step.error, step.repeat)
    return live


def total(path: Path) -> float:
    return sum(step.tokens_input + step.tokens_output for step in path.steps)


@pytest.mark.parametrize("k", [2, 6, 12])
def test_quantiles_hold_what_they_say_after_k_steps(paths: Paths, k: int) -> None:
    random, below = np.random.default_rng(SEED + k), []
    while len(below) < 600:
        run = agent_run(random, hard=len(below) % 3 == 0)
        if len(run.steps) > k:
            spread = tell(LiveEstimate(paths, "a"), run.steps[:k]).estimate().spreads["tokens_total"]
            below.append([total(run) <= most for most in spread])
    found = np.mean(below, axis=0)
    assert found == pytest.approx([0.1, 0.5, 0.9, 0.99], abs=0.08), f"seed {SEED + k}: {found}"


def test_each_step_leaves_less_to_guess(paths: Paths) -> None:
    random = np.random.default_rng(SEED)
    run = next(run for run in iter(lambda: agent_run(random), None) if len(run.steps) > 15)
    live, widths = LiveEstimate(paths, "a"), []
    for step in run.steps[:15]:
        tell(live, [step])
        spread = live.estimate().spreads["tokens_total"]
        assert spread.q10 > live.spent()["tokens_total"]
        widths.append(spread.q90 / spread.q10)
    assert widths[-1] < widths[0]


def test_leaving_cut_runs_out_makes_every_remainder_too_short() -> None:
    """Cut at 12 steps: the long runs are known from below only."""
    random, full, kept = np.random.default_rng(SEED), Paths(), Paths()
    for number in range(1_500):
        run = agent_run(random, hard=number % 3 == 0, cap=12)
        full.learn(run)
        if run.finished:
            kept.learn(run)
    truth = [len(agent_run(random, hard=number % 3 == 0).steps) for number in range(3_000)]
    true_q90 = float(np.quantile([length for length in truth if length > 3], 0.9))
    told = [Step(2_000.0 + 300 * n, 150.0) for n in range(3)]
    with_cut, without = (tell(LiveEstimate(one, "a"), told).estimate().spreads["steps"].q90 for one in (full, kept))
    assert without <= 12 < true_q90
    assert with_cut == pytest.approx(true_q90, rel=0.35)


def test_errors_tell_of_failure_and_earlier_runs_of_the_task_too(paths: Paths) -> None:
    good, bad = (
        tell(LiveEstimate(paths, "a"), [Step(2_000, 150, error) for _ in range(4)]).p_success()
        for error in (False, True)
    )
    assert good is not None
    assert bad is not None
    assert good > 0.65 > 0.5 > bad
    own = learned(200)
    for _ in range(5):
        own.learn(Path("a", [Step(2_000, 150)] * 4, True, False, "t"))
    known, other = (tell(LiveEstimate(own, "a", task=task), [Step(2_000, 150)]).p_success() for task in ("t", "u"))
    assert known is not None
    assert other is not None
    assert known < other / 2


def test_without_outcomes_nobody_claims_success() -> None:
    own = Paths()
    own.learn(Path("a", [Step(100, 10)] * 3))
    live = tell(LiveEstimate(own, "a"), [Step(100, 10)])
    assert live.p_success() is None
    advice = live.advice()
    assert (advice.p_success, advice.if_wrong["stop"].success, advice.if_wrong["go_on"].tokens) == (None, None, None)


BEFORE = Estimate(
    {"tokens_total": Spread(10_000, 20_000, 40_000, 80_000), "steps": Spread(4, 8, 16, 32), "cost_usd": Spread(0.1, 0.2, 0.4, 0.8)},
    "high", cold=False, basis=(), why="41 runs of a",
)  # fmt: skip


def test_without_history_of_the_group_the_earlier_estimate_is_cut_at_what_is_spent() -> None:
    live = tell(LiveEstimate(Paths(), "a", before=BEFORE), [Step(15_000, 5_000)])
    found = live.estimate()
    assert found.spreads["tokens_total"].q10 > 20_000
    assert found.spreads["tokens_total"].q50 == pytest.approx(32_000, rel=0.15)
    assert (found.confidence, found.cold) == ("high", False)
    assert "41 runs of a" in found.why
    assert "seconds" not in found.spreads


def test_without_anything_nothing_is_claimed() -> None:
    live = tell(LiveEstimate(Paths(), "a"), [Step(10, 1)])
    found = live.estimate()
    assert (found.spreads, found.cold, found.confidence) == ({}, True, "low")
    assert live.advice({"tokens_total": 100}).action == "go_on"
    assert live.fits("tokens_total", 100) is None


def test_dollars_and_seconds_follow_where_every_step_said_them(paths: Paths) -> None:
    live = LiveEstimate(paths, "a")
    live.step(2_000, 200, cost_usd=0.011, seconds=2.0)
    spreads = live.estimate().spreads
    assert spreads["cost_usd"].q50 == pytest.approx(spreads["tokens_total"].q50 * 5e-6)
    assert spreads["seconds"].q50 == pytest.approx(2.0 * spreads["steps"].q50)
    live.step(2_300, 200, cost_usd=0.011)
    assert "seconds" not in live.estimate().spreads
    assert "cost_usd" in live.spent()


def advice(live: LiveEstimate, **ceilings: float) -> Advice:
    names: dict[str, Quantity] = {"tokens_total": "tokens_total", "steps": "steps"}
    return live.advice({names[name]: value for name, value in ceilings.items()})


def test_advice_under_ceilings_from_wide_to_narrow(paths: Paths) -> None:
    live = tell(LiveEstimate(paths, "a"), [Step(2_000 + 300 * n, 150) for n in range(4)])
    q90, spent = live.estimate().spreads["tokens_total"].q90, live.spent()["tokens_total"]
    assert advice(live, tokens_total=q90 * 1.5).action == "go_on"
    asked = advice(live, tokens_total=q90 * 0.8)
    assert asked.action == "ask"
    assert 0.5 < asked.fits["tokens_total"] < 0.9
    assert (
        advice(live, tokens_total=spent + 3_600, steps=100).action == "stop"
    )  # one call fits, few such runs end with it
    last = advice(live, tokens_total=spent + 100)
    assert (last.action, last.reason.startswith("the next call takes about 3,")) == ("stop", True)
    assert last.if_wrong["stop"].tokens == pytest.approx((last.p_success or 0) * spent)
    assert (last.if_wrong["go_on"].tokens or 0) > 0


def test_low_confidence_asks_where_high_would_act() -> None:
    few, many = learned(5), learned(200)
    steps = [Step(9_000, 150, error=True) for _ in range(6)]
    acts = tell(LiveEstimate(many, "a", stop_below=0.5), steps).advice()
    asks = tell(LiveEstimate(few, "a", stop_below=0.9), steps).advice()
    assert (acts.action, asks.action) == ("stop", "ask")
    assert asks.reason.endswith("by little history")


def test_a_run_far_beyond_its_promise_is_degraded(paths: Paths) -> None:
    live = tell(LiveEstimate(paths, "a", before=BEFORE), [Step(9_000, 500) for _ in range(4)])
    found = live.advice()
    assert found.action == "degrade"
    assert found.reason == "38,000 tokens are 3.8 times what nine in ten such runs have spent by now"
    assert found.if_wrong["degrade"].success is None


def test_history_is_bounded_and_says_what_it_turned_away() -> None:
    own = Paths(groups_max=1, tasks_max=1)
    own.learn(Path("a", [Step(1, 1)], True, True, "t1"))
    own.learn(Path("b", [Step(1, 1)], True, True, "t1"))
    own.learn(Path("a", [Step(1, 1)], True, True, "t2"))
    own.learn(Path("a", []))
    assert (len(own), own.turned_away, own.runs("a"), own.runs("b"), own.outcomes()) == (1, 2, 2, 0, 3)
    assert [bin_of(k) for k in (1, 10, 12, 13, 10**9)] == [1, 10, 10, 11, 64]


@pytest.mark.parametrize("value", [-1, float("nan"), float("inf"), None, "x"])
def test_tokens_that_are_no_numbers_are_refused(value: Any) -> None:
    with pytest.raises(BadInput, match="tokens_input"):
        LiveEstimate(Paths(), "a").step(value, 1)
    with pytest.raises(BadInput, match="tokens_output"):
        Paths().learn(Path("a", [Step(1, value)]))


def test_the_path_of_a_run_is_its_history(paths: Paths) -> None:
    live = tell(LiveEstimate(paths, "a", task="t"), [Step(1, 2, True, True)])
    assert live.path(finished=False, succeeded=False) == Path("a", (Step(1, 2, True, True),), False, False, "t")
