"""The chance that a task fits a ceiling, from the quantiles of its estimate.

Refuses: certainty. Beyond the outer quantiles the curve goes on as it ran between its neighbours.
"""

from __future__ import annotations

import math
from statistics import NormalDist

from quarterdeck.errors import BadInput
from quarterdeck.model.estimates import LEVELS, QUANTITIES, Estimate, Quantity

_NORMAL = NormalDist()
_SCORES = tuple(_NORMAL.inv_cdf(level) for level in LEVELS)
_FLAT = 1e-9


def fits(estimate: Estimate, quantity: Quantity, ceiling: float) -> float | None:
    """P(the run takes at most `ceiling`), 0 to 1; None when the estimate says nothing of this quantity.

    Between quantiles the normal score is a straight line in the logarithm of the amount. Raises BadInput for a quantity that does
    not exist or a ceiling that is not a number.
    """
    if quantity not in QUANTITIES:
        raise unknown_quantity(quantity)
    if math.isnan(ceiling):
        raise BadInput(f"the ceiling of {quantity} is not a number")
    spread = estimate.spreads.get(quantity)
    if spread is None:
        return None
    if ceiling <= 0:
        return 0.0
    if math.isinf(ceiling):
        return 1.0
    logs = [math.log(max(value, _FLAT)) for value in spread]
    at = math.log(ceiling)
    low = max(0, min(len(logs) - 2, sum(1 for value in logs[1:-1] if value <= at)))
    run = max(logs[low + 1] - logs[low], _FLAT)
    return _NORMAL.cdf(_SCORES[low] + (at - logs[low]) / run * (_SCORES[low + 1] - _SCORES[low]))


def unknown_quantity(name: str) -> BadInput:
    """What is raised for a name that is none of `QUANTITIES`."""
    return BadInput(f"there is no quantity {name!r}", mend=f"one of {', '.join(QUANTITIES)}")
