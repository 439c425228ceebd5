"""Which sessions a search reads, what it looks into, and what the part that was read says of all."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from tests.unit.observe.sampling.sessions import KEY, run

from quarterdeck.model.bodies import BodyDecision
from quarterdeck.model.raw import Absent, RawEvent, RawSpan, Resource, Scope
from quarterdeck.observe.sampling.search import Kept, Sample, estimate, sample, says
from quarterdeck.stats import Estimate, Insufficient


def raw(attributes: dict[str, Any], *events: RawEvent) -> RawSpan:
    return RawSpan(
        "p", "0" * 32, "0" * 16, "", "", "n", 1, 1, 2, 1, "", attributes, tuple(events), (), Resource({}, ""),
        Scope("", "", {}, ""),
    )  # fmt: skip


@pytest.mark.parametrize(
    "found",
    [
        raw({"a": "Say HELLO now"}),
        raw({"a": [{"b": ["hello"]}]}),
        raw({}, RawEvent("e", 1, {"content": "hello"})),
    ],
)
def test_texts_are_found_wherever_they_stand_and_in_any_case(found: RawSpan) -> None:
    assert says(found, "hello")


def test_what_is_no_text_says_nothing() -> None:
    deep: Any = "hello"
    for _ in range(100):
        deep = [deep]
    assert not says(raw({"hello": 1, "a": b"hello", "b": Absent("sampled", 9), "c": None, "d": deep}), "hello")


def decision(n: int, **changes: Any) -> BodyDecision:
    values = {"kept": True, "probability": 0.5, "reason": "reservoir", "stratum": "h|a", "decided_at_ns": 1}
    return BodyDecision("p", f"s{n}", **(values | changes))


def runs_of(n: int) -> list[Any]:
    return [run(i, session_id=f"s{i // 2}", project="p") for i in range(2 * n)]


def test_dropped_sessions_are_counted_and_undecided_ones_are_certain() -> None:
    decisions = {"s0": decision(0), "s1": decision(1, kept=False), "s2": decision(2, reason="error", probability=1.0)}
    found = sample("p", runs_of(4), decisions, KEY, runs_max=100)
    assert {one.session_key: one.probability for one in found.read} == {"s0": 0.5, "s2": 1.0, "s3": 1.0}
    assert (found.available, found.dropped, found.drawn_from) == (3, 2, Counter({"h|a": 2}))


def test_a_bounded_sample_is_the_same_random_part_in_any_order() -> None:
    runs = runs_of(50)
    part = sample("p", runs, {}, KEY, runs_max=20)
    again = sample("p", runs[::-1], {}, KEY, runs_max=20)
    assert len(part.read) == 10
    assert [one.session_key for one in part.read] == [one.session_key for one in again.read]
    assert [one.session_key for one in sample("p", runs, {}, b"other", runs_max=20).read] != [
        one.session_key for one in part.read
    ]


def kept(n: int, probability: float | None = 0.5) -> Kept:
    return Kept(f"s{n}", [run(2 * n), run(2 * n + 1)], probability, "h|a")


def test_the_share_is_weighted_to_the_known_number_of_sessions() -> None:
    """Twenty of forty sessions drawn, five more kept for certain, which all say it."""
    read = [kept(n) for n in range(20)] + [kept(n, 1.0) for n in range(20, 25)]
    hits = {f"s{n}": 2 for n in (0, 1, 2, 3, *range(20, 25))}
    answer = estimate(read, hits, Sample(read, 25, 40, Counter({"h|a": 40}))).answer
    assert isinstance(answer, Estimate)
    assert answer.value == pytest.approx((4 * 2 + 5) / 45)
    assert answer.low < answer.value < answer.high


def test_a_part_that_was_read_counts_for_the_rest_too() -> None:
    read = [kept(n, 1.0) for n in range(10)]
    answer = estimate(read, {"s0": 2}, Sample(read, 100, 0, Counter())).answer
    assert isinstance(answer, Estimate)
    assert answer.value == pytest.approx(0.1)
    assert answer.high > 0.3


def test_unknown_odds_are_told_and_nothing_read_is_insufficient() -> None:
    read = [kept(n) for n in range(9)] + [kept(9, None)]
    assert estimate(read, {"s9": 2}, Sample(read, 10, 0, Counter({"h|a": 20}))).unknown == 1
    assert isinstance(estimate([], {}, Sample([], 0, 0, Counter())).answer, Insufficient)
