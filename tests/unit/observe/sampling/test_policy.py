"""The decision itself: who is kept for certain, who is drawn, with which odds, and what late evidence changes."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.observe.sampling.sessions import AFTER_NS, KEY, SECOND, START_NS, session, terms

from quarterdeck.model.bodies import BodyDecision
from quarterdeck.observe.sampling.facts import SessionFacts
from quarterdeck.observe.sampling.policy import (
    LATE,
    LATE_LOST,
    RESERVOIR,
    TOP_COST,
    TOP_DURATION,
    Terms,
    decide_window,
    promoted,
    threshold_of,
)
from quarterdeck.observe.sampling.priority import priority
from quarterdeck.observe.sampling.strata import OTHER, without_window

GRACE_NS = 3600 * SECOND


def decided(sessions: list[SessionFacts], how: Terms, before: dict[str, BodyDecision] | None = None):
    """Decisions by session key, with those of `before` that did not change."""
    held = dict(before or {})
    return held | {d.session_key: d for d in decide_window(sessions, held, how)}


def test_a_small_fleet_keeps_everything_for_certain() -> None:
    found = decided([session(n) for n in range(200)], terms())
    assert len(found) == 200
    assert {(d.kept, d.probability, d.reason) for d in found.values()} == {(True, 1.0, RESERVOIR)}


def test_of_a_large_stratum_as_many_as_the_reservoir_holds_stay() -> None:
    """The odds are the smallest priority that is out, and said for those that are out too."""
    found = decided([session(n) for n in range(1000)], terms(reservoir=50))
    kept = [d for d in found.values() if d.kept]
    places = sorted(priority(KEY, "default", f"s{n}") for n in range(1000))
    assert len(kept) == 50
    assert {d.probability for d in found.values()} == {places[50]}
    assert all(priority(KEY, "default", d.session_key) < places[50] for d in kept)


@pytest.mark.parametrize("rule", ["error", "guardrail", "negative_feedback", "budget_breach", "alert"])
def test_evidence_keeps_for_certain(rule: str) -> None:
    sessions = [session(n) for n in range(300)] + [session(n, evidence=rule) for n in range(300, 400)]
    found = decided(sessions, terms(reservoir=5))
    assert {(d.kept, d.probability, d.reason) for k, d in found.items() if int(k[1:]) >= 300} == {(True, 1.0, rule)}
    assert sum(d.kept for k, d in found.items() if int(k[1:]) < 300) == 5


def test_the_dearest_and_the_longest_hundredth_stay() -> None:
    sessions = [session(n, cost_usd=float(n), duration_s=float(-n)) for n in range(500)]
    found = decided(sessions, terms(reservoir=1))
    assert {k for k, d in found.items() if d.reason == TOP_COST} == {f"s{n}" for n in range(495, 500)}
    assert {k for k, d in found.items() if d.reason == TOP_DURATION} == {f"s{n}" for n in range(5)}
    assert sum(d.kept for d in found.values()) == 11


def test_every_stratum_keeps_at_least_one() -> None:
    sessions = [session(n, stratum=f"t{n % 40}|a|1|v|m|x") for n in range(4000)]
    found = decided(sessions, terms(reservoir=1))
    assert {d.stratum for d in found.values() if d.kept} == {d.stratum for d in found.values()}


def test_strata_beyond_the_bound_share_one_and_the_largest_stand_for_themselves() -> None:
    sessions = [session(n, stratum=f"t{min(n, 9)}|a|1|v|m|x") for n in range(100)]
    found = decided(sessions, terms(strata_max=3))
    names = {without_window(d.stratum) for d in found.values()}
    assert names == {"t9|a|1|v|m|x", "t0|a|1|v|m|x", "t1|a|1|v|m|x", OTHER}


@given(st.randoms(use_true_random=False), st.integers(1, 30), st.integers(1, 120))
def test_order_does_not_matter_and_a_replay_decides_alike(chance: random.Random, most: int, n: int) -> None:
    sessions = [session(i, cost_usd=float(i % 7), stratum=f"t{i % 3}|a|1|v|m|x") for i in range(n)]
    shuffled = sessions[:]
    chance.shuffle(shuffled)
    assert decided(sessions, terms(reservoir=most)) == decided(shuffled, terms(reservoir=most))


@given(st.integers(0, 90), st.integers(1, 20))
def test_what_was_decided_in_parts_ends_as_what_was_decided_at_once(cut: int, most: int) -> None:
    """Provisional decisions of an open window leave no trace in the final ones."""
    sessions = [session(n, cost_usd=float(n)) for n in range(90)]
    early = decided(sessions[:cut], terms(START_NS + 700 * SECOND, reservoir=most))
    late = decided(sessions, terms(reservoir=most), early)
    assert late == decided(sessions, terms(reservoir=most))


@given(st.lists(st.booleans(), min_size=60, max_size=60), st.integers(1, 20))
def test_sessions_that_come_after_the_close_only_lower_the_odds(first: list[bool], most: int) -> None:
    """Nobody who was left out comes back, whose bodies may be gone."""
    sessions = [session(n) for n in range(60)]
    early = decided([s for s, now in zip(sessions, first, strict=True) if now], terms(reservoir=most))
    late = decided(sessions, terms(AFTER_NS + 3 * GRACE_NS, reservoir=most), early)
    assert all(late[key].probability <= decision.probability for key, decision in early.items())
    assert {key for key, d in early.items() if not d.kept} <= {key for key, d in late.items() if not d.kept}
    assert {k: d.kept for k, d in late.items()} == {
        k: d.kept for k, d in decided(sessions, terms(reservoir=most)).items()
    }


def test_the_grace_of_a_drop_is_not_renewed_when_only_its_odds_change() -> None:
    sessions = [session(n) for n in range(40)]
    early = decided(sessions[:30], terms(reservoir=5))
    late = decided(sessions, terms(AFTER_NS + GRACE_NS, reservoir=5), early)
    out = [key for key, d in early.items() if not d.kept]
    assert {late[key].decided_at_ns for key in out} == {AFTER_NS}


def test_nothing_is_written_twice() -> None:
    sessions = [session(n) for n in range(40)]
    held = decided(sessions, terms(reservoir=5))
    assert decide_window(sessions, held, terms(AFTER_NS + SECOND, reservoir=5)) == []


def test_all_keeps_everything_and_off_decides_nothing() -> None:
    sessions = [session(n) for n in range(300)]
    assert {(d.kept, d.reason) for d in decided(sessions, terms(mode="all", reservoir=1)).values()} == {(True, "all")}
    assert decide_window(sessions, {}, terms(mode="off")) == []


def drop(**changes: object) -> BodyDecision:
    values = {"kept": False, "probability": 0.2, "reason": RESERVOIR, "stratum": "x", "decided_at_ns": AFTER_NS}
    return BodyDecision("default", "s1", **(values | changes))


def test_late_evidence_saves_within_the_grace() -> None:
    saved = promoted(drop(), "error", AFTER_NS + GRACE_NS - 1, 3600.0)
    assert saved == drop(kept=True, probability=1.0, reason=LATE, decided_at_ns=AFTER_NS + GRACE_NS - 1)


def test_after_the_grace_the_loss_is_said_once() -> None:
    lost = promoted(drop(), "error", AFTER_NS + GRACE_NS, 3600.0)
    assert lost == drop(reason=LATE_LOST)
    assert promoted(lost, "error", AFTER_NS + 2 * GRACE_NS, 3600.0) is None


def test_no_evidence_or_a_session_kept_for_certain_changes_nothing() -> None:
    assert promoted(drop(), None, AFTER_NS, 3600.0) is None
    assert promoted(drop(kept=True, reason="error", probability=1.0), "error", AFTER_NS, 3600.0) is None


def test_a_drawn_session_with_evidence_after_the_grace_keeps_its_odds() -> None:
    """Had it been left out it would be lost, so it still stands for others."""
    assert promoted(drop(kept=True), "error", AFTER_NS + GRACE_NS, 3600.0) is None


def test_the_threshold_is_one_until_somebody_is_left_out() -> None:
    assert threshold_of([0.3, 0.1], 2) == 1.0
    assert threshold_of([0.3, 0.1, 0.7], 2) == 0.7
