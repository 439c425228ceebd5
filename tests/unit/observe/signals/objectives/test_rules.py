"""What is told of objectives: once, again when it burns faster, and when it is over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from quarterdeck.model.measured import Measured
from quarterdeck.model.runs import Cost, Orphans, Run, Tokens
from quarterdeck.model.signals import Finding
from quarterdeck.observe.signals.objectives import BurnOptions, Objective, Objectives, standing
from quarterdeck.store.memory import MemoryStore
from quarterdeck.store.spending import Spent

SECOND = 10**9
MINUTE = 60 * SECOND
NOW = 1_795_503_600 * SECOND
SPEND = Objective(name="spend", quantity="cost_usd", budget=720.0, match={"agent": "support"})
WORKS = Objective(name="works", quantity="failing", target=0.95)


def run(number: int, end_ns: int, usd: float = 0.0, status: str = "ok", project: str = "default") -> Run:
    """A minute long, over at `end_ns`."""
    unknown = dict.fromkeys((
        "session_id", "session_source", "tenant", "environment", "feature", "task_class", "user_hash", "agent_version",
        "prompt_version", "model", "provider", "toolset_hash", "config_hash", "error_class", "outcome", "residual_tokens",
    ))  # fmt: skip
    return Run(
        **unknown, project=project, run_id=f"run-{number}", trace_ids=(f"t{number}",), root_span_id=None, root_name="r",
        root_synthetic=False, agent="support", lifecycle="finished", status=status, started_at_ns=end_ns - MINUTE,
        ended_at_ns=end_ns, last_seen_ns=end_ns, spans=1, model_calls=1, tool_calls=0, retries=0, errors=0, depth=0,
        tokens=Tokens(), cost=Cost(computed=usd, source="priced"), orphans=Orphans(),
    )  # fmt: skip


def store_of(*runs: Run) -> MemoryStore:
    store = MemoryStore()
    store.put_runs(runs, [], settled_seq=0)
    return store


def burning(minutes: float = 60, usd: float = 0.5) -> list[Run]:
    """A run that ends every minute; half a dollar a minute is 30 times one dollar an hour."""
    return [run(n, NOW - n * MINUTE - 1, usd) for n in range(int(minutes))]


def test_a_budget_that_burns_too_fast_is_told_once():
    objectives = Objectives(BurnOptions(objectives=(SPEND,)))
    store = store_of(*burning())
    (finding,) = objectives.look("default", store, NOW)
    assert (finding.kind, finding.state, finding.lane, finding.key) == ("burn", "reached", "burn", "spend")
    assert finding.where == (("agent", "support"),)
    assert finding.evidence == pytest.approx(30, rel=0.05)
    assert finding.threshold == 14.4
    assert finding.title == (
        "objective spend: in the last hour $30.00 went, 30.0 times what $720.00 in 30 days allow; "
        "the budget is gone in 6 days"
    )
    assert objectives.look("default", store, NOW + 31 * SECOND) == []


def test_it_is_looked_at_only_now_and_then_and_every_project_alone():
    objectives = Objectives(BurnOptions(objectives=(SPEND,)))
    store = store_of(*burning())
    assert objectives.look("other", store, NOW) == []
    assert len(objectives.look("default", store, NOW)) == 1
    assert objectives.look("default", MemoryStore(), NOW + 10 * MINUTE) != []
    assert objectives.look("default", store, NOW + 10 * MINUTE + SECOND) == []


def test_it_is_over_five_minutes_after_it_stopped_burning():
    objectives = Objectives(BurnOptions(objectives=(SPEND,)))
    objectives.look("default", store_of(*burning()), NOW)
    well = MemoryStore()
    assert objectives.look("default", well, NOW + 4 * MINUTE) == []
    (finding,) = objectives.look("default", well, NOW + 5 * MINUTE)
    assert (finding.state, finding.key) == ("recovered", "spend")
    assert objectives.look("default", well, NOW + 20 * MINUTE) == []


def test_what_burns_more_quickly_is_told_again_and_less_is_not():
    """First 10 dollars an hour for 6 hours (the pair of 6 h), then 30 in the last hour (the pair of 1 h)."""
    objectives = Objectives(BurnOptions(objectives=(SPEND,)))
    slow = store_of(*burning(360, usd=10 / 60))
    assert [f.threshold for f in objectives.look("default", slow, NOW)] == [6.0]
    fast = store_of(*burning(60))
    assert [f.threshold for f in objectives.look("default", fast, NOW + MINUTE)] == [14.4]
    assert objectives.look("default", slow, NOW + 2 * MINUTE) == []


def test_failing_runs_burn_the_allowance_of_a_target():
    runs = [run(n, NOW - n * MINUTE - 1, status="error" if n % 10 else "ok") for n in range(60)]
    (finding,) = Objectives(BurnOptions(objectives=(WORKS,))).look("default", store_of(*runs), NOW)
    assert finding.title == (
        "objective works: in the last hour 90.0 % of runs failed (60 seen), 18.0 times the 5.00 % that the target allows; "
        "the budget is gone"
    )
    assert finding.now.low is not None
    assert finding.now.low > 14.4
    assert finding.before == Measured(1.0, None, None, 60, "what the budget allows")


def test_the_end_is_told_across_a_restart():
    (told,) = Objectives(BurnOptions(objectives=(SPEND,))).look("default", store_of(*burning()), NOW)
    after = Objectives(BurnOptions(objectives=(SPEND,)))
    after.resume([told], NOW)
    assert after.look("default", store_of(*burning()), NOW + SECOND) == []
    assert [f.state for f in after.look("default", MemoryStore(), NOW + 10 * MINUTE)] == ["recovered"]


def test_an_objective_that_is_gone_from_the_settings_is_not_resumed():
    (told,) = Objectives(BurnOptions(objectives=(SPEND,))).look("default", store_of(*burning()), NOW)
    after = Objectives(BurnOptions(objectives=(WORKS,)))
    after.resume([told], NOW)
    assert after.look("default", MemoryStore(), NOW + 10 * MINUTE) == []


class Counting:
    """A store that counts what it is asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, str], str | None]] = []

    def spent(
        self, project: str, where: Mapping[str, str], since_ns: Sequence[int], until_ns: int, *, score: str | None
    ) -> Sequence[Spent]:
        self.asked.append((project, dict(where), score))
        return MemoryStore().spent(project, where, since_ns, until_ns, score=score)


def test_objectives_on_the_same_runs_share_a_reading_and_those_of_other_projects_are_left_out():
    options = BurnOptions(
        objectives=(
            SPEND,
            Objective(name="tokens", quantity="tokens_total", budget=5, match={"agent": "support"}),
            Objective(name="liked", quantity="score:thumbs", target=0.9),
            Objective(name="theirs", quantity="cost_usd", budget=5, project="other"),
        )
    )
    counting = Counting()
    found = standing(options, "default", counting, NOW)
    assert [now.objective.name for now in found] == ["spend", "tokens", "liked"]
    assert counting.asked == [("default", {"agent": "support"}, None), ("default", {}, "thumbs")]


def test_without_objectives_nothing_is_read():
    counting = Counting()
    found: list[Finding] = Objectives().look("default", counting, NOW)
    assert (found, counting.asked) == ([], [])
