"""A looping run and a burning budget against the real server: told while they last, over when they are."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from .otlp import attributes, post, run_request
from .server import Server, command, until

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]

OBJECTIVES = [
    {"name": "spend", "quantity": "cost_usd", "budget": 0.001, "match": {"agent": "support"}},
    {"name": "works", "quantity": "failing", "target": 0.9},
]
SETTINGS = {
    "QUARTERDECK_LIVE__PERSIST_S": "0",
    "QUARTERDECK_LIVE__RECOVER_S": "2",
    "QUARTERDECK_WATCH__EVERY_S": "0.2",
    "QUARTERDECK_WATCH__LIVE_EVERY_S": "0.2",
    "QUARTERDECK_BURN__EVERY_S": "0.2",
    "QUARTERDECK_BURN__OBJECTIVES": json.dumps(OBJECTIVES),
}


def looping(trace: int, *, over: bool) -> ExportTraceServiceRequest:
    """An agent that looks the same order up six times; its own span, which names it, comes when it is over."""
    message = run_request(trace, 7, agent="support")
    spans = message.resource_spans[0].scope_spans[0].spans
    lookup = attributes(
        gen__ai_operation_name="execute_tool",
        gen__ai_tool_name="get_order",
        gen__ai_agent_name="support",
        gen__ai_tool_call_arguments='{"id": 7}',
        gen__ai_tool_call_result="open",
    )
    now = time.time_ns()
    for number, span in enumerate(spans):
        span.start_time_unix_nano, span.end_time_unix_nano = now - 10**9 + number, now - 10**9 + number + 1
        if number:
            span.name = "execute_tool get_order"
            del span.attributes[:]
            span.attributes.extend(lookup)
    if over:
        spans[0].end_time_unix_nano = now
    else:
        del spans[0]
    return message


def alerts(server: Server, **where: str) -> list[dict[str, Any]]:
    return list(server.all("alerts", **where))


def send(server: Server, message: ExportTraceServiceRequest) -> None:
    assert post(server.otlp_http, message.SerializeToString()).status_code == 200


def test_a_loop_is_told_while_it_lasts_and_a_budget_while_it_burns(tmp_path: Path) -> None:
    with Server(tmp_path / "data", settings=SETTINGS) as server:
        for trace in range(1, 4):
            send(server, run_request(trace, agent="support"))
        until(lambda: server.get("objectives")["items"][0]["spent"]["n"] == 3, "the runs to be summed up")
        until(lambda: len(alerts(server, kind="burn")) > 0, "the budget to burn")
        (burn,) = alerts(server, kind="burn")
        assert (burn["state"], burn["where"]) == ("firing", {"agent": "support"})
        assert (
            burn["title"].startswith("objective spend: in the last 3 days $") or "in the last hour $" in burn["title"]
        )
        spend, works = server.get("objectives")["items"]
        assert (spend["state"], spend["spent"]["n"]) == ("burning", 3)
        assert (works["state"], works["windows"][0]["long"]["reason"]) == (
            "insufficient",
            "3 of the 20 that it takes to judge",
        )
        listed = command("objectives", "--url", server.api, "--json")
        assert [one["name"] for one in json.loads(listed.stdout)["items"]] == ["spend", "works"]

        send(server, looping(9, over=False))
        until(lambda: len(alerts(server, kind="loop", state="firing")) > 0, "the loop to be told")
        (loop,) = alerts(server, kind="loop")
        assert loop["title"] == "1 of 1 live run of service repeats calls that bring nothing new"
        (run_id,) = server.get(f"alerts/{loop['alert_id']}")["findings"][0]["run_ids"]
        assert "loop" in server.get(f"runs/{run_id}")["flags"]

        send(server, looping(9, over=True))
        until(lambda: alerts(server, kind="loop")[0]["state"] == "resolved", "the loop to be over")
        assert server.end() == 0
