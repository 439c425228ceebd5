"""How few cohorts make most of it."""

from __future__ import annotations

import pytest

from quarterdeck.api.concentration import of_dollars, of_tokens
from quarterdeck.store.spending import CohortSpending


def cohort(name: str | None, tokens: int, usd: float | None) -> CohortSpending:
    return CohortSpending({"agent": name}, tokens, int(tokens > 0), usd or 0.0, int(usd is not None))


def test_the_fewest_that_make_eighty_percent() -> None:
    rows = [
        cohort("a", 50, 1.0),
        cohort("b", 35, 8.0),
        cohort("c", 10, 1.0),
        cohort(None, 5, None),
        cohort("e", 0, None),
    ]
    found = of_tokens(rows)
    assert found is not None
    assert (found.cohorts, found.of, found.share_80) == (2, 4, 0.85)
    assert [(top.keys["agent"], top.share) for top in found.top] == [("a", 0.5), ("b", 0.35), ("c", 0.1), (None, 0.05)]
    dollars = of_dollars(rows)
    assert dollars is not None
    assert (dollars.cohorts, dollars.of, dollars.share_80) == (1, 3, pytest.approx(0.8))
    assert dollars.top[0].keys == {"agent": "b"}


def test_of_many_the_five_largest_are_named() -> None:
    found = of_tokens([cohort(f"a{n}", 1, None) for n in range(100)])
    assert found is not None
    assert (found.cohorts, found.of, len(found.top)) == (80, 100, 5)


def test_nothing_is_known_of_nothing() -> None:
    assert of_tokens([]) is None
    assert of_dollars([cohort("a", 5, None)]) is None
    assert of_dollars([cohort("a", 5, 0.0)]) is None
