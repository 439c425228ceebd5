"""Outcomes of a real server: posted before their run, told by an event and by a log, there after a kill, erased with the run."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import KeyValue

from .otlp import attributes, post, run_request
from .server import Server, until

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]

EVENT = "gen_ai.evaluation.result"
SETTINGS = {"QUARTERDECK_SAMPLING__EVERY_S": "0.5"}
"""Logs are looked at after each round of sampling."""


def evaluation(name: str, score: float) -> list[KeyValue]:
    pair = KeyValue(key="gen_ai.evaluation.score.value")
    pair.value.double_value = score
    return [*attributes(gen__ai_evaluation_name=name), pair]


def run(run_id: str) -> Any:
    """A run in a session; its model call carries an event with a result."""
    message = run_request(1, 3)
    top, call, _ = message.resource_spans[0].scope_spans[0].spans
    top.attributes.extend(attributes(quarterdeck_run_id=run_id, gen__ai_conversation_id="s1"))
    event = call.events.add()
    event.name, event.time_unix_nano = EVENT, time.time_ns()
    event.attributes.extend(evaluation("faithful", 0.75))
    return message


def log_of(message: Any) -> bytes:
    """The same kind of event as a log record of the second call."""
    span = message.resource_spans[0].scope_spans[0].spans[2]
    request = ExportLogsServiceRequest()
    record = request.resource_logs.add().scope_logs.add().log_records.add()
    record.event_name, record.time_unix_nano = EVENT, time.time_ns()
    record.trace_id, record.span_id = span.trace_id, span.span_id
    record.attributes.extend(evaluation("tone", 0.5))
    return request.SerializeToString()


def scores(server: Server) -> dict[str, float]:
    return {said["name"]: said["score"] for said in server.get("outcomes", run_id="r1")["items"]}


def test_outcomes_of_every_source_reach_their_run_and_stay(tmp_path: Path) -> None:
    told = {"outcome": 0.0, "faithful": 0.75, "tone": 0.5}
    with Server(tmp_path / "data", settings=SETTINGS) as server:
        items = [{"run_id": "r1", "name": "outcome", "score": 0}, {"run_id": "r1", "name": "outcome"}]
        posted = httpx.post(f"{server.api}/api/v1/outcomes", json={"items": items}, timeout=60).json()
        assert (posted["accepted"], posted["unknown_runs"], len(posted["rejected"])) == (1, 1, 1)
        message = run("r1")
        headers = {"content-type": "application/x-protobuf"}
        assert httpx.post(f"{server.otlp_http}/v1/logs", content=log_of(message), headers=headers).status_code == 200
        assert post(server.otlp_http, message.SerializeToString()).status_code == 200
        until(lambda: scores(server) == told, "all three outcomes")
        assert server.get("runs/r1")["outcome"] == "failure"
        server.end(signal.SIGKILL)
    with Server(tmp_path / "data", settings=SETTINGS) as server:
        assert scores(server) == told
        assert server.get("runs/r1")["outcome"] == "failure"
        assert httpx.delete(f"{server.api}/api/v1/sessions/s1", timeout=60).status_code == 200
        assert scores(server) == {}
