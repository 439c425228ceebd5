"""A bad prompt version against the real server: found, told to a webhook once, and the same after a restart."""

from __future__ import annotations

import json
import signal
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from random import Random
from threading import Thread
from typing import Any

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from .otlp import attributes, post, run_request
from .server import Server, command, until

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]

SECOND = 10**9
BEFORE, AFTER = 600, 250
"""Runs of either prompt version, one a second."""
FAILING = {"v6": 0.1, "v7": 0.45}


class Hook:
    """A webhook's receiver."""

    def __init__(self) -> None:
        self.got: list[dict[str, Any]] = []
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                hook.got.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(30)


@pytest.fixture
def hook() -> Any:
    made = Hook()
    yield made
    made.close()


def story(seed: int) -> list[ExportTraceServiceRequest]:
    """`BEFORE` runs of v6, then `AFTER` of v7, one a second, the last of them just over; 50 to a request."""
    chance, start_ns = Random(seed), time.time_ns() - (BEFORE + AFTER + 60) * SECOND
    requests: list[ExportTraceServiceRequest] = []
    for number in range(BEFORE + AFTER):
        version = "v6" if number < BEFORE else "v7"
        message = run_request(number + 1, 2, agent="support")
        block = message.resource_spans[0]
        block.resource.attributes.extend(attributes(deployment_environment_name="production"))
        length_ns = int((5 + 20 * chance.random()) * SECOND)
        failed = chance.random() < FAILING[version]
        for span in block.scope_spans[0].spans:
            span.start_time_unix_nano = start_ns + number * SECOND
            span.end_time_unix_nano = span.start_time_unix_nano + length_ns
            span.attributes.extend(attributes(quarterdeck_prompt_version=version))
            span.status.code = 2 if failed else 1
        if number % 50 == 0:
            requests.append(ExportTraceServiceRequest())
        requests[-1].resource_spans.extend(message.resource_spans)
    return requests


def firing(server: Server) -> list[dict[str, Any]]:
    return list(server.all("alerts", state="firing"))


def taken(server: Server) -> int:
    lines = httpx.get(f"{server.api}/metrics", timeout=180).text.splitlines()
    return int(next(float(line.split()[1]) for line in lines if line.startswith("quarterdeck_watch_runs_taken_total")))


def test_a_bad_prompt_is_one_alert_told_once_over_restarts(tmp_path: Path, hook: Hook) -> None:
    settings = {"QUARTERDECK_NOTIFY__WEBHOOK_URL": hook.url, "QUARTERDECK_WATCH__EVERY_S": "0.2"}
    with Server(tmp_path / "data", settings=settings) as server:
        for message in story(7):
            assert post(server.otlp_http, message.SerializeToString()).status_code == 200
        until(lambda: taken(server) == BEFORE + AFTER, "every run to be taken")
        until(lambda: len(hook.got) > 0, "the webhook to be told")
        (alert,) = firing(server)
        assert alert["where"] == {"agent": "support", "environment": "production", "prompt_version": "v7"}
        assert "support in production with prompt v7 fails more than v6" in alert["title"]
        (told,) = hook.got
        assert (told["event"], told["alert"]["alert_id"]) == ("firing", alert["alert_id"])
        assert told["link"] == f"{server.api}/alerts/{alert['alert_id']}"
        whole = server.get(f"alerts/{alert['alert_id']}")
        assert [event["what"] for event in whole["events"] if event["what"] in ("firing", "notified")] == [
            "firing",
            "notified",
        ]
        assert whole["exemplars"]
        assert server.end(signal.SIGKILL) != 0

    with Server(server.data_dir, settings=settings) as again:
        until(lambda: taken(again) > 0, "runs since the last writing to be taken again")
        assert [one["alert_id"] for one in firing(again)] == [alert["alert_id"]]
        assert len(hook.got) == 1
        listed = command("alerts", "list", "--state", "firing", "--url", again.api, "--json")
        assert [one["title"] for one in json.loads(listed.stdout)["items"]] == [alert["title"]]
        said = ("--as", "fixed", "--reason", "v7 was rolled back", "--by", "ann")
        closed = command("alerts", "close", alert["alert_id"], *said, "--url", again.api)
        assert closed.returncode == 0, closed.stderr
        assert "resolved" in closed.stdout
        until(lambda: len(hook.got) == 2, "the webhook to be told of the end")
        assert (hook.got[1]["event"], hook.got[1]["alert"]["resolution"]) == ("resolved", "v7 was rolled back")
        assert again.end() == 0

    with Server(server.data_dir, settings=settings) as third:
        assert firing(third) == []
        assert third.end() == 0
    assert len(hook.got) == 2
