"""What an agent says that its run will take."""

from __future__ import annotations

import orjson
import pytest

from quarterdeck.observe.canonical.promised import promised_of

PREFIX = "quarterdeck.estimate.tokens_total."


def test_what_is_not_told_is_taken_from_the_nearest() -> None:
    told = promised_of({f"{PREFIX}q50": 50, f"{PREFIX}q90": 90.5, "quarterdeck.estimate.steps.q10": 1})
    assert told is not None
    assert orjson.loads(told) == {"tokens_total": [50.0, 50.0, 90.5, 90.5]}


@pytest.mark.parametrize(
    "said", [{}, {"q90": 9}, {"q50": -1}, {"q50": True}, {"q50": "many"}, {"q50": float("nan")}, {"q50": 5, "q90": 4}]
)
def test_what_makes_no_sense_is_left_out(said: dict[str, object]) -> None:
    assert promised_of({f"{PREFIX}{name}": value for name, value in said.items()}) is None
