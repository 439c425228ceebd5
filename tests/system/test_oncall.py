"""On call over real HTTP: a bad prompt version is weighed, dismissed, the repeat refused, and handed over; all of it by command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from .otlp import post
from .server import Server, command, until
from .test_alerts import AFTER, BEFORE, firing, story, taken

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]

SWING = ("--as", "normal_swing", "--reason", "weekly batch import on Tuesdays", "--by", "ann")


def test_a_dismissal_has_a_price_and_its_repeat_needs_an_investigation(tmp_path: Path) -> None:
    with Server(tmp_path / "data", settings={"QUARTERDECK_WATCH__EVERY_S": "0.2"}) as server:
        for message in story(7):
            assert post(server.otlp_http, message.SerializeToString()).status_code == 200
        until(lambda: taken(server) == BEFORE + AFTER, "every run to be taken")
        until(lambda: len(firing(server)) == 1, "the alert to fire")

        def alerts(*words: str) -> Any:
            return command("alerts", *words, "--url", server.api)

        (alert,) = json.loads(alerts("list", "--order", "urgency", "--json").stdout)["items"]
        alert_id = alert["alert_id"]
        assert (alert["class"], alert["paging"]["what"]) == ("capability", "page")
        assert "the prompt (v6 to v7)" in alert["suspect"]
        assert alerts("forecast", alert_id, "0.8", "--by", "ann").returncode == 0

        refused = alerts("close", alert_id, "--by", "ann")
        assert refused.returncode == 3
        assert "normal_swing: For 7 days a change of less than 50 %" in refused.stderr
        closed = alerts("close", alert_id, *SWING, "--json")
        assert closed.returncode == 0, closed.stderr
        assert json.loads(closed.stdout)["disposition"]["evidence"]["signal"] == "failing"
        assert firing(server) == []

        back = alerts("reopen", alert_id, "--by", "bob", "--reason", "it was the prompt after all")
        assert back.returncode == 0, back.stderr
        assert [one["alert_id"] for one in firing(server)] == [alert_id]
        again = alerts("close", alert_id, *SWING)
        assert again.returncode == 3
        assert "investigation_required" in again.stderr

        found = json.loads(alerts("handover", "--json").stdout)
        assert [one["alert_id"] for one in found["paged"]] == [alert_id]
        assert alert["title"][:20] in found["markdown"]
        assert server.end() == 0
