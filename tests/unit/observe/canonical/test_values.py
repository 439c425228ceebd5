"""One attribute value: what it is, or nothing."""

from __future__ import annotations

from typing import Any

import pytest

from quarterdeck.observe.canonical.values import (
    COUNT_MAX,
    REJECTED,
    TEXT_MAX,
    count,
    decode_twice,
    flag,
    joined,
    milliseconds,
    number,
    path_reader,
    text,
)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (26, 26), (26.0, 26), ("26", 26), ('"26"', 26), (" 26 ", 26), ("26.0", 26), ({"intValue": "26"}, 26), (0, 0),
        ("", None), (None, None), ("null", None), ([], None), ({}, None),
        (-1, REJECTED), ("-1", REJECTED), (float("nan"), REJECTED), ("nan", REJECTED), (float("inf"), REJECTED),
        (True, REJECTED), ("many", REJECTED), ([1], REJECTED), (COUNT_MAX + 1, REJECTED), ("9" * 5000, REJECTED),
        ({"intValue": {"intValue": 1}}, REJECTED),
    ],
)  # fmt: skip
def test_counts(value: Any, expected: int | None) -> None:
    assert count(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("abc", "abc"), ("N/A", None), ("<REDACTED>", None), (7, "7"), (True, "true"), (["a"], "a"), (["a", 1], "a,1"),
        ([["nested"]], None), ({"a": 1}, None), (b"x", None), pytest.param(10**5000, None, id="huge"),
    ],
)  # fmt: skip
def test_texts(value: Any, expected: str | None) -> None:
    assert text(value) == expected


def test_long_text_is_cut_and_shows_it() -> None:
    cut = text("x" * 10_000)
    assert cut is not None
    assert len(cut) == TEXT_MAX
    assert cut.endswith("…")


@pytest.mark.parametrize("value", [["stop"], '["stop"]', "stop", '"stop"'])
def test_finish_reasons_in_every_spelling(value: Any) -> None:
    assert joined(value) == "stop"


def test_several_reasons_are_joined() -> None:
    assert joined(["stop", "tool_calls"]) == joined('["stop","tool_calls"]') == "stop,tool_calls"


@pytest.mark.parametrize(("value", "expected"), [("0.5", 0.5), (1, 1.0), (-1, None), ("nan", None), (True, None)])
def test_numbers(value: Any, expected: float | None) -> None:
    assert number(value) == expected


def test_milliseconds_become_seconds() -> None:
    assert milliseconds(426) == 0.426
    assert milliseconds("x") is None


def test_flags() -> None:
    assert [flag(value) for value in (True, "True", "false", 1, "yes")] == [True, True, False, None, None]


def test_json_text_inside_json_text_is_opened_twice() -> None:
    assert decode_twice('"{\\"a\\": 1}"') == {"a": 1}


def test_a_path_walks_dicts_and_lists() -> None:
    read = path_reader("a.1.b", count)
    assert read('{"a": [0, {"b": 5}]}') == 5
    assert read({"a": [0]}) is None
    assert read("not json") is None
