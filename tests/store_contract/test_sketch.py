"""Log-bucket histograms: a quantile is within 1 % of the true order statistic, also after adding two."""

from __future__ import annotations

from collections import Counter
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.store.sketch import bucket_of, quantile

VALUES = st.lists(st.floats(1e-9, 1e15) | st.just(0.0) | st.integers(1, 10**12), min_size=1, max_size=40)


@given(left=VALUES, right=VALUES, q=st.sampled_from([0.0, 0.25, 0.5, 0.95, 1.0]))
def test_quantiles_of_a_sum_are_those_of_both(left: list[float], right: list[float], q: float) -> None:
    merged = Counter(map(bucket_of, left)) + Counter(map(bucket_of, right))
    ordered = sorted(left + right)
    assert quantile(merged, q) == pytest.approx(ordered[floor(q * (len(ordered) - 1))], rel=0.01, abs=0)


def test_nothing_has_no_quantile() -> None:
    assert quantile({}, 0.5) is None


def test_less_than_zero_counts_as_zero() -> None:
    assert quantile({bucket_of(-5.0): 3}, 0.5) == 0.0
