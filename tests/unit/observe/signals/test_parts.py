"""The parts of the patrol, each alone: held to the statistics core where it does the same for many signals at once."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.observe.signals.runs import EPOCH_NS, run

from quarterdeck.observe.signals import SignalsOptions, budget
from quarterdeck.observe.signals.blocks import Blocks, Item
from quarterdeck.observe.signals.clustering import Clustering
from quarterdeck.observe.signals.columns import Columns
from quarterdeck.observe.signals.controls import Controls
from quarterdeck.observe.signals.days import Days
from quarterdeck.observe.signals.history import POINTS_MAX, STEP_NS, History
from quarterdeck.observe.signals.kinds import SIGNALS
from quarterdeck.observe.signals.outcomes_known import OutcomesKnown
from quarterdeck.observe.signals.pairs import Pairs, log_mean
from quarterdeck.observe.signals.recent import RECENT_MAX, Recent, wilson_bounds
from quarterdeck.observe.signals.records import Record, record_of
from quarterdeck.observe.signals.recovery import Recovery
from quarterdeck.observe.signals.seasons import WEEK_NS, Seasons, slot_of
from quarterdeck.observe.signals.strata import CLASSES_MAX, Strata
from quarterdeck.observe.signals.typical import runs_needed, sees
from quarterdeck.observe.signals.versions import VALUES_MAX, Versions, deploy_of
from quarterdeck.stats import EProcess, Estimate, Insufficient, Ranks, TwoSample, intraclass_correlation, wilson

COLUMNS = Columns(SIGNALS, SignalsOptions())
S = COLUMNS.size
ALL = np.ones(1, dtype=bool)
COHORT = (("agent", "a"),)
SECOND = 10**9


def record(
    n: int, started_s: float, ended_s: float, version: str = "v1", value: float = 0.0, stratum: int = 0
) -> Record:
    return Record(
        f"r{n}", int(started_s * 1e9), int(ended_s * 1e9), stratum, (version, "m", None, None, None), None, np.array([value])
    )  # fmt: skip


# --- columns


def test_a_run_is_one_array_and_what_it_does_not_say_is_unknown() -> None:
    values = dict(zip(COLUMNS.names, COLUMNS.read(run(1, 0, failed=True, tokens=900, ended_at_ns=None)), strict=False))
    assert values["failing"] == 1
    assert values["tokens"] == 1_000
    assert np.isnan(values["duration"])
    assert np.isnan(COLUMNS.read(run(1, 0, failed=None))[0])


def test_what_cannot_be_is_unknown() -> None:
    odd = replace(run(1, 0), model_calls=-3)
    assert np.isnan(COLUMNS.read(odd)[COLUMNS.names.index("model_calls")])


def test_scores_take_columns_until_there_are_none() -> None:
    columns = Columns(SIGNALS, SignalsOptions(scores_max=2))
    assert columns.score("a") == len(SIGNALS)
    assert columns.score("b") == len(SIGNALS) + 1
    assert (columns.score("a"), columns.score("c")) == (len(SIGNALS), None)
    assert columns.signal(len(SIGNALS)).name == "score:a"
    assert columns.shares.sum() == pytest.approx(1)
    again = Columns(SIGNALS, SignalsOptions(scores_max=2))
    again.restore(columns.names)
    assert again.names == columns.names


def test_tools_that_fail_and_runs_that_are_handed_on() -> None:
    names = COLUMNS.names
    values = COLUMNS.read(run(1, 0, tool_errors={"search": 1}, outcome="Escalated to a person"))
    assert values[names.index("tool_errors")] == 0.25
    assert values[names.index("escalation")] == 1
    values = COLUMNS.read(run(1, 0, tool_calls=0, outcome="success"))
    assert np.isnan(values[names.index("tool_errors")])
    assert values[names.index("escalation")] == 0


# --- what is normal


def test_a_stratum_knows_the_jeffreys_mean_of_a_rate_and_ranks_of_an_amount() -> None:
    strata, ranks = Strata(COLUMNS, 0.1), Ranks(0.1)
    at = strata.index(COHORT, "refund")
    tokens = COLUMNS.names.index("tokens")
    for n in range(50):
        values = COLUMNS.read(run(n, n, failed=n % 5 == 0, tokens=1_000 + n))
        assert strata.place(at, values)[tokens] == ranks.rank(values[tokens])
        strata.learn(at, values, ~np.isnan(values), np.ones(S))
        ranks.learn(values[tokens])
    assert strata.normal(at)[0] == pytest.approx(10.5 / 51)
    assert strata.normal(at)[tokens] == 0.5
    assert strata.index(COHORT, "refund") == at


def test_classes_beyond_the_limit_share_a_stratum() -> None:
    strata = Strata(COLUMNS, 0.1)
    rows = {strata.index(COHORT, f"class {n}") for n in range(CLASSES_MAX + 10)}
    assert len(rows) == CLASSES_MAX + 1
    assert strata.index(COHORT, "class 1000") == strata.index(COHORT, None)
    assert strata.of(COHORT) == list(range(len(strata)))


def test_thresholds_are_parts_of_one_budget() -> None:
    options = SignalsOptions(alarms_per_month=2)
    month = 30 * 86_400.0
    items = np.full(S, 6_000.0)
    pooled = budget.thresholds(options, COLUMNS.shares, items, month, None)
    cohort = budget.thresholds(options, COLUMNS.shares, items, month, 10)
    named = np.isfinite(pooled)
    a_month = (items / pooled)[named].sum() + 10 * (items / cohort)[named].sum()
    assert a_month == pytest.approx(2 * 0.6)
    deploys = budget.deploy_thresholds(options, COLUMNS.shares, 40)
    assert 40 * (1 / deploys).sum() == pytest.approx(2 * 0.4)
    assert (
        budget.deploy_thresholds(options, COLUMNS.shares, 1)[0]
        == budget.deploy_thresholds(options, COLUMNS.shares, 20)[0]
    )


def test_a_season_is_used_from_the_second_week_on_and_is_not_the_mix() -> None:
    seasons, rng = Seasons(1), np.random.default_rng(1)
    for hour in range(24 * 14):
        rate = 0.3 if hour % 24 < 12 else 0.1
        for _ in range(60):
            at_ns = hour * 3_600 * SECOND
            seasons.learn(at_ns, np.array([float(rng.random() < rate)]), np.array([0.2]), ALL)
    assert seasons.factors(3_600 * SECOND, 0)[0] == 1
    later = WEEK_NS * 2
    assert seasons.factors(later, 0)[0] == pytest.approx((120 * 0.3 + 50) / (120 * 0.2 + 50), abs=0.1)
    assert seasons.factors(later + 13 * 3_600 * SECOND, 0)[0] == pytest.approx(
        (120 * 0.1 + 50) / (120 * 0.2 + 50), abs=0.1
    )
    assert slot_of(WEEK_NS + 5 * 3_600 * SECOND) == 5


# --- alike or not


@given(st.lists(st.tuples(st.integers(0, 25), st.sampled_from([0.0, 0.5, 1.0])), min_size=40, max_size=200))
def test_the_correlation_from_running_sums_is_that_of_the_core(items: list[tuple[int, float]]) -> None:
    seen = Clustering(1)
    for unit, value in items:
        seen.add(f"u{unit}", np.array([value - 0.3]))
    ours = seen.answers()[0]
    theirs = intraclass_correlation([value - 0.3 for _, value in items], [unit for unit, _ in items])
    if isinstance(theirs, Insufficient):
        assert isinstance(ours, Insufficient)
    else:
        assert isinstance(ours, Estimate)
        assert (ours.value, ours.low, ours.high, ours.n) == pytest.approx(
            (theirs.value, theirs.low, theirs.high, theirs.n)
        )


def test_sessions_that_are_alike_become_blocks() -> None:
    rng = np.random.default_rng(2)
    alike, apart = Clustering(1), Clustering(1)
    for unit in range(400):
        rate = rng.choice([0.0, 0.5])
        for _ in range(5):
            alike.add(f"u{unit}", np.array([float(rng.random() < rate)]))
            apart.add(f"u{unit}", np.array([float(rng.random() < 0.25)]))
    assert alike.blocked.all()
    assert not apart.blocked.any()


def test_a_block_is_the_mean_of_its_runs_and_closes_when_full_or_silent() -> None:
    blocks = Blocks(3, 100)

    def add(unit: str, at_ns: int, value: float) -> list[float]:
        item = Item(np.array([value]), np.array([value]), ALL, np.ones(1))
        return [float(block.mean("places")[0][0]) for block in blocks.add(unit, 0, "r", at_ns, item)]

    assert [add("u", 0, 1.0), add("u", 10, 0.0), add("v", 20, 1.0), add("u", 30, 0.5)] == [[], [], [], [0.5]]
    assert list(blocks.silent(119)) == []
    assert [block.at_ns for block in blocks.silent(120)] == [20]
    assert not blocks.open


def test_days_that_differ_are_seen_and_equal_ones_are_not() -> None:
    rng = np.random.default_rng(3)
    even, uneven = Days(1), Days(1)
    for day in range(14):
        for _ in range(300):
            at_ns = day * 86_400 * SECOND
            even.add(at_ns, np.array([float(rng.random() < 0.2)]), np.array([0.2]), ALL)
            uneven.add(at_ns, np.array([float(rng.random() < (0.1 if day % 2 else 0.3))]), np.array([0.2]), ALL)
    flat, moved = even.effect(0), uneven.effect(0)
    assert isinstance(flat, Estimate)
    assert isinstance(moved, Estimate)
    assert flat.value < 0.12
    assert moved.value == pytest.approx(0.5, abs=0.1)
    assert isinstance(Days(1).effect(0), Insufficient)


def test_missing_outcomes_are_fine_while_their_share_stays() -> None:
    known = OutcomesKnown()
    assert known.condition().holds is None
    for n in range(2_000):
        known.add(None if n % 4 == 0 else False)
    assert known.condition().holds is True
    for _ in range(800):
        known.add(None)
    assert known.condition().holds is False
    silent = OutcomesKnown()
    for _ in range(200):
        silent.add(None)
    assert silent.condition().holds is None


# --- deploys


@given(
    st.lists(
        st.tuples(
            st.sampled_from([0.0, 0.4, 1.0]), st.lists(st.sampled_from([0.0, 0.25, 1.0]), min_size=1, max_size=3)
        ),
        max_size=30,
    )
)
def test_pairs_of_many_signals_are_the_two_sample_test_of_each(blocks: list[tuple[float, list[float]]]) -> None:
    ours, theirs = Pairs(2), TwoSample()
    for x, y in blocks:
        control = np.array([[value, np.nan] for value in y])
        ours.update(np.array([x, 1.0]), control, np.ones(2, dtype=bool))
        theirs.update(x, y)
    assert np.exp(log_mean(ours.logs)[0]) == pytest.approx(theirs.value)
    assert log_mean(ours.logs)[1] == 0


def test_old_runs_of_the_same_age_are_used_once_and_their_durations_stay_in_proportion() -> None:
    rng = np.random.default_rng(4)
    old = []
    for n in range(900):
        ended = float(rng.uniform(0, 1_000))
        lasted = float(rng.exponential(30))
        old.append(record(n, ended - lasted, ended, value=lasted))
    controls = Controls(old, -1_000 * SECOND, 1_000 * SECOND, 1)
    early = [values[0] for n in range(40) for values in controls.earlier(record(n, 1_000.1, 1_010.0, "v2"))]
    assert len(early) > 60
    assert max(early) <= 10
    late = [values[0] for n in range(150) for values in controls.earlier(record(n, 1_400.0, 1_500.0, "v2"))]
    assert len(late) > 250
    assert len(set(early) | set(late)) == len(early) + len(late)
    assert np.mean(late) == pytest.approx(np.mean([value for one in old if (value := one.values[0]) <= 500]), rel=0.15)


def test_old_runs_beside_the_new_ones_come_first_and_those_under_way_never() -> None:
    controls = Controls([record(1, 0, 5)], 0, 100 * SECOND, 1)
    controls.old(record(2, 90, 130, value=1.0))
    assert controls.concurrent(record(9, 101, 131, "v2")) == []
    controls.old(record(3, 105, 130, value=0.5))
    assert [values[0] for values in controls.concurrent(record(9, 101, 131, "v2"))] == [0.5]
    assert controls.concurrent(record(9, 101, 132, "v2")) == []
    controls.old(record(4, 110, 140, value=0.5))
    assert controls.concurrent(record(9, 101, 1_000, "v2")) == []


def test_a_new_value_is_a_deploy_and_what_ran_from_the_beginning_is_not() -> None:
    versions, history = Versions(3), []
    for n in range(40):
        one = record(n, n, n + 1, "v1" if n % 2 else "v0")
        history.append(one)
        assert versions.see(COHORT, one, learning=n < 30) == []
    parts = []
    for n in range(40, 43):
        one = record(n, n, n + 1, "v2")
        history.append(one)
        parts.append(versions.see(COHORT, one, learning=False))
    assert parts == [[], [], ["prompt_version"]]
    deploy = deploy_of(COHORT, parts[-1], history[-1], history, [])
    assert deploy is not None
    assert (deploy.part, deploy.old, deploy.new, deploy.opened_ns) == ("prompt_version", "v1", "v2", 40 * SECOND)
    assert deploy_of(COHORT, ["model"], history[-1], history, [deploy]) is None
    assert versions.see(COHORT, record(50, 50, 51, "v2"), learning=False) == []
    assert versions.see(COHORT, record(51, 50, 51, "v1"), learning=False) == []


def test_ids_that_look_like_versions_are_bounded() -> None:
    versions = Versions(1)
    for n in range(500):
        versions.see(COHORT, record(n, n, n + 1, f"id-{n}"), learning=False)
    assert len(versions.seen[COHORT, "prompt_version"]) == VALUES_MAX


# --- after an alarm, and what is shown


def test_what_is_over_is_noticed_and_what_goes_on_is_not() -> None:
    rng = np.random.default_rng(5)
    over, lasting = Recovery(1), Recovery(1)
    for recovery in (over, lasting):
        recovery.begin(0, 0.1, 0.3)
    steps = [n for n in range(400) if over.update(np.array([float(rng.random() < 0.1)]), ALL)[0]]
    assert 10 < steps[0] < 150
    assert len(steps) == 1
    assert not over.any
    assert not any(lasting.update(np.array([float(rng.random() < 0.3)]), ALL)[0] for _ in range(2_000))
    never = Recovery(1)
    never.begin(0, 0.3, 0.1)
    assert not never.any


def test_recovery_is_the_reverse_process_of_the_core_until_its_floor() -> None:
    recovery, process = Recovery(1), EProcess(0.2, side="lower")
    recovery.begin(0, 0.1, 0.3)
    for x in (0.0, 0.0, 1.0, 0.0, 0.0):
        recovery.update(np.array([x]), ALL)
        process.update(x)
    assert np.exp(log_mean(recovery.logs)[0]) == pytest.approx(process.value)


def test_the_newest_runs_say_the_value_and_the_worst_of_them() -> None:
    recent = Recent(2)
    for n in range(RECENT_MAX + 20):
        recent.add(np.array([float(n % 4 == 0), float(n)]), np.array([0.1, 0.5]), f"r{n}")
    value, low, high = recent.summary(np.array([True, False]))
    assert value[0] == 0.25
    assert (low[0], high[0]) == pytest.approx(wilson(25, 100))
    assert low[1] < value[1] < high[1]
    assert recent.worst(1)[0] == f"r{RECENT_MAX + 19}"
    assert recent.worst(0)[0] == f"r{RECENT_MAX + 16}"
    assert np.isnan(Recent(1).summary(ALL)[0][0])


@given(st.integers(1, 500), st.floats(0, 1))
def test_the_interval_of_many_is_wilson_s(n: int, share: float) -> None:
    k = round(share * n)
    low, high = wilson_bounds(np.array([k / n]), np.array([float(n)]))
    assert (low[0], high[0]) == pytest.approx(wilson(k, n), abs=1e-9)


def test_a_course_is_bounded_and_keeps_its_ends() -> None:
    history = History(1)
    now = 0
    for n in range(5_000):
        now = n * STEP_NS
        if history.due(now):
            history.add(now, *(np.array([float(n)]) for _ in range(4)))
    points = history.column(0)
    assert len(points) <= POINTS_MAX
    assert points[0].at_ns == 0
    assert points[-1].at_ns > 0.9 * now
    steps = np.diff([point.at_ns for point in points])
    assert steps.max() <= 2 * steps.min()


def test_how_many_runs_it_takes() -> None:
    far, near = (runs_needed(0.11, evidence, 10_000, amount=False) for evidence in (1.0, 5_000.0))
    assert far is not None
    assert near is not None
    assert far > 3 * near > 0
    assert runs_needed(0.11, 20_000, 10_000, amount=False) == 0
    assert runs_needed(0.95, 1, 10_000, amount=False) is None
    seen = sees(0.1, 500, 10_000)
    assert seen is not None
    assert 0.1 < seen < 0.3
    assert sees(0.1, 3, 10_000) is None
    assert sees(0.1, 500, np.inf) is None


def test_a_record_of_a_run_without_an_end_lasts_until_it_was_seen() -> None:
    one = record_of(run(1, 50, 20, ended_at_ns=None, session_id="s", user_hash="u"), 3, np.zeros(1))
    assert (one.lasted_ns, one.unit, one.stratum) == (20 * SECOND, "s", 3)
    back = record_of(run(1, 50, 20, ended_at_ns=EPOCH_NS), 0, np.zeros(1))
    assert back.lasted_ns == 0
