"""Promises over the API: beside what a run took, for a task that is yet to start, and how true they were."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from quarterdeck.control.estimate import Estimator
from quarterdeck.control.promises import PromiseDesk, PromiseGauges, PromiseOptions
from quarterdeck.control.promises.ports import Learners
from quarterdeck.model.raw import RawSpan
from quarterdeck.model.runs import Run, Tokens
from quarterdeck.store.interface import RunFilter

from .conftest import NOW_NS, SECOND, Client, Deck, agent_trace, raw_span


class Quiet:
    """A log that nothing may be told to."""

    def error(self, event: str, **fields: Any) -> None:
        raise AssertionError(event, fields)

    warning = error


@pytest.fixture
def deck(tmp_path: Path) -> Iterator[Deck]:
    made = Deck(tmp_path)
    yield made
    made.close()


@pytest.fixture
def desk(deck: Deck) -> PromiseDesk:
    return PromiseDesk(
        feed=deck.store, learners=Learners(Estimator, Estimator.load), options=PromiseOptions(),
        gauges=PromiseGauges(CollectorRegistry()), clock=deck.clock, log=Quiet(), trees=deck.services().build_runs,
    )  # fmt: skip


@pytest.fixture
def client(deck: Deck, desk: PromiseDesk) -> Client:
    """Sixty runs of a hundred tokens, one after the other, then one of five thousand."""
    (run_id,) = deck.take(agent_trace(1))
    shape = deck.store.get_run("default", run_id)
    runs = [run_like(shape, n, 100 + n % 9) for n in range(60)]
    deck.store.put_runs([*runs, run_like(shape, 60, 5_000)], [("default", run_id)], settled_seq=0)
    desk.tick(NOW_NS, all_of_it=True)
    return deck.client(promises=desk)


def run_like(shape: Run, number: int, total: int) -> Run:
    began = NOW_NS - (600 - 5 * number) * SECOND
    return replace(
        shape, run_id=f"run-{number}", started_at_ns=began, ended_at_ns=began + SECOND, last_seen_ns=began + SECOND,
        tokens=Tokens(total, 0, coverage="full"), lifecycle="finished", status="ok",
    )  # fmt: skip


def test_a_run_has_its_promise_beside_what_it_took(client: Client) -> None:
    run = client.get("/api/v1/runs/run-60").json()
    promised = run["estimate"]
    assert promised["tokens_total"]["q90"] < 200
    assert (promised["spent"]["tokens_total"], promised["over_budget"]) == (5_000, True)
    assert promised["position"]["tokens_total"] > 0.99
    assert "tokens_total" in promised["over"]
    assert "over_budget" in run["flags"]
    assert (promised["source"], promised["cold"]) == ("replayed", False)
    listed = client.get("/api/v1/runs?has=over_budget&limit=500").json()["items"]
    assert "run-60" in [item["run_id"] for item in listed]


def test_a_run_without_a_promise_has_none(deck: Deck) -> None:
    (run_id,) = deck.take(agent_trace(1))
    assert deck.client().get(f"/api/v1/runs/{run_id}").json()["estimate"] is None


def test_a_task_is_estimated_before_it_starts(client: Client) -> None:
    answer = client.get("/api/v1/estimate?agent=support&model=gpt-4o&budget_tokens=1&budget_usd=1000000").json()
    assert answer["n"] >= 60
    assert 90 < answer["estimate"]["tokens_total"]["q50"] < 120
    assert answer["fits"]["tokens_total"] < 0.01
    assert answer["cold"] is False
    unknown = client.get("/api/v1/estimate?agent=nobody&model=none").json()
    assert unknown["confidence"] == "low"


@pytest.mark.parametrize("query", ["budget_tokens=0", "budget_tokens=lots", "colour=red"])
def test_a_question_that_makes_no_sense_is_refused(client: Client, query: str) -> None:
    answer = client.get(f"/api/v1/estimate?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_input")


def test_a_server_that_estimates_nothing_says_so(deck: Deck) -> None:
    answer = deck.client().get("/api/v1/estimate?agent=support")
    assert answer.status_code == 404
    assert "promises.enabled" in answer.json()["detail"]


def test_calibration_counts_runs_below_each_promise(client: Client) -> None:
    answer = client.get("/api/v1/estimates/calibration").json()
    (item,) = answer["items"]
    assert (answer["runs"], item["agent"], item["n"], item["drift"]) == (61, "support", 61, None)
    assert item["coverage"]["0.9"]["low"] < item["coverage"]["0.9"]["share"] < item["coverage"]["0.9"]["high"]
    assert answer["waiting"] == 0
    assert client.get("/api/v1/estimates/calibration?quantity=smiles").status_code == 400


def test_runs_that_wait_for_more_of_their_history_are_counted(deck: Deck, desk: PromiseDesk) -> None:
    deck.take(agent_trace(1))
    (run,) = deck.store.list_runs(RunFilter("default"), sort="-started_at", cursor=None, limit=1).items
    deck.store.put_runs([run_like(run, 0, 100)], [("default", run.run_id)], settled_seq=0)
    client = deck.client(promises=desk)
    desk.tick(NOW_NS)
    assert client.get("/api/v1/estimates/calibration").json()["waiting"] == 1
    desk.tick(NOW_NS, all_of_it=True)
    assert client.get("/api/v1/estimates/calibration").json()["waiting"] == 0


def test_a_drifted_cohort_is_a_finding_with_its_mend(deck: Deck, desk: PromiseDesk, client: Client) -> None:
    shape = deck.store.get_run("default", "run-0")
    late = [replace(run_like(shape, 65, 9_000), run_id=f"late-{n}") for n in range(200)]
    deck.store.put_runs(late, [], settled_seq=0)
    desk.tick(NOW_NS + 3_600 * SECOND, all_of_it=True)
    found = [one for one in client.get("/api/v1/doctor").json()["findings"] if one["code"] == "estimates_drifted"]
    assert [(one["severity"], one["evidence"]["agent"], one["evidence"]["n"]) for one in found] == [
        ("warning", "support", 200)
    ]
    assert "quarterdeck.agent.version" in found[0]["mend"]


def calls_of(trace: int, calls: int, *, over: bool = True) -> list[RawSpan]:
    """An agent that made so many calls, each with a thousand tokens more than the last; its own span comes when it is over."""
    agent = {"gen_ai.operation.name": "invoke_agent"}
    model = {"gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-4o"}
    root = raw_span(trace, 1, name="invoke support", attributes=agent)
    made = [
        raw_span(
            trace, 2 + n, 1, name="chat gpt-4o", start_ns=NOW_NS - (30 - n) * SECOND, end_ns=NOW_NS - (29 - n) * SECOND,
            attributes={
                **model, "gen_ai.usage.input_tokens": 1_000 * (1 + n),
                "gen_ai.usage.output_tokens": 50,
            },
        )
        for n in range(calls)
    ]  # fmt: skip
    return [root, *made] if over else made


def test_a_run_that_goes_on_is_estimated_anew_from_its_calls(deck: Deck, desk: PromiseDesk) -> None:
    for number in range(1, 41):
        deck.take(calls_of(number, 4))
    desk.tick(NOW_NS, all_of_it=True)
    client = deck.client(promises=desk)
    (run_id,) = deck.take(calls_of(99, 7, over=False))
    desk.tick(NOW_NS, all_of_it=True)
    run = client.get(f"/api/v1/runs/{run_id}").json()
    assert run["lifecycle"] in ("running", "waiting")
    live, before = run["estimate"]["live"], run["estimate"]
    assert before["tokens_total"]["q50"] < 15_000 < run["tokens"]["total"]
    assert live["tokens_total"]["q10"] > run["tokens"]["total"], "a run that goes on makes one call more at least"
    assert live["steps"]["q10"] >= 8
    listed = {one["run_id"]: one for one in client.get("/api/v1/runs").json()["items"]}
    assert listed[run_id]["estimate"]["live"] is None


def test_a_run_that_is_over_is_not_estimated_anew(deck: Deck, desk: PromiseDesk) -> None:
    (run_id,) = deck.take(calls_of(1, 4))
    desk.tick(NOW_NS, all_of_it=True)
    assert deck.client(promises=desk).get(f"/api/v1/runs/{run_id}").json()["estimate"]["live"] is None
