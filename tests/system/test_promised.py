"""A recorded history through the real command into a real server: each run has a promise beside what it spent."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from .test_replay import COMMAND, data, replay, server

__all__ = ["data", "server"]
pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]
SINCE = "2020-01-01T00:00:00Z"


@pytest.fixture(scope="module")
def api(server: dict[str, str], data: Path) -> Iterator[httpx.Client]:
    """The server, once all of the history has been promised."""
    replayed = replay(data / "tau2_retail_runs/dev", server["otlp_http"])["runs"]
    with httpx.Client(base_url=f"{server['api']}/api/v1", timeout=60) as client:
        deadline = time.monotonic() + 300
        while not (done := is_learned(calibration(client), replayed)) and time.monotonic() < deadline:
            client.get("/health")
        assert done, calibration(client)
        yield client


def is_learned(found: dict[str, Any], runs: int) -> bool:
    """All of the history has its promises, and nothing waits."""
    return found["runs"] == runs and found["waiting"] == 0


def calibration(client: httpx.Client) -> dict[str, Any]:
    return client.get("/estimates/calibration", params={"since": SINCE}).json()


def test_promises_of_a_history_come_true_about_as_often_as_they_say(api: httpx.Client) -> None:
    found = calibration(api)
    scored = sum(item["n"] for item in found["items"])
    assert scored > 1_000
    for level, nominal in (("0.5", 0.5), ("0.9", 0.9), ("0.99", 0.99)):
        below = sum(item["n"] * item["coverage"][level]["share"] for item in found["items"] if item["n"])
        assert below / scored == pytest.approx(nominal, abs=0.05)


def test_no_run_is_promised_after_its_end_and_runs_show_says_both(api: httpx.Client, server: dict[str, str]) -> None:
    runs = api.get("/runs", params={"has": "over_budget", "limit": 500}).json()["items"]
    assert runs
    assert all(run["estimate"]["made_at"] <= run["ended_at"] for run in runs if run["ended_at"])
    assert all(run["tokens"]["total"] > run["estimate"]["tokens_total"]["q90"] for run in runs)
    shown = subprocess.run(
        [*COMMAND, "runs", "show", runs[0]["run_id"], "--url", server["api"]],
        capture_output=True, text=True, check=True, timeout=60,
    ).stdout  # fmt: skip
    assert "promised" in shown
    assert f"spent {runs[0]['tokens']['total']:,}" in shown


def test_the_command_says_how_true_promises_were(api: httpx.Client, server: dict[str, str]) -> None:
    assert api.get("/health").status_code == 200
    done = subprocess.run(
        [*COMMAND, "estimate", "calibration", "--since", SINCE, "--url", server["api"], "--json"],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert json.loads(done.stdout)["items"] == calibration(api)["items"]
