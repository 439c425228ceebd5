"""The patrol: quiet while nothing changes, and one finding where something did."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.observe.signals.runs import EPOCH_NS, run

from quarterdeck.errors import BadFile, NotFound
from quarterdeck.model.outcomes import Outcome
from quarterdeck.model.runs import Run
from quarterdeck.model.signals import Finding
from quarterdeck.observe.signals import Patrol, SignalsOptions, line
from quarterdeck.observe.signals.kinds import SIGNALS
from quarterdeck.stats import Baseline, DetectorBank, EDetector

OPTIONS = SignalsOptions()
SECOND = 10**9
FAILING = (SIGNALS[0],)
AT_ONCE = SignalsOptions(wait_s_max=0)
"""Runs are taken as they come."""


def fleet(seed: int, n: int, rate: float = 0.1, begin: int = 0, **changes: object) -> list[Run]:
    """`n` runs, one every ten seconds, of two agents."""
    rng = np.random.default_rng(seed)
    return [
        run(
            begin + i, 10.0 * (begin + i), float(rng.exponential(20)) + 1, failed=bool(rng.random() < rate),
            tokens=float(rng.lognormal(7, 0.5)), agent=f"a{i % 2}", **changes,
        )
        for i in range(n)
    ]  # fmt: skip


def taken(patrol: Patrol, runs: list[Run]) -> list[Finding]:
    return [finding for one in runs for finding in patrol.take(one)]


def reached(findings: list[Finding]) -> list[tuple[str, str]]:
    return [(finding.signal, finding.lane) for finding in findings if finding.state == "reached"]


def test_a_quiet_fleet_raises_nothing_and_a_change_is_found_and_named() -> None:
    patrol = Patrol("default", OPTIONS)
    assert reached(taken(patrol, fleet(1, 1_500))) == []
    bad = [
        run(9_000 + i, 15_000 + 10.0 * i, failed=i % 2 == 0, agent=f"a{i % 2}", tenant="t1" if i % 2 == 0 else "t2")
        for i in range(400)
    ]
    found = [finding for finding in taken(patrol, bad) if finding.state == "reached"]
    assert {finding.signal for finding in found} == {"failing"}
    first = found[0]
    assert first.evidence >= first.threshold
    assert dict(first.where).get("agent") == "a0"
    assert first.now.value is not None
    assert first.before.value == pytest.approx(0.1, abs=0.04)
    assert first.run_ids[0] in {one.run_id for one in bad if one.failed}


def test_evidence_of_the_fleet_and_of_a_cohort_is_that_of_the_core() -> None:
    """The same items, m for m, give what `EDetector` and `DetectorBank` give."""
    runs = fleet(3, 400, 0.2)
    patrol = Patrol("default", AT_ONCE, signals=FAILING)
    baselines = {f"a{i}": Baseline(tolerance=OPTIONS.tolerance) for i in range(2)}
    pooled, cohorts = EDetector(0.5), {f"a{i}": EDetector(0.5) for i in range(2)}
    for one in runs:
        agent = one.agent or ""
        patrol.take(one)
        if one.started_at_ns < runs[0].last_seen_ns:
            continue  # it was under way when the watch began
        if baselines[agent].n >= OPTIONS.warmup_runs:
            pooled.update(float(one.failed or 0), baselines[agent].m)
            cohorts[agent].update(float(one.failed or 0), baselines[agent].m)
        baselines[agent] = baselines[agent].absorb(float(one.failed or 0))
    evidence = {stream.cohort[:1]: stream.evidence for stream in patrol.streams()}
    assert evidence[()] == pytest.approx(pooled.value, rel=1e-9)
    for agent, detector in cohorts.items():
        assert evidence[(("agent", agent),)] == pytest.approx(detector.value, rel=1e-9)


def test_one_cohort_is_a_detector_bank_of_one() -> None:
    runs = [run(i, 10.0 * i, 1.0, failed=i % 7 == 0) for i in range(300)]
    patrol = Patrol("default", AT_ONCE, signals=FAILING)
    bank = DetectorBank(np.array([np.inf]), 0, 0, tolerance=OPTIONS.tolerance)
    for one in runs:
        patrol.take(one)
        if one.started_at_ns < runs[0].last_seen_ns:
            continue
        if bank.n[0] >= OPTIONS.warmup_runs:
            bank.update([float(one.failed or 0)])
        else:
            bank.k[0] += float(one.failed or 0)
            bank.n[0] += 1
    assert patrol.streams()[0].evidence == pytest.approx(float(bank.value[0]), rel=1e-9)


def test_the_same_runs_give_the_same_evidence_bit_for_bit() -> None:
    runs = fleet(4, 300)
    first, second = Patrol("default", OPTIONS), Patrol("default", OPTIONS)
    assert taken(first, runs) == taken(second, runs)
    assert first.streams() == second.streams()
    assert first.dump() == second.dump()


def test_a_patrol_read_again_goes_on_as_if_nothing_had_happened() -> None:
    runs = fleet(5, 600, session_id=None)
    runs = [
        run(i, 7.0 * i, 5.0, failed=i % 9 == 0, session_id=f"s{i // 4}", prompt_version="v1" if i < 400 else "v2")
        for i in range(600)
    ]
    whole, halves = Patrol("default", OPTIONS), Patrol("default", OPTIONS)
    for at, one in enumerate(runs):
        if at in (100, 405, 450):
            data = halves.dump()
            halves = Patrol.load("default", OPTIONS, data)
            assert halves.dump() == data
        assert whole.take(one) == halves.take(one)
    outcome = Outcome("default", "r599", "thumbs", 0.25, None, EPOCH_NS, EPOCH_NS, "api")
    assert whole.score(outcome, runs[-1]) == halves.score(outcome, runs[-1])
    again = Patrol.load("default", OPTIONS, halves.dump())
    assert whole.streams() == again.streams()
    assert whole.promise(0) == again.promise(0)
    assert whole.deploys() == again.deploys()
    assert whole.deploys()
    stream_id = whole.streams()[0].stream_id
    assert whole.history(stream_id) == again.history(stream_id)


@pytest.mark.parametrize(
    ("project", "options", "signals"),
    [
        ("other", OPTIONS, SIGNALS),
        ("default", SignalsOptions(tolerance=0.2), SIGNALS),
        ("default", SignalsOptions(cohort_by=("model",)), SIGNALS),
        ("default", OPTIONS, FAILING),
    ],
)
def test_a_foreign_state_is_refused(project: str, options: SignalsOptions, signals: tuple) -> None:
    data = Patrol("default", OPTIONS).dump()
    with pytest.raises(BadFile, match="other options"):
        Patrol.load(project, options, data, signals=signals)


@pytest.mark.parametrize("data", [b"", b"pickle", b"\x81\xa4head\x92\xa1x\x01", b"\x81\xa4head\x93\xa1k\xa6System\x80"])
def test_what_is_no_state_is_refused(data: bytes) -> None:
    with pytest.raises(BadFile):
        Patrol.load("default", OPTIONS, data)


def test_scores_are_signals_of_their_own() -> None:
    patrol = Patrol("default", SignalsOptions(scores_max=1))
    runs = fleet(6, 440)
    for i, one in enumerate(runs):
        patrol.take(one)
        score = 0.9 if i < 300 else 0.1
        patrol.score(Outcome("default", one.run_id, "helpful", score, None, EPOCH_NS, one.last_seen_ns, "api"), one)
    assert patrol.score(Outcome("default", "r1", "second", 0.0, None, EPOCH_NS, EPOCH_NS, "api"), runs[1]) == []
    assert patrol.score(Outcome("default", "r1", "helpful", None, "good", EPOCH_NS, EPOCH_NS, "api"), runs[1]) == []
    streams = [stream for stream in patrol.streams() if stream.signal == "score:helpful"]
    assert {stream.lane for stream in streams} == {"pooled", "cohort"}
    assert streams[0].state == "reached"
    assert streams[0].now.value == pytest.approx(0.9)
    assert not [stream for stream in patrol.streams() if stream.signal == "score:second"]


def test_one_stream_by_its_id() -> None:
    patrol = Patrol("default", OPTIONS)
    taken(patrol, fleet(7, 100))
    first = patrol.streams()[0]
    assert patrol.stream(first.stream_id) == first
    points = patrol.history(first.stream_id)
    assert [point.at_ns for point in points] == sorted(point.at_ns for point in points)
    assert 0 < len(points) <= 240
    for ask in (patrol.stream, patrol.history):
        with pytest.raises(NotFound, match="no stream"):
            ask("nothing")


def test_the_promise_says_what_it_rests_on() -> None:
    patrol = Patrol("default", OPTIONS)
    taken(patrol, fleet(8, 200))
    promise = patrol.promise(0)
    assert {condition.name: condition.holds for condition in promise.conditions} == {
        "clustering": None, "day effect": None, "outcomes known": True,
    }  # fmt: skip
    assert 0 < promise.expected_so_far < 0.1
    for n, one in enumerate(fleet(9, 300, begin=300)):
        patrol.take(
            run(1_000 + n, one.last_seen_ns / 1e9 - EPOCH_NS / 1e9, failed=None, retries=n % 3, session_id=f"s{n // 3}")
        )
    conditions = {condition.name: condition for condition in patrol.promise(0).conditions}
    assert conditions["clustering"].holds
    assert "do not say whether they failed" in conditions["outcomes known"].because


def test_a_stream_says_how_many_runs_it_needs_and_what_it_would_see() -> None:
    patrol = Patrol("default", OPTIONS)
    taken(patrol, fleet(10, 20))
    assert patrol.streams() == []  # nothing is told of runs that still wait
    patrol.drain()
    learning = next(one for one in patrol.streams() if one.signal == "failing" and one.lane == "pooled")
    assert learning.state == "learning"
    taken(patrol, fleet(10, 500, begin=20))
    quiet = next(one for one in patrol.streams() if one.signal == "failing" and one.lane == "pooled")
    assert quiet.state in ("quiet", "rising")
    assert quiet.runs_needed is not None
    assert quiet.sees is not None
    assert quiet.before.value is not None
    assert quiet.sees > quiet.before.value
    tokens = next(one for one in patrol.streams() if one.signal == "tokens" and one.lane == "pooled")
    assert tokens.before.value == pytest.approx(1_150, rel=0.2)
    assert tokens.sees is not None
    assert tokens.sees > tokens.before.value


def test_a_mix_that_shifts_is_reported_and_moves_no_evidence() -> None:
    rng = np.random.default_rng(11)
    patrol = Patrol("default", OPTIONS)
    found: list[Finding] = []
    for i in range(4_000):
        hard = rng.random() < (0.2 if i < 2_500 else 0.7)
        one = run(
            i, 10.0 * i, failed=bool(rng.random() < (0.4 if hard else 0.05)), task_class="hard" if hard else "easy"
        )
        found += patrol.take(one)
    assert reached(found) == []
    shifts = {dict(shift.where)["task_class"]: shift for shift in patrol.mix()}
    assert shifts["hard"].now.value == pytest.approx(0.7, abs=0.06)
    assert shifts["hard"].before.value == pytest.approx(0.28, abs=0.1)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 90), st.sampled_from([1, 3, 1_000]))
def test_any_state_reads_back_as_it_was(seed: int, cut: int, session: int) -> None:
    rng = np.random.default_rng(seed)
    runs = [
        run(
            i, 5.0 * i, float(rng.exponential(8)) + 0.1, failed=[True, False, None][int(rng.integers(3))],
            tokens=float(rng.lognormal(6, 1)), prompt_version=f"v{i // 40}", session_id=f"s{i // session}",
            task_class=["easy", "hard", None][int(rng.integers(3))], agent=f"a{i % 2}",
        )
        for i in range(100)
    ]  # fmt: skip
    options = SignalsOptions(warmup_runs=10)
    patrol = Patrol("default", options)
    for one in runs[:cut]:
        patrol.take(one)
    again = Patrol.load("default", options, patrol.dump())
    assert again.dump() == patrol.dump()
    for one in runs[cut:]:
        assert again.take(one) == patrol.take(one)
    assert again.streams() == patrol.streams()
    assert again.pass_time(EPOCH_NS + 10**13) == patrol.pass_time(EPOCH_NS + 10**13)


def test_one_wrong_clock_moves_no_time_and_a_pause_does() -> None:
    patrol = Patrol("default", OPTIONS)
    taken(patrol, fleet(12, 100))
    before = patrol.last_ns
    patrol.take(run(500, 1e9))
    assert patrol.last_ns == before
    taken(patrol, fleet(12, 5, begin=100))
    assert patrol.last_ns == EPOCH_NS + 1_040 * 10**9
    later = [run(600 + n, 1e6 + n) for n in range(3)]
    taken(patrol, later)
    assert patrol.last_ns == later[-1].last_seen_ns


def test_the_streams_take_runs_in_the_order_of_their_start() -> None:
    """Two orders of arrival within the wait are one order of starts: the same evidence."""
    runs = fleet(13, 600, 0.2)
    late = sorted(runs, key=lambda one: one.started_at_ns)
    patrols = []
    for order in (runs, late):
        patrol = Patrol("default", OPTIONS, signals=FAILING)
        taken(patrol, runs[:1] + [one for one in order if one is not runs[0]])
        patrol.drain()
        patrols.append(patrol)
    assert patrols[0].streams()[0].evidence > 0
    first, second = (
        {(one.lane, one.cohort): (one.runs, one.before.n) for one in patrol.streams()} for patrol in patrols
    )
    assert first == second


def test_a_run_waits_for_those_that_started_before_it_and_silence_lets_it_go() -> None:
    patrol = Patrol("default", OPTIONS, signals=FAILING)
    for n in range(100):
        taken(patrol, [run(n, 10.0 * n, 40.0)])
    seen = patrol.streams()[0].runs
    assert 0 < seen < 100
    end_ns = patrol.last_ns
    late_ns = end_ns + 3_600 * SECOND  # the first look after a run says nothing of how late it came
    patrol.pass_time(late_ns)
    assert patrol.streams()[0].runs == seen
    again = Patrol.load("default", OPTIONS, patrol.dump(), signals=FAILING)
    for one in (patrol, again):
        one.pass_time(late_ns + 50 * SECOND)
        assert len(one.line) == 0
    assert patrol.streams() == again.streams()
    assert patrol.streams()[0].runs > seen


def test_runs_of_a_version_that_turns_out_to_be_bad_leave_the_line() -> None:
    patrol = Patrol("default", OPTIONS)
    old = [run(n, 2.0 * n, 60.0 if n % 40 == 0 else 5.0, failed=n % 10 == 0) for n in range(400)]
    new = [run(400 + n, 800 + 2.0 * n, min(5.0, 2.0 * n + 1), failed=True, prompt_version="v2") for n in range(60)]
    assert reached(taken(patrol, old)) == []
    found = taken(patrol, new)
    assert {finding.lane for finding in found if finding.state == "reached"} == {"deploy"}
    assert not [held for held in patrol.line.waiting if "v2" in held.parts]
    assert not [finding for finding in patrol.drain() if finding.state == "reached"]


def test_the_line_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line, "LINE_MAX", 20)
    patrol = Patrol("default", OPTIONS, signals=FAILING)
    taken(patrol, [run(n, 1.0 * n, 0.5) for n in range(31)])
    assert len(patrol.line) == 20
