"""What spans and logs tell becomes outcomes of their run: written with it, moved with it, within the budget of names."""

from __future__ import annotations

import json
from concurrent.futures import Future
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from quarterdeck.errors import Overloaded
from quarterdeck.model.outcomes import Outcome
from quarterdeck.model.raw import RawEvent, RawLog
from quarterdeck.model.runs import RunTree
from quarterdeck.model.spans import Span
from quarterdeck.observe.canonical.evaluations import EVENT, evaluations_again
from quarterdeck.observe.outcomes import LoggedEvaluations, NameBook, OutcomeGauges, OutcomeOptions, Telling
from quarterdeck.observe.outcomes.logged import LOOKS_MAX
from quarterdeck.observe.outcomes.told import told_outcomes
from quarterdeck.observe.runs import PriceTable, build_runs
from quarterdeck.store.memory import MemoryStore

from ..upkeep.conftest import House, agent, call

NOW_NS = 1_795_000_000 * 10**9


def trees(spans: Any) -> list[RunTree]:
    return build_runs(spans, now_ns=NOW_NS, prices=PriceTable.shipped())


def spans_of(house: House, *said: tuple[str, float | None, str | None]) -> list[Span]:
    """An agent and a call; the call tells."""
    first, second = (house.canonical.canonicalize(raw) for raw in (agent(1, 1), call(1, 2, 1)))
    told = json.dumps([[name, score, label, 77] for name, score, label in said])
    return [first, second._replace(evaluations=told)]


def test_what_a_span_tells_is_an_outcome_of_its_run(house: House) -> None:
    spans = spans_of(house, ("faithful", 0.8, None), ("stars", 4, None), ("stars", 4, "good"))
    run_id = trees(spans)[0].run.run_id
    assert told_outcomes(spans, trees, NOW_NS) == [
        Outcome("default", run_id, "faithful", 0.8, None, 77, NOW_NS, "span"),
        *(
            Outcome(
                "default", run_id, "stars", None, label, 77, NOW_NS, "span",
                "score 4 is outside 0 to 1 and was kept as a label",
            )
            for label in ("4", "good")
        ),
    ]  # fmt: skip


def test_runs_in_which_nothing_is_told_are_not_built_for_it(house: House) -> None:
    spans = [house.canonical.canonicalize(agent(1, 1))]
    assert told_outcomes(spans, lambda _: pytest.fail("built"), NOW_NS) == []


class Writing:
    def __init__(self, **options: Any) -> None:
        self.store = MemoryStore()
        self.registry = CollectorRegistry()
        gauges = OutcomeGauges(self.registry)
        self.telling = Telling(self.store, NameBook(self.store, OutcomeOptions(**options)), gauges)

    def names(self, run_id: str) -> list[str]:
        return [outcome.name for outcome in self.store.outcomes_of("default", [run_id])]


def told(run_id: str, name: str, source: str = "span") -> Outcome:
    return Outcome("default", run_id, name, 1.0, None, 1, 2, source)


def test_it_waits_for_its_run_and_a_run_built_again_replaces_it() -> None:
    house = Writing()
    house.telling.note([told("r1", "old"), told("r2", "other")])
    house.telling.note([told("r1", "new")])
    assert house.names("r1") == []
    house.telling.write([("default", "r1")], [])
    assert (house.names("r1"), house.names("r2")) == (["new"], [])
    house.telling.write([("default", "r1"), ("default", "r2")], [])
    assert (house.names("r1"), house.names("r2")) == (["new"], ["other"])


def test_a_run_that_vanishes_takes_what_spans_told_and_leaves_what_was_posted() -> None:
    house = Writing()
    house.store.put_outcomes([told("r1", "told"), told("r1", "posted", "api")])
    house.telling.write([], [("default", "r1")])
    assert house.names("r1") == ["posted"]


def test_names_beyond_the_budget_are_left_out_and_counted() -> None:
    house = Writing(names_max=1)
    house.telling.note([told("r1", "a"), told("r1", "b")])
    house.telling.write([("default", "r1")], [])
    assert house.names("r1") == ["a"]
    counted = {
        what: house.registry.get_sample_value("quarterdeck_outcomes_total", {"source": "span", "what": what})
        for what in ("accepted", "rejected")
    }
    assert counted == {"accepted": 1, "rejected": 1}


# logs


def log(span: int = 2, trace: int = 1, name: str = EVENT) -> RawLog:
    attributes = {"gen_ai.evaluation.name": "faithful", "gen_ai.evaluation.score.value": 0.25}
    return RawLog("default", f"{trace:032x}", f"{span:016x}", RawEvent(name, 99, attributes))


@pytest.fixture
def logged(house: House) -> LoggedEvaluations:
    return LoggedEvaluations(house.store, EVENT, evaluations_again, OutcomeGauges(CollectorRegistry()))


def arrive(house: House, logged: LoggedEvaluations, *logs: RawLog) -> None:
    from quarterdeck.store.interface import Batch

    house.store.commit(Batch([], logs=logs))
    logged.note(logs)


def evaluations(house: House) -> list[str | None]:
    return [
        span.evaluations for spans in house.store.load_traces(list(house.store.trace_keys())).values() for span in spans
    ]


def test_a_log_reaches_its_span_once(house: House, logged: LoggedEvaluations) -> None:
    house.send(agent(1, 1), call(1, 2, 1))
    arrive(house, logged, log(), log(name="gen_ai.client.inference.operation.details"))
    assert logged.settle(house.errand) == 1
    assert evaluations(house) == [None, '[["faithful",0.25,null,99]]']
    assert logged.settle(house.errand) == 0


def test_a_log_before_its_span_waits_for_it_but_not_for_ever(house: House, logged: LoggedEvaluations) -> None:
    arrive(house, logged, log(), log(trace=9))
    assert logged.settle(house.errand) == 0
    house.send(agent(1, 1), call(1, 2, 1))
    assert logged.settle(house.errand) == 1
    for _ in range(LOOKS_MAX):
        logged.settle(house.errand)
    house.send(agent(9, 1), call(9, 2, 1))
    assert logged.settle(house.errand) == 0


def test_when_the_writer_has_no_time_it_waits(house: House, logged: LoggedEvaluations) -> None:
    house.send(agent(1, 1), call(1, 2, 1))
    arrive(house, logged, log())

    def busy(_act: Any) -> Future[Any]:
        raise Overloaded("64 errands already wait for the writer", retry_after_s=1.0)

    assert logged.settle(busy) == 0
    assert logged.settle(house.errand) == 1


@pytest.fixture
def house() -> House:
    return House()
