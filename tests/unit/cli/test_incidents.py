"""`incidents grade`: one document for any form of file, and errors that name file and place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from quarterdeck.cli.incident_files import facts_in
from quarterdeck.errors import BadFile

FACTS = {
    "id": "leak",
    "title": "one address read to another customer",
    "harms": [{"type": "privacy", "actual": True, "reversible": "no", "magnitude": "moderate"}],
    "rate": {"events": 1, "trials": 12000},
    "traffic_per_day": 4000,
    "autonomy": "acted",
    "caught_by": "outsider",
    "ongoing": False,
}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("one.json", json.dumps(FACTS)),
        ("many.json", json.dumps([FACTS])),
        ("lines.jsonl", json.dumps(FACTS) + "\n\n"),
        ("one.yaml", json.dumps(FACTS)),
        ("many.yml", "- " + json.dumps(FACTS)),
    ],
)
def test_each_form_is_read(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / name
    path.write_text(text)
    assert [facts.id for facts in facts_in(path)] == ["leak"]


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.jsonl", json.dumps(FACTS) + "\n{", "a.jsonl:2: not JSON"),
        ("a.jsonl", json.dumps(FACTS) + "\n" + json.dumps({**FACTS, "ongoing": 3}), "a.jsonl:2: ongoing takes true"),
        ("a.yaml", "- " + json.dumps({**FACTS, "domain": "space"}), "incident 1: domain takes one of general"),
        ("a.yaml", "- {", "not YAML"),
        ("a.yaml", "", "no incident in it"),
        ("a.json", "7", "an incident is an object"),
    ],
)
def test_what_cannot_be_read_names_its_place(tmp_path: Path, name: str, text: str, words: str) -> None:
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(BadFile) as caught:
        facts_in(path)
    assert words in caught.value.message
