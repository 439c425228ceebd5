"""Bodies of a real server: decided, removed, told, and the same after a kill."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from .otlp import attributes, post, run_request, trace_id
from .server import Server, command, until

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]

RUNS, FAILED, RESERVOIR = 30, 5, 4
HOUR_NS = 3600 * 10**9
TEXT = "the parcel was lost on its way " * 30
SETTINGS = {
    "QUARTERDECK_SAMPLING__RESERVOIR": str(RESERVOIR),
    "QUARTERDECK_SAMPLING__TOP_SHARE": "0",
    "QUARTERDECK_SAMPLING__WINDOW_S": "60",
    "QUARTERDECK_SAMPLING__HOLD_S": "1",
    "QUARTERDECK_SAMPLING__GRACE_S": "1",
    "QUARTERDECK_SAMPLING__EVERY_S": "0.5",
}


def old_run(trace: int, *, error: bool, ended_later_ns: int = 0) -> ExportTraceServiceRequest:
    """A run of three days ago with a long text in each span, all in one window that has closed."""
    message = run_request(trace, 3, agent="support")
    base_ns = time.time_ns() // (24 * HOUR_NS) * 24 * HOUR_NS - 60 * HOUR_NS
    for number, span in enumerate(message.resource_spans[0].scope_spans[0].spans):
        span.start_time_unix_nano = base_ns + trace * 10**9 + number
        span.end_time_unix_nano = span.start_time_unix_nano + 10**8 + ended_later_ns - 2 * number
        span.attributes.extend(attributes(gen__ai_input_messages=f"{trace}.{number} {TEXT}"))
        if error:
            span.status.code = 2
    return message


def runs(server: Server) -> dict[str, Any]:
    return {run["trace_ids"][0]: run for run in server.all("runs")}


def has_text(server: Server, run: dict[str, Any]) -> bool:
    """Whether the raw form of the root still holds the text."""
    raw = server.get(f"runs/{run['run_id']}/spans/{run['root_span_id']}")["raw"]
    return TEXT[:40] in json.dumps(raw["attributes"])


def purged(server: Server) -> bool:
    lines = httpx.get(f"{server.api}/metrics").text.splitlines()
    found = [float(line.split()[1]) for line in lines if line.startswith("quarterdeck_bodies_purged_total")]
    return bool(found) and found[0] > 0


@pytest.fixture
def decided(tmp_path: Path) -> Any:
    """A server whose runs were all decided on, and whose left-out bodies were removed."""
    with Server(tmp_path / "data", settings=SETTINGS) as server:
        for trace in range(1, RUNS + 1):
            assert post(server.otlp_http, old_run(trace, error=trace <= FAILED).SerializeToString()).status_code == 200
        server.settled()
        until(lambda: all(run["body_reason"] for run in server.all("runs")), "every run to be decided on")
        until(lambda: purged(server), "bodies to be removed")
        yield server


def test_bodies_go_facts_stay_and_a_kill_changes_nothing(decided: Server) -> None:
    before = runs(decided)
    assert len(before) == RUNS
    assert all(run["tokens"]["total"] == 220 for run in before.values())
    reasons = {trace_id(n): "error" if n <= FAILED else "reservoir" for n in range(1, RUNS + 1)}
    assert {trace: run["body_reason"] for trace, run in before.items()} == reasons
    kept = {trace for trace, run in before.items() if has_text(decided, run)}
    assert len(kept) == RESERVOIR + FAILED
    report = decided.get("sampling", since="-30d")
    assert (report["sessions"], report["kept"], report["undecided"]) == (RUNS, RESERVOIR + FAILED, 0)
    found = decided.get("bodies/search", q="PARCEL was lost", since="-30d")
    assert (found["matches"], found["runs_without_bodies"]) == (RESERVOIR + FAILED, RUNS - RESERVOIR - FAILED)
    assert decided.end(signal.SIGKILL) != 0
    with Server(decided.data_dir, settings=SETTINGS) as again:
        after = runs(again)
        told = ("body_reason", "body_probability")
        assert {t: [r[name] for name in told] for t, r in after.items()} == {
            t: [r[name] for name in told] for t, r in before.items()
        }
        assert {trace for trace, run in after.items() if has_text(again, run)} == kept


def test_evidence_after_the_removal_corrects_the_run_and_says_the_loss(decided: Server) -> None:
    lost = next(n for n in range(FAILED + 1, RUNS + 1) if not has_text(decided, runs(decided)[trace_id(n)]))
    late = old_run(lost, error=True, ended_later_ns=10**9)
    assert post(decided.otlp_http, late.SerializeToString()).status_code == 200
    until(lambda: runs(decided)[trace_id(lost)]["status"] == "error", "the run to be corrected")
    assert runs(decided)[trace_id(lost)]["body_reason"] == "late_evidence_lost"


def test_the_commands_answer(decided: Server) -> None:
    shown = command("sampling", "show", "--since", "-30d", "--url", decided.api, "--json")
    assert json.loads(shown.stdout)["kept"] == RESERVOIR + FAILED
    tried = command("sampling", "try", "--reservoir", "10", "--since", "-30d", "--url", decided.api, "--json")
    assert json.loads(tried.stdout)["kept"] == 10 + FAILED
    labels = json.loads(command("labels", "--url", decided.api, "--json").stdout)["items"]
    assert next(label for label in labels if label["label"] == "agent")["top"][0]["value"] == "support"
