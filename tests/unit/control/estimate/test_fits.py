"""The chance of fitting a ceiling, and the tier that follows from it."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest

from quarterdeck.control.estimate import Tier, fits
from quarterdeck.control.estimate.tier import choose
from quarterdeck.errors import BadInput
from quarterdeck.model.estimates import Confidence, Estimate, Spread


def _estimate(confidence: Confidence = "high") -> Estimate:
    spread = Spread(10_000.0, 20_000.0, 50_000.0, 120_000.0)
    return Estimate({"tokens_total": spread}, confidence, False, (), "of a test")


@pytest.mark.parametrize(
    ("ceiling", "chance"), [(10_000, 0.1), (20_000, 0.5), (50_000, 0.9), (120_000, 0.99), (0, 0.0), (math.inf, 1.0)]
)
def test_at_a_quantile_the_chance_is_its_level(ceiling: float, chance: float) -> None:
    assert fits(_estimate(), "tokens_total", ceiling) == pytest.approx(chance)


def test_more_room_never_fits_worse() -> None:
    chances = [fits(_estimate(), "tokens_total", 1.2**at) for at in range(80)]
    assert all(a is not None and b is not None and a <= b for a, b in pairwise(chances))


def test_unknown_is_none_and_nonsense_is_refused() -> None:
    assert fits(_estimate(), "cost_usd", 1.0) is None
    with pytest.raises(BadInput, match="not a number"):
        fits(_estimate(), "tokens_total", math.nan)
    with pytest.raises(BadInput, match="no quantity"):
        fits(_estimate(), "tokens", 1.0)


SMALL = Tier("small", "direct", "mini", {"tokens_total": 30_000})
MIDDLE = Tier("middle", "agent", "plus", {"tokens_total": 60_000})
LARGE = Tier("large", "agents", "max", {"tokens_total": 400_000})


def test_the_lowest_tier_that_fits() -> None:
    choice = choose((SMALL, MIDDLE, LARGE), [_estimate()] * 3, needs=None, sure=0.9)
    assert (choice.tier.name, choice.ask) == ("middle", False)
    assert choice.fits is not None
    assert choice.fits > 0.9


def test_low_confidence_goes_up_or_asks_never_down() -> None:
    up = choose((SMALL, MIDDLE, LARGE), [_estimate("low")] * 3, needs=None, sure=0.9)
    assert (up.tier.name, up.ask) == ("large", False)
    asks = choose((SMALL, MIDDLE), [_estimate("low")] * 2, needs=None, sure=0.9)
    assert (asks.tier.name, asks.ask) == ("middle", True)


def test_what_fits_nowhere_or_needs_another_mode_is_asked() -> None:
    assert choose((SMALL,), [_estimate()], needs=None, sure=0.9).ask
    assert choose((SMALL, MIDDLE), [_estimate()] * 2, needs="agents", sure=0.9).ask
    assert choose((SMALL, MIDDLE, LARGE), [_estimate()] * 3, needs="agents", sure=0.9).tier.name == "large"


@pytest.mark.parametrize(
    ("tiers", "needs", "sure", "words"),
    [
        ((), None, 0.9, "no tiers"),
        ((Tier("x", "swarm"),), None, 0.9, "has mode"),
        ((Tier("x", ceilings={"tokens": 1.0}),), None, 0.9, "ceiling of"),
        ((SMALL,), "swarm", 0.9, "needs is"),
        ((SMALL,), None, 1.0, "sure is"),
    ],
)
def test_a_wrong_declaration_is_refused(tiers: tuple[Tier, ...], needs: str | None, sure: float, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        choose(tiers, [_estimate()] * len(tiers), needs=needs, sure=sure)
