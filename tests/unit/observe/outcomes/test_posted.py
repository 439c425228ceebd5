"""Items to outcomes: what is taken, what is refused and why, what is kept as a label."""

from __future__ import annotations

from typing import Any

import pytest

from quarterdeck.errors import BadInput
from quarterdeck.model.outcomes import Outcome
from quarterdeck.observe.outcomes.posted import read_item

NOW_NS = 1_795_503_600 * 10**9
"""2026-11-24T07:00:00Z."""
ITEM = {"run_id": "r1", "name": "thumbs", "score": 1}


def read(**changes: Any) -> Outcome:
    return read_item({**ITEM, **changes}, project="p", now_ns=NOW_NS).outcome


def refused(item: Any) -> str:
    with pytest.raises(BadInput) as caught:
        read_item(item, project="p", now_ns=NOW_NS)
    return caught.value.message


def test_the_least_item_is_found_out_now() -> None:
    assert read() == Outcome("p", "r1", "thumbs", 1.0, None, NOW_NS, NOW_NS, "api", None)


def test_all_fields_are_kept() -> None:
    found = read(score=0.25, label="poor", at="2026-11-24T06:00:00+01:00", comment="too slow")
    assert found == Outcome("p", "r1", "thumbs", 0.25, "poor", NOW_NS - 7200 * 10**9, NOW_NS, "api", "too slow")


@pytest.mark.parametrize(
    ("at", "seconds_before_now"),
    [
        ("2026-11-24T06:59:00Z", 60),
        ("2026-11-24T06:59:00", 60),
        (NOW_NS // 10**6 - 5_000, 5),
        (str(NOW_NS // 10**6), 0),
        ("", 0),
    ],
)
def test_times_are_rfc_3339_or_milliseconds(at: Any, seconds_before_now: int) -> None:
    assert read(at=at).at_ns == NOW_NS - seconds_before_now * 10**9


def test_empty_text_is_nothing() -> None:
    assert read(label="", comment="") == read()


@pytest.mark.parametrize(("score", "label"), [(4, "4"), (-0.5, "-0.5"), (1e9, "1e+09")])
def test_a_score_outside_0_to_1_becomes_the_label_and_that_is_said(score: float, label: str) -> None:
    found = read_item({**ITEM, "score": score, "comment": "stars"}, project="p", now_ns=NOW_NS)
    assert (found.outcome.score, found.outcome.label) == (None, label)
    assert found.note == f"score {label} is outside 0 to 1 and was kept as a label"
    assert found.outcome.comment == f"{found.note}; stars"


def test_a_label_of_its_own_stays_beside_a_score_that_is_none() -> None:
    assert read(score=7, label="very good").label == "very good"


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ("r1", "found 'r1', expected an object"),
        ({**ITEM, "scor": 1}, "field 'scor' is not known: expected run_id, name, score"),
        ({"run_id": "r1", "name": "thumbs"}, "score and label are both missing"),
        ({"name": "thumbs", "score": 1}, "run_id is missing: expected 1 to 512 characters"),
        ({**ITEM, "run_id": 7}, "run_id: found 7, expected text"),
        ({**ITEM, "name": ""}, "name is missing"),
        ({**ITEM, "name": "n" * 101}, "name: found 101 characters, expected at most 100"),
        ({**ITEM, "comment": "c" * 2_001}, "comment: found 2,001 characters"),
        ({**ITEM, "score": "good"}, "score: found 'good', expected a number from 0 to 1"),
        ({**ITEM, "score": True}, "score: found True"),
        ({**ITEM, "score": float("nan")}, "score: found nan"),
        ({**ITEM, "at": "yesterday"}, "at: found 'yesterday', expected RFC 3339"),
        ({**ITEM, "at": "2026-13-45"}, "at: found '2026-13-45'"),
        ({**ITEM, "at": -1}, "between 1970 and 2262"),
        ({**ITEM, "at": 10**15}, "between 1970 and 2262"),
        ({**ITEM, "at": True}, "at: found True"),
        ({**ITEM, "at": "2026-11-26T07:00:00Z"}, "more than a day ahead"),
    ],
)
def test_what_cannot_be_is_refused_with_what_was_expected(item: Any, words: str) -> None:
    assert words in refused(item)
