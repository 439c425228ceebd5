"""Runs to open: typical, worst, at the boundary, and healthy ones like them; the same whatever the order."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.api.routes.examples import RUN
from quarterdeck.model.runs import Cost, Run, Tokens
from quarterdeck.observe.signals.exemplars import RUNS_MAX, choose

SECOND = 10**9


def run(
    run_id: str, *, tokens: int | None = 1_000, usd: float | None = 0.1, seconds: float = 10, **changes: object
) -> Run:
    start = RUN.started_at_ns
    base = replace(
        RUN, run_id=run_id, tokens=Tokens(tokens, 0), cost=Cost(usd), started_at_ns=start,
        ended_at_ns=start + int(seconds * SECOND), model_calls=10, tool_calls=2, tools={"lookup": 2}, error_class=None,
        agent="support", task_class="refund", model="m1", prompt_version="v7",
    )  # fmt: skip
    return replace(base, **changes)


BAD = [
    run("b1", tokens=5_000, usd=0.5, error_class="tool_error"),
    run("b2", tokens=5_100, usd=0.51, error_class="tool_error"),
    run("b3", tokens=5_200, usd=0.52, error_class="tool_error"),
    run("b4", tokens=90_000, usd=9.0, error_class="tool_error", tools={"search": 40}),
    run("b5", tokens=1_010, usd=0.1, error_class=None),
]
HEALTHY = [
    run("h1", agent="research", tokens=5_100, usd=0.51),
    run("h2", tokens=4_000, usd=0.4, prompt_version="v6"),
    run("h3", tokens=1_000, usd=0.1, prompt_version="v6"),
    run("h4", model="m2", tokens=5_100, usd=0.51),
]


def test_each_part_is_played_by_the_run_that_fits_it() -> None:
    found = choose(BAD, HEALTHY)
    assert [(one.role, one.run_id) for one in found] == [
        ("medoid", "b2"),
        ("healthy", "h2"),
        ("worst", "b4"),
        ("boundary", "b5"),
        ("healthy", "h3"),
    ]
    words = [one.because for one in found]
    assert words[0] == "the most typical of 5 such runs: least unlike all others"
    assert words[1] == "healthy and most like the typical one, of 2 with the same agent, task class and model"
    assert words[2] == "took most dollars of the 5: $9.00, healthy runs $0.4550 (median)"
    assert words[3] == "nearest to a healthy run (h3): what differs is small"


@given(st.permutations(range(5)), st.permutations(range(4)))
def test_the_order_of_the_runs_does_not_matter(bad: list[int], healthy: list[int]) -> None:
    assert choose([BAD[at] for at in bad], [HEALTHY[at] for at in healthy]) == choose(BAD, HEALTHY)


def test_runs_that_are_all_alike_are_chosen_by_their_ids() -> None:
    same = [run(f"r{at}") for at in (3, 1, 2)]
    assert [one.run_id for one in choose(same, [run("h")])] == ["r1", "h", "r3", "r2"]


def test_a_control_says_what_it_does_not_share() -> None:
    assert choose(BAD[:1], [HEALTHY[3]])[1].because == (
        "healthy and most like the typical one, of 1 with the same agent and task class; none had the same model"
    )
    stranger = run("x", agent="a", task_class="t", model="m")
    assert "none had the same agent, task class and model" in choose(BAD[:1], [stranger])[1].because


def test_without_healthy_runs_there_is_no_control_and_no_boundary() -> None:
    assert [one.role for one in choose(BAD, [])] == ["medoid", "worst"]
    assert choose(BAD[:1], [])[0].because == "the only run of this kind"
    assert choose([], HEALTHY) == ()


def test_the_worst_is_told_by_what_most_runs_report() -> None:
    no_cost = [replace(one, cost=Cost()) for one in BAD]
    assert "took most tokens of the 5: 90,000 tokens" in choose(no_cost, [])[1].because
    silent = [replace(one, tokens=Tokens()) for one in no_cost]
    silent[4] = replace(silent[4], ended_at_ns=silent[4].started_at_ns + 99 * SECOND)
    worst = choose(silent, [])[1]
    assert (worst.run_id, worst.because) == ("b5", "took most time of the 5: 99.0 s")


def test_the_newest_runs_are_looked_at() -> None:
    old = run("old", tokens=10**9, usd=1e6, started_at_ns=RUN.started_at_ns - SECOND)
    many = [run(f"r{at:03}") for at in range(RUNS_MAX)]
    assert "old" not in [one.run_id for one in choose([old, *many], [])]
