"""`qd.probe`: two functions, some inputs, one verdict."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

import quarterdeck as qd
from quarterdeck.errors import BadInput, RateLimited


def fails(_text: str) -> str:
    raise ValueError


def test_a_function_that_fails_more_is_a_regression() -> None:
    found = qd.probe(fails, str.upper, "a")
    assert (found.verdict, len(found.pairs), found.pairs[0]) == ("regression", 7, (True, False, "ValueError", None))
    assert found.evidence >= 20


def test_several_inputs_take_turns_and_a_check_says_what_is_good() -> None:
    asked: list[str] = []

    def answer(text: str) -> str:
        asked.append(text)
        return text

    assert qd.probe(answer, answer, ["a", "b"], check=lambda text: text in "ab").verdict == "wobble"
    assert asked[:4] == ["a", "a", "b", "b"]
    assert qd.probe(answer, str.upper, "a", check={"kind": "contains", "text": "A"}).verdict == "regression"


def test_a_rate_limit_waits_and_does_not_count() -> None:
    waited: list[float] = []
    calls = itertools.count()

    def limited(text: str) -> str:
        if next(calls) % 2 == 0:
            raise RateLimited("slow down", retry_after_s=3.0)
        return text

    found = qd.probe(limited, str.upper, "a", pause=waited.append)
    assert found.verdict == "wobble"
    assert waited == [3.0] * len(found.pairs)


@pytest.mark.parametrize(
    ("inputs", "more"),
    [([], {}), ([1], {}), ("a", {"pairs": 21}), ("a", {"check": {"kind": "x"}}), ("a", {"check": 1})],
)
def test_what_is_refused(inputs: Any, more: dict[str, Any]) -> None:
    with pytest.raises(BadInput):
        qd.probe(fails, fails, inputs, **more)
