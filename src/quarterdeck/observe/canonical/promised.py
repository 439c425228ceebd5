"""What an agent says that its run will take: attributes `quarterdeck.estimate.QUANTITY.QUANTILE`.

Kept in the skeleton as short text. A quantity needs its median; quantiles that are not told are filled in from the
nearest that is. Refuses: a number below 0, quantiles that fall; such a quantity is left out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import orjson

from quarterdeck.model.estimates import QUANTITIES, Spread

PREFIX = "quarterdeck.estimate."
_NAMES = Spread._fields
ESTIMATE_KEYS = tuple(f"{PREFIX}{quantity}.{name}" for quantity in QUANTITIES for name in _NAMES)


def promised_of(attributes: Mapping[str, Any]) -> str | None:
    """JSON {quantity: [q10, q50, q90, q99]} of what is told and makes sense; None when nothing does."""
    told = {quantity: _spread(quantity, attributes) for quantity in QUANTITIES}
    found = {quantity: spread for quantity, spread in told.items() if spread is not None}
    return orjson.dumps(found).decode() if found else None


def _spread(quantity: str, attributes: Mapping[str, Any]) -> list[float] | None:
    low, middle, high, most = (_number(attributes.get(f"{PREFIX}{quantity}.{name}")) for name in _NAMES)
    if middle is None:
        return None
    high = high if high is not None else middle
    spread = [low if low is not None else middle, middle, high, most if most is not None else high]
    return spread if spread == sorted(spread) else None


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        return None
    return float(value)
