"""Deploys through the patrol: opened once, explained while they are bad, over when they are."""

from __future__ import annotations

import numpy as np
from tests.unit.observe.signals.runs import EPOCH_NS, run

from quarterdeck.model.runs import Run
from quarterdeck.model.signals import Finding
from quarterdeck.observe.signals import Patrol, SignalsOptions

SECOND = 10**9
WHERE = (("agent", "a"), ("environment", "production"), ("prompt_version", "v2"))


def fleet(seed: int, begin: int, n: int, rate: float, version: str, **changes: object) -> list[Run]:
    """One run ends every two seconds; failed ones may end at any moment of their course."""
    rng = np.random.default_rng(seed)
    made = []
    for i in range(begin, begin + n):
        failed = bool(rng.random() < rate)
        lasted = float(rng.lognormal(2.5, 0.5)) * (rng.random() if failed else 1.0)
        made.append(
            run(i, 2.0 * i, min(lasted, 2.0 * (i - begin) + 1), failed=failed, prompt_version=version, **changes)
        )
    return made


def taken(patrol: Patrol, runs: list[Run]) -> list[Finding]:
    return [finding for one in runs for finding in [*patrol.pass_time(one.last_seen_ns), *patrol.take(one)]]


def told(findings: list[Finding]) -> list[tuple[str, str, str]]:
    return [(one.signal, one.lane, one.state) for one in findings if one.state in ("reached", "recovered")]


def of_deploys(findings: list[Finding]) -> list[tuple[str, str]]:
    return [(signal, state) for signal, lane, state in told(findings) if lane == "deploy"]


def bad_deploy() -> tuple[Patrol, list[Finding]]:
    patrol = Patrol("default", SignalsOptions())
    assert told(taken(patrol, fleet(21, 0, 400, 0.1, "v1"))) == []
    assert patrol.deploys() == []
    return patrol, taken(patrol, fleet(2, 400, 200, 0.35, "v2"))


def test_a_bad_version_is_one_finding_that_names_it() -> None:
    patrol, found = bad_deploy()
    reached = [one for one in found if one.state == "reached"]
    assert {one.signal for one in reached} == {"failing"}
    assert all(dict(one.where).get("prompt_version") == "v2" for one in reached)
    first = next(one for one in reached if one.lane == "deploy")
    assert first.where == WHERE
    assert first.deploy is not None
    assert (first.deploy.part, first.deploy.old, first.deploy.new) == ("prompt_version", "v1", "v2")
    assert first.deploy.opened_ns >= EPOCH_NS + 790 * SECOND
    assert first.n < 120
    assert patrol.deploys() == [first.deploy]
    tests = [stream for stream in patrol.streams() if stream.lane == "deploy"]
    assert tests[0].stream_id == first.stream_id
    assert tests[0].state == "reached"
    pooled = next(stream for stream in patrol.streams() if (stream.signal, stream.lane) == ("failing", "pooled"))
    assert pooled.runs < 400 + 120


def test_it_is_over_when_runs_are_well_again() -> None:
    patrol, _ = bad_deploy()
    found = taken(patrol, fleet(3, 600, 300, 0.1, "v2"))
    assert of_deploys(found) == [("failing", "recovered")]


def test_it_is_over_when_the_version_no_longer_runs() -> None:
    patrol, _ = bad_deploy()
    found = taken(patrol, fleet(4, 600, 400, 0.1, "v1"))
    assert of_deploys(found) == [("failing", "recovered")]
    over = [one for one in found if one.lane == "deploy" and one.state == "recovered"]
    assert over[0].at_ns - (EPOCH_NS + 1_200 * SECOND) >= 590 * SECOND
    assert not [stream for stream in patrol.streams() if stream.lane == "deploy"]


def test_it_is_not_over_while_nothing_runs_at_all() -> None:
    patrol, _ = bad_deploy()
    assert patrol.pass_time(EPOCH_NS + 100_000 * SECOND) == []


def test_a_new_version_that_is_no_worse_says_nothing() -> None:
    patrol = Patrol("default", SignalsOptions())
    found = taken(patrol, fleet(5, 0, 400, 0.1, "v1") + fleet(6, 400, 400, 0.1, "v2"))
    assert told(found) == []
    assert len(patrol.deploys()) == 1
    assert patrol.promise(0).expected_so_far < 0.1


def test_parts_that_change_together_are_one_deploy_and_a_rollback_is_none() -> None:
    patrol = Patrol("default", SignalsOptions())
    taken(patrol, fleet(7, 0, 100, 0.1, "v1", agent_version="1"))
    taken(patrol, fleet(8, 100, 60, 0.1, "v2", agent_version="2"))
    taken(patrol, fleet(9, 160, 60, 0.1, "v1", agent_version="1"))
    assert [(deploy.part, deploy.new) for deploy in patrol.deploys()] == [("prompt_version", "v2")]


def test_open_tests_are_bounded() -> None:
    patrol = Patrol("default", SignalsOptions(deploys_open_max=3, deploy_runs_max=50))
    taken(patrol, fleet(10, 0, 60, 0.1, "v1"))
    for n in range(8):
        taken(patrol, fleet(11 + n, 60 + 10 * n, 10, 0.1, f"w{n}"))
    assert len({stream.deploy for stream in patrol.streams() if stream.lane == "deploy"}) == 3
    assert len(patrol.deploys()) == 8
    taken(patrol, fleet(30, 140, 60, 0.1, "w7"))
    assert "w7" not in {stream.deploy.new for stream in patrol.streams() if stream.deploy is not None}


def test_one_session_counts_once_where_runs_of_a_session_are_alike() -> None:
    patrol = Patrol("default", SignalsOptions())
    for session in range(300):
        failed = session % 8 == 0
        for n in range(4):
            at = 8.0 * session + 2 * n
            patrol.take(run(session * 4 + n, at, 1.0, failed=failed, session_id=f"s{session}"))
    assert patrol.clustering.blocked[0]
    for n in range(100):
        patrol.take(run(5_000 + n, 2_400 + 2.0 * n, 1.0, failed=True, session_id="one", prompt_version="v2"))
    test = next(stream for stream in patrol.streams() if (stream.signal, stream.lane) == ("failing", "deploy"))
    assert test.runs == 1
    assert test.state == "quiet"
