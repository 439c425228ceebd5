"""Drills against the real server: a regression is found, noise is left alone, and no real project sees a run of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .server import Server, command

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]


def test_a_regression_is_found_and_noise_is_left_alone_outside_of_real_projects(tmp_path: Path) -> None:
    with Server(tmp_path / "data", settings={"QUARTERDECK_WATCH__EVERY_S": "0.2"}) as server:
        run = command("drills", "run", "--size", "0.5", "--by", "ann", "--url", server.api, "--json")
        assert run.returncode == 0, run.stderr + run.stdout
        found = json.loads(run.stdout)
        assert (found["state"], found["kind"], found["escalated"], found["by"]) == ("found", "regression", False, "ann")
        assert 20 <= found["runs_until"] <= 200
        assert found["detect_s"] == found["runs_until"]
        assert "fails more than" in found["in_words"]
        assert found["project"] == f"drill-{found['drill_id']}"

        noise = command("drills", "run", "--kind", "noise", "--url", server.api)
        assert noise.returncode == 0, noise.stderr + noise.stdout
        assert noise.stdout.startswith("quiet: ")

        listed = json.loads(command("drills", "list", "--url", server.api, "--json").stdout)
        assert [one["kind"] for one in listed["items"]] == ["noise", "regression"]
        assert (listed["detection"]["value"], listed["detection"]["n"]) == (1.0, 1)
        assert (listed["false_escalation"]["value"], listed["false_escalation"]["n"]) == (0.0, 1)
        assert server.all("runs") == []
        assert server.all("alerts") == []
        assert server.get("runs", project=found["project"], limit=1)["items"]
        text = command("drills", "list", "--url", server.api).stdout
        assert "regressions found: 100% of 1" in text
        wrong = command("drills", "run", "--kind", "storm", "--url", server.api)
        assert wrong.returncode == 3
        assert "expected one of regression, noise" in wrong.stderr
        assert server.end() == 0


def test_a_drill_that_the_server_did_not_outlive_is_said_to_have_failed(tmp_path: Path) -> None:
    with Server(tmp_path / "data", settings={"QUARTERDECK_WATCH__EVERY_S": "1"}) as server:
        begun = command("drills", "run", "--kind", "noise", "--no-wait", "--url", server.api, "--json")
        assert json.loads(begun.stdout)["state"] == "running"
        again = command("drills", "run", "--no-wait", "--url", server.api)
        assert again.returncode != 0
        assert "is under way" in again.stderr
        server.end(9)
    with Server(server.data_dir) as second:
        (left,) = second.get("drills")["items"]
        assert left["state"] == "failed"
        assert left["escalated"] is None
        assert second.get("drills")["false_escalation"] is None
        assert second.end() == 0
