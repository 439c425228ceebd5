"""What runs spent over windows that end now: the same sums from every engine."""

from __future__ import annotations

import random
from typing import Any

import pytest

from quarterdeck.errors import BadInput
from quarterdeck.model.outcomes import Outcome
from quarterdeck.model.runs import Cost, Run, Tokens
from quarterdeck.store.interface import TelemetryStore
from quarterdeck.store.memory.spending import spent_of
from quarterdeck.store.spending import Spent

from .builders import MINUTE_NS, START_NS, make_run

NOW = START_NS + 60 * MINUTE_NS
HOUR, HALF, FIVE = (NOW - minutes * MINUTE_NS for minutes in (60, 30, 5))


def run(number: int, start_min: float, minutes: float, usd: float | None = 1.0, **changes: Any) -> Run:
    start = START_NS + int(start_min * MINUTE_NS)
    end = start + int(minutes * MINUTE_NS)
    values = {"ended_at_ns": end, "last_seen_ns": end, "lifecycle": "finished", "status": "ok", **changes}
    return make_run(number, started_at_ns=start, cost=Cost(computed=usd, source="priced"), **values)


def spent(store: TelemetryStore, *starts: int, score: str | None = None, **where: str) -> list[Spent]:
    return list(store.spent("default", where, starts, NOW, score=score))


def test_spending_is_spread_over_the_life_of_a_run(store: TelemetryStore) -> None:
    store.put_runs([run(1, 0, 60), run(2, 20, 20, usd=4.0), run(3, 58, 1, usd=None)], [], settled_seq=0)
    hour, half, five = spent(store, HOUR, HALF, FIVE)
    assert (hour.runs, hour.usd_known, hour.usd) == (3, 2, pytest.approx(5.0))
    assert (half.runs, half.usd_known, half.usd) == (3, 2, pytest.approx(0.5 + 2.0))
    assert (five.runs, five.usd_known, five.usd) == (2, 1, pytest.approx(5 / 60))


def test_runs_are_judged_when_they_are_over_in_the_window_of_their_end(store: TelemetryStore) -> None:
    runs = [
        run(1, 0, 10, status="error"),
        run(2, 40, 10, status="error"),
        run(3, 40, 17),
        run(4, 57, 2, lifecycle="running", ended_at_ns=None, status="error"),
        run(5, 57, 2, status="unknown"),
        run(6, 57, 2, outcome="failure"),
    ]
    store.put_runs(runs, [], settled_seq=0)
    assert [(row.failed, row.scored) for row in spent(store, HOUR, HALF, FIVE)] == [(3, 4), (2, 3), (1, 2)]


def test_only_runs_that_match_count_and_a_project_sees_itself(store: TelemetryStore) -> None:
    runs = [
        run(1, 10, 5, agent="a", environment="prod"),
        run(2, 10, 5, agent="a", environment="test"),
        run(3, 10, 5, agent="b"),
        run(4, 10, 5, agent="a", environment="prod", project="other"),
    ]
    store.put_runs(runs, [], settled_seq=0)
    assert [row.runs for row in spent(store, HOUR, agent="a")] == [2]
    assert [row.runs for row in spent(store, HOUR, agent="a", environment="prod")] == [1]
    assert [row.runs for row in spent(store, HOUR, tenant="nobody")] == [0]


def test_scores_count_when_they_were_found_out(store: TelemetryStore) -> None:
    store.put_runs([run(1, 0, 1, agent="a"), run(2, 0, 1, agent="b")], [], settled_seq=0)
    told = [("run-00001", "thumbs", 0.0, 58), ("run-00002", "thumbs", 0.75, 40), ("run-00001", "other", 0.0, 58)]
    store.put_outcomes(
        [
            Outcome("default", run_id, name, score, None, START_NS + at * MINUTE_NS, NOW, "api")
            for run_id, name, score, at in told
        ]
    )
    hour, five = spent(store, HOUR, FIVE, score="thumbs")
    assert (hour.scores, hour.bad) == (2, pytest.approx(1.25))
    assert (five.scores, five.bad) == (1, pytest.approx(1.0))
    assert spent(store, HOUR, score="thumbs", agent="b")[0].scores == 1
    assert spent(store, HOUR)[0].scores == 0


def test_a_run_without_length_is_in_the_window_of_its_moment(store: TelemetryStore) -> None:
    store.put_runs([run(1, 10, 0), run(2, 58, 0)], [], settled_seq=0)
    assert [row.usd for row in spent(store, HOUR, FIVE)] == [2.0, 1.0]


def test_nothing_is_nothing_and_no_window_no_answer(store: TelemetryStore) -> None:
    assert spent(store, HOUR) == [Spent(HOUR, 0, 0.0, 0, 0.0, 0, 0, 0, 0, 0.0)]
    assert spent(store) == []


def test_a_name_that_nobody_knows_is_refused(store: TelemetryStore) -> None:
    with pytest.raises(BadInput, match="feature, tenant, agent, environment"):
        spent(store, HOUR, model="m")


@pytest.mark.parametrize("seed", range(3))
def test_any_runs_sum_up_as_in_memory(store: TelemetryStore, seed: int) -> None:
    rng = random.Random(seed)
    runs = [
        run(
            n, rng.uniform(-90, 60), rng.choice([0, rng.uniform(0, 90)]), rng.choice([None, rng.random()]),
            tokens=Tokens(input=rng.choice([None, rng.randrange(9_000)])),
            status=rng.choice(["ok", "error", "unknown"]), outcome=rng.choice([None, "success", "Failed"]),
            lifecycle=rng.choice(["running", "finished", "lost"]),
        )
        for n in range(60)
    ]  # fmt: skip
    store.put_runs(runs, [], settled_seq=0)
    found = spent(store, HOUR, HALF, FIVE)
    for row, expected in zip(found, spent_of(runs, (), [HOUR, HALF, FIVE], NOW), strict=True):
        assert row == pytest.approx(expected)


def test_spending_by_cohort_is_that_of_the_window(store: TelemetryStore) -> None:
    runs = [
        run(1, 10, 1, usd=1.0, agent="a", tokens=Tokens(input=100)),
        run(2, 11, 1, usd=None, agent="a", tokens=Tokens()),
        run(3, 12, 1, usd=9.0, agent="b", tokens=Tokens(input=10), lifecycle="running"),
        run(4, 13, 1, usd=0.5, agent=None, tokens=Tokens(input=10)),
        run(5, -70, 1, usd=5.0, agent="c", tokens=Tokens(input=10)),
        run(6, 10, 1, usd=5.0, agent="d", project="other"),
    ]
    store.put_runs(runs, [], settled_seq=0)
    found = store.spending_by("default", HOUR, NOW, ["agent"])
    assert [(row.keys, row.tokens, row.tokens_known, row.usd, row.usd_known) for row in found] == [
        ({"agent": "a"}, 100, 1, 1.0, 1),
        ({"agent": "b"}, 10, 1, 9.0, 1),
        ({"agent": None}, 10, 1, 0.5, 1),
    ]
    assert store.spending_by("default", HOUR, NOW, []) == []
    with pytest.raises(BadInput, match="cohort key 'colour'"):
        store.spending_by("default", HOUR, NOW, ["colour"])
