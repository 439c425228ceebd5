"""A night on call by the command line alone: the very commands of docs/how-to/night.md, against the real server."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from .otlp import post
from .server import QUARTERDECK, Server, until
from .test_alerts import AFTER, BEFORE, firing, story, taken

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]

PAGE = Path(__file__).resolve().parents[2] / "docs/how-to/night.md"
ALERT, INCIDENT = "0d4f2b7a91c35e68", "9f1c2a7be0d43358"
"""As the page names them."""
WORSE = """
id: orders
title: Customers lost money
harms:
  - {type: financial, actual: true, reversible: "partly", magnitude: moderate}
affected_users: 12
autonomy: acted
caught_by: human_after_effect
domain: financial
ongoing: true
confidence: high
"""
CODES = {"probe": 1}
"""A probe that finds a regression ends with 1; everything else with 0."""


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)


def commands() -> list[list[str]]:
    return [shlex.split(line) for block in blocks("bash") for line in block.splitlines()]


def typed(folder: Path, server: Server, words: list[str]) -> str:
    """What a command of the page prints; its exit code is the one that the page tells."""
    done = subprocess.run(
        [QUARTERDECK, *words[1:], "--url", server.api],
        cwd=folder, capture_output=True, text=True, check=False, timeout=180,
    )  # fmt: skip
    assert done.returncode == CODES.get(words[2], 0), (words, done.stdout, done.stderr)
    return done.stdout


def test_from_an_alert_to_a_post_mortem_by_the_commands_of_the_page(tmp_path: Path) -> None:
    folder = tmp_path / "desk"
    folder.mkdir()
    (folder / "facts.yaml").write_text(blocks("yaml")[0])
    (folder / "worse.yaml").write_text(WORSE)
    (folder / "order.txt").write_text("where is order W2378156?")
    (folder / "v6.py").write_text("print(input())\n")
    (folder / "v7.py").write_text("raise SystemExit(1)\n")
    with Server(tmp_path / "data", settings={"QUARTERDECK_WATCH__EVERY_S": "0.2"}) as server:
        for message in story(7):
            assert post(server.otlp_http, message.SerializeToString()).status_code == 200
        until(lambda: taken(server) == BEFORE + AFTER, "every run to be taken")
        until(lambda: len(firing(server)) > 0, "the alert to fire")
        alert = firing(server)[0]
        said: dict[str, list[str]] = {}
        incident = ""
        for words in commands():
            told = [{ALERT: alert["alert_id"], INCIDENT: incident}.get(word, word) for word in words]
            name = " ".join(words[1:3])
            said.setdefault(name, []).append(typed(folder, server, told))
            if name == "incidents open":
                incident = server.get("incidents")["items"][0]["incident_id"]
        assert server.end() == 0
    assert "with prompt v7 fails more than v6" in said["alerts show"][0]
    assert alert["alert_id"] in said["alerts list"][0]
    assert all(kind in said["alerts choices"][0] for kind in ("normal_swing", "accepted_change", "fixed"))
    assert "regression" in said["alerts probe"][0]
    assert "sev-" in said["incidents open"][0]
    page = (folder / "night.html").read_text()
    for part in ("What went well", "within a minute", "What went badly", "v7 left out the step", "looks the order up", "sev-", alert["alert_id"], "rolled back to v6"):  # fmt: skip
        assert part in page
    assert page.count("sev-") >= 3  # both grades, and the sentence at the top
    assert "<script" not in page
    assert "# Handover" in said["alerts handover"][0]
    assert incident in said["alerts handover"][0]
