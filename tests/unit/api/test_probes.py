"""The routes about probes: begun from an alert, shown, refused; the input of a stored run."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import structlog
from prometheus_client import CollectorRegistry

from quarterdeck.api.routes.alerts import _ALERT
from quarterdeck.clock import SystemClock
from quarterdeck.observe.canonical import conversation
from quarterdeck.probes.desk import ProbeDesk
from quarterdeck.probes.gauges import ProbeGauges
from quarterdeck.probes.kept import KeptProbes
from quarterdeck.probes.options import ProbeOptions
from quarterdeck.probes.stored import case_of_run
from quarterdeck.store.memory.alerts import MemoryAlertStore
from quarterdeck.store.memory.documents import MemoryDocumentStore

from .conftest import agent_trace

SAME = {"kind": "command", "argv": [sys.executable, "-c", "print(input())"]}
OPTIONS = ProbeOptions.model_validate({"targets": [{"name": "echo", "candidate": SAME, "baseline": SAME}]})
PROBE = "/api/v1/alerts/a1/probe"


@pytest.fixture
def probes(deck: Any) -> Iterator[ProbeDesk]:
    made = ProbeDesk(
        KeptProbes(MemoryDocumentStore(), "here"),
        OPTIONS,
        lambda project, run_id: case_of_run(deck.store, conversation, project, run_id),
        clock=SystemClock(),
        gauges=ProbeGauges(CollectorRegistry()),
        log=structlog.get_logger(),
    )
    yield made
    made.stop(60)


@pytest.fixture
def client(deck: Any, probes: ProbeDesk) -> Any:
    (run_id,) = deck.take(agent_trace(1, failed=True))
    finding = replace(_ALERT.findings[0], run_ids=(run_id,))
    alerts = MemoryAlertStore()
    alerts.put_alerts(
        [replace(_ALERT, alert_id="a1", findings=(finding,)), replace(_ALERT, alert_id="bare", findings=())]
    )
    return deck.client(alerts=alerts, probes=probes)


def post(client: Any, path: str = PROBE, **body: Any) -> Any:
    return client.request("POST", path, json={"target": "echo", "by": "ann"} | body)


def test_a_probe_of_an_alert_takes_the_input_of_its_run(client: Any, probes: ProbeDesk) -> None:
    begun = post(client, check={"kind": "contains", "text": "<b>hi</b>"})
    assert begun.status_code == 200, begun.text
    assert (begun.json()["state"], begun.json()["verdict"], begun.json()["pairs"]) == ("running", None, 0)
    probes.start()
    probe_id = begun.json()["probe_id"]
    while (found := client.get(f"/api/v1/probes/{probe_id}").json())["state"] == "running":
        pass
    assert (found["state"], found["verdict"], found["candidate_failures"]) == ("done", "wobble", 0)
    assert found["error_rates"] == {"false_regression": 0.02, "missed": 0.1}
    assert client.get("/api/v1/probes", params={"alert_id": "a1"}).json()["items"] == [found]
    assert client.get("/api/v1/probes", params={"alert_id": "other"}).json()["items"] == []


def test_the_input_of_a_run_can_be_read(client: Any) -> None:
    found = client.get("/api/v1/alerts/a1/probe-input").json()
    assert (found["input"], found["system"]) == ("<b>hi</b>", None)


def test_pairs_that_were_run_elsewhere(client: Any, problem: Callable[..., Any]) -> None:
    found = post(client, target="python agent.py", outcomes=[[True, False]] * 7).json()
    assert (found["verdict"], found["pairs"], found["target"]) == ("regression", 7, "python agent.py")
    problem(post(client, outcomes=[[True, False]]), 400, "bad_input")


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        (PROBE, {"target": "nothing"}, 404, "not_found"),
        ("/api/v1/alerts/none/probe", {}, 404, "not_found"),
        ("/api/v1/alerts/bare/probe", {}, 400, "bad_input"),
        (PROBE, {"run_id": "none"}, 404, "not_found"),
        (PROBE, {"by": " "}, 400, "bad_input"),
        (PROBE, {"check": {"kind": "callable"}}, 400, "bad_input"),
        (PROBE, {"pairs": 21}, 400, "bad_input"),
        (PROBE, {"argv": ["sh"]}, 400, "bad_input"),
    ],
)
def test_what_is_refused(
    client: Any, problem: Callable[..., Any], path: str, body: dict[str, Any], status: int, code: str
) -> None:
    problem(post(client, path, **body), status, code)


def test_targets_are_listed_without_their_words(client: Any) -> None:
    (found,) = client.get("/api/v1/probe-targets").json()["items"]
    assert found == {"name": "echo", "kind": "command", "candidate": sys.executable, "baseline": sys.executable}


def test_a_project_sees_its_own(client: Any, problem: Callable[..., Any]) -> None:
    probe_id = post(client, outcomes=[[True, False]] * 7).json()["probe_id"]
    assert client.get("/api/v1/probes", params={"project": "other"}).json()["items"] == []
    problem(client.get(f"/api/v1/probes/{probe_id}", params={"project": "other"}), 404, "not_found")


def test_a_server_without_probes_says_so(deck: Any, problem: Callable[..., Any]) -> None:
    problem(deck.client().get("/api/v1/probes"), 404, "not_found")
