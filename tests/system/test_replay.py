"""Both recorded sets, sent through the real command into a real server, then every run compared with its recording."""

from __future__ import annotations

import csv
import gzip
import json
import math
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

pytestmark = [pytest.mark.system, pytest.mark.timeout(1200)]
ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "quarterdeck.cli"]


@pytest.fixture(scope="module")
def data() -> Path:
    folder = Path(os.environ.get("QUARTERDECK_DATA", ROOT / "../shared/data")).resolve()
    if not (folder / "README.md").is_file():
        pytest.skip(f"recorded data is absent: {folder} (set QUARTERDECK_DATA)")
    return folder


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A server process with its addresses, as its ready line says them."""
    folder = tmp_path_factory.mktemp("replay")
    ports = ["--api-port", "0", "--otlp-http-port", "0", "--otlp-grpc-port", "0"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [*COMMAND, "serve", "--data-dir", str(folder / "data"), *ports], stdout=subprocess.PIPE, stderr=log
        )
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, (folder / "log").read_text()
    yield json.loads(line)
    process.send_signal(signal.SIGTERM)
    rest = process.stdout.read()
    process.stdout.close()
    assert process.wait(timeout=180) == 0
    assert rest == b"", "stdout carries the ready line and nothing else"


def replay(path: Path, to: str) -> dict[str, Any]:
    done = subprocess.run(
        [*COMMAND, "replay", str(path), "--to", to, "--json"], capture_output=True, text=True, check=False, timeout=500
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def runs_of(api: str, **where: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    cursor = ""
    with httpx.Client(base_url=api, timeout=180) as http:
        while True:
            page = http.get("/api/v1/runs", params={"limit": 500, **where, **({"cursor": cursor} if cursor else {})})
            page.raise_for_status()
            found += page.json()["items"]
            cursor = page.json()["next_cursor"] or ""
            if not cursor:
                return found


def test_framework_exports_are_read_as_many_spans_and_runs_as_they_hold(server: dict[str, str], data: Path) -> None:
    summary = replay(data / "otel_and_provider_traces/dev", server["otlp_http"])
    assert summary["readable"] is True
    runs = runs_of(server["api"])
    assert len(runs) == summary["runs"] == 25
    assert sum(run["spans"] for run in runs) == summary["spans"] == 101
    assert sum(run["tool_calls"] for run in runs) == summary["tool_calls"] == 7
    for path in sorted((data / "otel_and_provider_traces/dev/langfuse_traces").glob("*.json")):
        document = json.loads(path.read_text())
        trace = document["trace"]["id"]
        if len(trace) != 32:
            continue  # no OpenTelemetry id: hashed, and found by none
        (run,) = (run for run in runs if trace in run["trace_ids"])
        assert run["spans"] == len(document["observations"])
        if document["trace"]["sessionId"]:
            assert run["session_id"] == document["trace"]["sessionId"]


def test_every_recorded_retail_run_arrives_with_its_totals(server: dict[str, str], data: Path) -> None:
    summary = replay(data / "tau2_retail_runs/dev", server["api"])
    assert (summary["runs"], summary["spans"], summary["repeated_spans"]) == (2935, 54626, 2601)
    runs = {run["run_id"]: run for run in runs_of(server["api"], task_class="retail")}
    assert len(runs) == 2935
    assert sum(run["model_calls"] for run in runs.values()) == summary["model_calls"]
    assert sum(run["tokens"]["total"] or 0 for run in runs.values()) == summary["tokens"]["total"]
    costs = [run["cost_usd"]["reported"] for run in runs.values() if run["cost_usd"]]
    assert math.fsum(cost for cost in costs if cost is not None) == pytest.approx(summary["cost_usd"], abs=1e-6)
    with gzip.open(data / "tau2_retail_runs/dev/runs.csv.gz", "rt", encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if not row["duplicate_of"]]
    assert len(rows) == 1516
    for row in rows:
        agent = runs[row["simulation_id"]]
        user = runs.get(f"{row['simulation_id']}-user")
        check_totals(agent, row, "assistant", row["agent_cost"])
        check_agent(agent, row)
        assert (user is None) == (row["n_messages"] == "0")
        if user is not None:
            check_totals(user, row, "user", row["user_cost"])
            assert user["agent"] == "user_simulator"
        assert agent["tool_calls"] + (user["tool_calls"] if user else 0) == int(row["tool_results"])


def check_totals(run: dict[str, Any], row: dict[str, str], who: str, cost: str) -> None:
    tokens = run["tokens"]
    silent = row["n_messages"] == "0"
    assert run["model_calls"] == int(row[f"{who}_calls"])
    assert run["session_id"] == row["simulation_id"]
    assert run["lifecycle"] == "finished"
    assert run["orphans"] == {"repaired": 0, "missing": 0}
    assert tokens["coverage"] == ("none" if silent else "full")
    prompt, completion = int(row[f"{who}_prompt_tokens"]), int(row[f"{who}_completion_tokens"])
    expected = (None, None, None) if silent else (prompt, completion, prompt + completion)
    assert (tokens["input"], tokens["output"], tokens["total"]) == expected
    assert (tokens["cache_read"] or 0) == int(row[f"{who}_cached_tokens"])
    assert (tokens["reasoning"] or 0) == int(row[f"{who}_reasoning_tokens"])
    if cost:
        assert run["cost_usd"]["reported"] == pytest.approx(float(cost), abs=1e-9)


def check_agent(run: dict[str, Any], row: dict[str, str]) -> None:
    assert run["agent"] == f"{row['agent_model'] or 'unknown'}/{row['harness']}"
    assert run["model"] == (row["agent_model"] or None)
    assert run["outcome"] == ("success" if float(row["reward"]) == 1.0 else "failure")
    assert run["status"] == ("ok" if row["termination_reason"] == "user_stop" else "error")
