"""Answers of one agent's kind of step are learned apart, and stand in front of what lane, tenant and model say."""

from __future__ import annotations

import numpy as np
import pytest

import quarterdeck as qd
from quarterdeck.clock import FakeClock
from quarterdeck.control.admit import Ask, find_meter
from quarterdeck.control.admit.outputs import OutputBook
from quarterdeck.control.admit.plan import Planner
from quarterdeck.control.admit.policy import Policy

TWO = {"triage/plan": 4.0, "writer/answer": 6.5}


def taught(n: int = 400) -> OutputBook:
    rng, book = np.random.default_rng(2), OutputBook()
    for at in range(n):
        kind, level = list(TWO.items())[at % 2]
        book.learn("m", "1/acme", float(rng.lognormal(level, 0.3)), kind=kind)
    return book


def test_each_kind_has_its_own_quantile_and_cap() -> None:
    book = taught()
    short, long = (book.quantile("m", "1/acme", 0.9, kind) or 0 for kind in TWO)
    assert short < 110 < 700 < long
    assert (book.cap("m", "1/acme", "triage/plan") or 0) < 200 < (book.cap("m", "1/acme", "writer/answer") or 0)


def test_a_kind_is_known_across_tenants() -> None:
    book = taught()
    assert book.quantile("m", "1/new", 0.9, "triage/plan") == book.quantile("m", "1/acme", 0.9, "triage/plan")


def test_a_kind_nobody_has_seen_is_that_of_its_group() -> None:
    book = taught()
    assert book.quantile("m", "1/acme", 0.9, "new/plan") == book.quantile("m", "1/acme", 0.9)
    assert book.cap("m", "1/acme", "new/plan") == book.cap("m", "1/acme")


def test_few_answers_of_a_kind_do_not_ask_for_more_than_the_group_and_its_own_longest_need() -> None:
    book = taught()
    for _ in range(8):
        book.learn("m", "1/acme", 50.0, kind="new/plan")
    assert book.cap("m", "1/acme", "new/plan") == 200  # four times the longest of eight
    for _ in range(8):
        book.learn("m", "1/acme", 5_000.0, kind="long/plan")
    assert book.cap("m", "1/acme", "long/plan") == 7_500  # not 20,000


@pytest.mark.parametrize("seed", [1, 2])
def test_caps_by_kind_cut_as_few_and_charge_less(seed: int) -> None:
    """With drift of a half in the middle; what is charged is the cap."""
    charged = {}
    for told in (False, True):
        rng, book = np.random.default_rng(seed), OutputBook()
        cut, caps, n = 0, 0.0, 20_000
        for at in range(n):
            step = int(rng.integers(0, 8))
            output = float(rng.lognormal(3.5 + 0.45 * step + (0.4 if at > n / 2 else 0.0), 0.5))
            kind = f"agent/{step}" if told else ""
            cap = min(book.cap("m", "", kind) or 4_096.0, 4_096.0)
            cut, caps = cut + (output > cap), caps + cap
            book.learn("m", "", min(output, cap), cut_at=cap if output > cap else None, kind=kind)
        assert cut / n <= 0.0115
        charged[told] = caps
    assert charged[True] < 0.6 * charged[False]


def test_the_planner_holds_for_a_call_what_its_kind_takes() -> None:
    planner = Planner(find_meter("anthropic"), taught(), Policy())
    asks = [Ask("m", 100.0, 4_096.0, lane=1, tenant="acme", kind=kind) for kind in TWO]
    held = [planner.plan(ask).need.output for ask in asks]
    assert held[0] < 110 < 700 < held[1]


def test_admission_learns_by_agent_and_step() -> None:
    admission = qd.Admission(meter="anthropic", limits={"output": 1_000_000}, clock=FakeClock(), pump_thread=False)

    def held(step: str) -> float:
        grant = admission.admit(model="m", tokens_input=10, max_tokens=4_000, agent="triage", step=step).wait()
        charge: float = grant.charge.output
        grant.settle({"input_tokens": 10, "output_tokens": 40 if step == "plan" else 900})
        return charge

    for _ in range(60):
        held("plan")
        held("answer")
    assert held("plan") < 60 < 800 < held("answer")


def test_limits_stay_limits_for_any_number_of_kinds() -> None:
    book = OutputBook()
    for at in range(10_100):
        book.learn("m", "1/a", 10.0, kind=f"agent/{at}")
    assert book.quantile("m", "1/a", 0.5, "agent/10099") == pytest.approx(10.0, rel=0.06)
