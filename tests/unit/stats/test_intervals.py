"""The Wilson interval: known values, its guards, and that it always holds the rate itself."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.stats import wilson


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [(0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (50, 100, 0.4038, 0.5962), (1, 1, 0.2065, 1.0)],
)
def test_known_values(successes: int, n: int, low: float, high: float) -> None:
    """Values of scipy.stats.binomtest(...).proportion_ci(method="wilson"), rounded to four places."""
    assert wilson(successes, n) == pytest.approx((low, high), abs=5e-5)


@given(st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_it_holds_the_rate_and_stays_within_bounds(case: tuple[int, int]) -> None:
    low, high = wilson(*case)
    assert 0 <= low <= case[0] / case[1] <= high <= 1


@pytest.mark.parametrize(("args"), [(0, 0, 0.95), (3, 2, 0.95), (-1, 2, 0.95), (1, 2, 1.0), (1, 2, 0.0)])
def test_impossible_input_is_refused(args: tuple[int, int, float]) -> None:
    with pytest.raises(ValueError, match="got"):
        wilson(*args)
