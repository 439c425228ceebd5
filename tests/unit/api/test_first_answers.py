"""The page brings the answers that its view asks for first; it is never slower, wronger or more open for it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

API = "/api/v1"
VISIT = {"accept": "text/html,application/xhtml+xml"}
INDEX = (
    "<!doctype html><html><head><script type=module src=/assets/x.js></script></head><body><p>deck</p></body></html>"
)


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    folder = tmp_path / "dist"
    folder.mkdir()
    (folder / "index.html").write_text(INDEX)
    return folder


def _brought(answer: Any) -> dict[str, Any]:
    (block,) = re.findall(r'<script type="application/json" id="first">(.*?)</script>', answer.text, re.S)
    return dict(json.loads(block))


def test_the_fleet_page_brings_the_fleet_and_its_cohorts(deck, dist, trace) -> None:
    deck.take(trace(1))
    client = deck.client(webui_dir=dist)
    answer = client.get("/?since=-60m", headers=VISIT)
    brought = _brought(answer)
    assert answer.headers["cache-control"] == "no-store"
    assert answer.text.endswith("</body></html>")
    for address, document in brought.items():
        assert client.get(address).json() == document
    assert list(brought) == [
        f"{API}/fleet?project=default&since=-60m",
        f"{API}/cohorts?project=default&since=-60m&by=agent%2Cprompt_version%2Cmodel&limit=500&parts=20",
    ]


def test_a_run_page_brings_the_run_and_the_beginning_of_its_outline(deck, dist, trace) -> None:
    (run,) = deck.take(trace(1))
    client = deck.client(webui_dir=dist)
    brought = _brought(client.get(f"/runs/{run}?view=timeline", headers=VISIT))
    assert brought[f"{API}/runs/{run}?project=default"]["run_id"] == run
    outline = brought[f"{API}/runs/{run}/outline?project=default&quick=true&limit=400&width=1200"]
    assert outline["spans"] == 3


def test_what_strangers_wrote_cannot_leave_its_block(deck, dist, raw) -> None:
    evil = "</script><img src=x onerror=alert(1)>"
    attributes = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": evil, "quarterdeck.run.id": "a/b<c"}
    (run,) = deck.take([raw(1, 1, attributes=attributes)])
    answer = deck.client(webui_dir=dist).get(f"/runs/{quote(run, safe='')}", headers=VISIT)
    assert "<img" not in answer.text
    assert evil in json.dumps(_brought(answer)) or not _brought(answer)


def test_nothing_is_brought_where_a_key_is_wanted(deck, dist, trace) -> None:
    deck.take(trace(1))
    answer = deck.client(webui_dir=dist, require_key=True).get("/", headers=VISIT)
    assert answer.status_code == 200
    assert 'id="first"' not in answer.text


@pytest.mark.parametrize("path", ["/?since=nonsense", "/runs/none", "/runs", "/?by=agent", "/health"])
def test_what_cannot_be_known_ahead_is_left_to_the_page(deck, dist, path) -> None:
    answer = deck.client(webui_dir=dist).get(path, headers=VISIT)
    assert answer.status_code == 200
    assert all("cohorts" in address for address in _brought(answer)) or _brought(answer) == {}


def test_who_only_asks_whether_the_page_changed_gets_no_answers(deck, dist) -> None:
    client = deck.client(webui_dir=dist)
    plain = client.get("/")
    assert 'id="first"' not in plain.text
    assert client.get("/", headers={"if-none-match": plain.headers["etag"]}).status_code == 304
