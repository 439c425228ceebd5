"""Facts and rubrics are read as written, or refused with the key and what was expected."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from quarterdeck.errors import BadFile, BadInput
from quarterdeck.observe.incidents import load_rubric, read_facts
from quarterdeck.observe.incidents.rubric import RUBRIC_FILE

GOOD: dict[str, Any] = {
    "id": 7,
    "title": "one",
    "harms": [{"type": "legal", "actual": True, "reversible": False, "magnitude": "serious"}],
    "autonomy": "acted",
    "caught_by": "nobody",
    "ongoing": True,
}


def test_what_was_not_counted_is_unknown() -> None:
    read = read_facts(GOOD)
    assert (read.id, read.rate, read.affected_users, read.undetected_hours) == ("7", None, None, None)
    assert read.harms[0].reversible == "no", "YAML reads a bare no as false"


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"autonomy": "alone"}, "autonomy takes one of suggested, advised, acted; found 'alone'"),
        ({"harms": []}, "harms takes a list"),
        ({"rate": {"events": 5, "trials": 3}}, "events <= trials"),
        ({"affected_users": 1.5}, "affected_users takes a whole number"),
        ({"undetected_hours": float("nan")}, "undetected_hours takes a number"),
        ({"ongoing": "yes"}, "ongoing takes true or false"),
        ({"sevrity": 1}, "unknown key 'sevrity'"),
        ({"title": " "}, "title takes a text"),
    ],
)
def test_what_cannot_be_read_is_named(changed: dict[str, Any], words: str) -> None:
    with pytest.raises(BadInput) as caught:
        read_facts({**GOOD, **changed})
    assert words in caught.value.message


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("  serious: 1", "", "base"),
        ("ongoing: 0.25", "ongoing: soon", "steps.ongoing"),
        ("most_up: 1", "most_upp: 1", "most_up"),
        ("base:", "base: [", "not YAML"),
    ],
)
def test_a_rubric_that_is_not_whole_is_refused(tmp_path: Path, old: str, new: str, words: str) -> None:
    path = tmp_path / "rubric.yaml"
    path.write_text(RUBRIC_FILE.read_text().replace(old, new, 1))
    with pytest.raises(BadFile) as caught:
        load_rubric(path)
    assert words in caught.value.message


def test_a_rubric_of_ones_own_has_its_own_digest(tmp_path: Path) -> None:
    path = tmp_path / "rubric.yaml"
    path.write_text(RUBRIC_FILE.read_text().replace('"2026-11"', '"ours-1"'))
    assert load_rubric(path).version == "ours-1"
    assert load_rubric(path).digest != load_rubric().digest
