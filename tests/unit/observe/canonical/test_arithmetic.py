"""Token arithmetic: every way a producer can count, one inclusive answer with its reason."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.observe.canonical.arithmetic import CONFIDENCES, Reported, settle
from quarterdeck.observe.canonical.values import REJECTED

SIZES = st.integers(0, 10**6)


@pytest.mark.parametrize(
    ("reported", "excludes", "expected"),
    [
        (Reported(10, 5), False, (10, 5, "exact")),
        (Reported(10, 5, total=15), False, (10, 5, "exact")),
        (Reported(10, 5, cache_read=4), False, (10, 5, "assumed")),
        (Reported(10, 5, cache_read=4, total=15), False, (10, 5, "exact")),
        (Reported(10, 5, cache_read=4, cache_write=2, total=21), False, (16, 5, "identity")),
        (Reported(4, 5, cache_read=600), False, (604, 5, "impossible")),
        (Reported(4, 5, cache_read=600, total=9), False, (604, 5, "impossible")),
        (Reported(10, 5, cache_read=4), True, (14, 5, "producer")),
        (Reported(10, 5, cache_read=0), True, (10, 5, "exact")),
        (Reported(10, 5, reasoning=40), False, (10, 45, "impossible")),
        (Reported(10, 5, reasoning=3, total=18), False, (10, 8, "identity")),
        (Reported(10, 5, cache_read=2, reasoning=3, total=20), False, (12, 8, "identity")),
        (Reported(100, 5, cache_read=40, total=65), False, (60, 5, "doubled")),
        (Reported(10, None, total=15), False, (10, 5, "derived")),
        (Reported(None, 5, total=15), False, (10, 5, "derived")),
        (Reported(total=15), False, (15, None, "total_only")),
        (Reported(10, 5, total=99), False, (10, 5, "mismatch")),
        (Reported(10, None), False, (10, None, "exact")),
        (Reported(0, 0, total=0), False, (None, None, "zero")),
        (Reported(), False, (None, None, None)),
        (Reported(cache_read=5), False, (None, None, "mismatch")),
        (Reported(REJECTED, 5), False, (None, 5, "rejected")),
        (Reported(10, 5, cache_write_1h=REJECTED), False, (10, 5, "rejected")),
        (Reported(10, 5, total=REJECTED), False, (10, 5, "rejected")),
    ],
)
def test_rules(reported: Reported, excludes: bool, expected: tuple[int | None, int | None, str | None]) -> None:
    found = settle(reported, excludes_cache=excludes)
    assert (found.input, found.output, found.confidence) == expected


@given(fresh=st.integers(1, 10**6), read=SIZES, write=SIZES, answer=st.integers(1, 10**6), thought=SIZES)
def test_a_total_settles_every_way_of_counting(fresh: int, read: int, write: int, answer: int, thought: int) -> None:
    whole_in, whole_out = fresh + read + write, answer + thought
    total = whole_in + whole_out
    for tokens_in in (whole_in, fresh):
        for tokens_out in (whole_out, answer):
            found = settle(Reported(tokens_in, tokens_out, read, write, None, thought, total))
            if found.confidence != "mismatch":
                assert found.total == total or found.confidence in ("impossible", "doubled")


@given(parts=st.tuples(*[st.none() | st.integers(-1, 50)] * 7), excludes=st.booleans())
def test_answers_are_counts_with_a_known_reason(parts: tuple[int | None, ...], excludes: bool) -> None:
    found = settle(Reported(*parts), excludes_cache=excludes)
    assert all(value is None or value >= 0 for value in found[:6])
    assert found.confidence is None or found.confidence in CONFIDENCES
    if found.input is not None and found.confidence not in ("rejected", "mismatch"):
        assert (found.cache_read or 0) + (found.cache_write or 0) <= found.input
