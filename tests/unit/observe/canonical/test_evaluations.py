"""Results of evaluations: from events and attributes, as sent; explanations stay out of the skeleton."""

from __future__ import annotations

import json
from typing import Any

import pytest

from quarterdeck.model.raw import RawEvent, RawSpan, Resource, Scope
from quarterdeck.observe.canonical import Canonicalizer
from quarterdeck.observe.canonical.evaluations import KEPT_MAX

EVENT = "gen_ai.evaluation.result"
NAME, SCORE, LABEL = (
    "gen_ai.evaluation.name",
    "gen_ai.evaluation.score.value",
    "gen_ai.evaluation.score.label",
)


def mapped(attributes: dict[str, Any], *events: RawEvent) -> Any:
    raw = RawSpan(
        "default", "1" * 32, "2" * 16, "", "", "chat", 3, 100, 200, 1, "", attributes, events, (),
        Resource({}, ""), Scope("tests", "1", {}, ""),
    )  # fmt: skip
    found = Canonicalizer(user_hash_key=b"k").canonicalize(raw).evaluations
    return None if found is None else json.loads(found)


def event(at_ns: int = 150, name: str = EVENT, **attributes: Any) -> RawEvent:
    return RawEvent(name, at_ns, {key.replace("_", "."): value for key, value in attributes.items()})


def result(at_ns: int = 150, name: str = "faithful", **said: Any) -> RawEvent:
    attributes = {NAME: name, "gen_ai.evaluation.explanation": "secret"}
    attributes |= {{"score": SCORE, "label": LABEL}[key]: value for key, value in said.items()}
    return RawEvent(EVENT, at_ns, attributes)


def test_events_are_kept_in_order_without_their_explanation() -> None:
    found = mapped({}, result(score=0.8), event(name="other"), result(160, "tone", label=" kind "), result(score=4))
    assert found == [["faithful", 0.8, None, 150], ["tone", None, "kind", 160], ["faithful", 4.0, None, 150]]


def test_a_span_may_carry_one_itself() -> None:
    assert mapped({NAME: "faithful", SCORE: "0.5", LABEL: "so-so"}) == [["faithful", 0.5, "so-so", 200]]
    assert mapped({NAME: "faithful", "gen_ai.evaluation.score": 1}) == [["faithful", 1.0, None, 200]]


@pytest.mark.parametrize(
    "events",
    [
        (),
        (event(name="gen_ai.choice"),),
        (result(),),
        (result(name=" ", score=1),),
        (result(score=True),),
        (result(score=float("nan")),),
        (result(score="good"),),
    ],
)
def test_what_says_nothing_is_left_out(events: tuple[RawEvent, ...]) -> None:
    assert mapped({}, *events) is None
    assert mapped({NAME: "faithful"}, *events) is None


def test_there_is_a_limit_and_odd_text_does_not_break_it() -> None:
    found = mapped({}, *(result(n, "n" * 300, label="\ud800" * 300) for n in range(1, 40)))
    assert len(found) == KEPT_MAX
    assert (len(found[0][0]), found[0][2]) == (100, "?" * 200)
