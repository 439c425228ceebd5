"""An estimate as the API and the command line answer it.

Refuses: an amount for what is not known; such a quantity is absent, and its chance of fitting null.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from quarterdeck.control.estimate.fits import fits
from quarterdeck.model.estimates import QUANTITIES, Estimate, Quantity

_WHOLE = ("tokens_input", "tokens_output", "tokens_total", "steps")


def answer(estimate: Estimate, ceilings: Mapping[Quantity, float] | None = None) -> dict[str, Any]:
    """`{estimate: {tokens_total: {q10, q50, q90, q99}, …}, n, confidence, cold, why, basis, warnings, fits}`.

    `n`: runs of the nearest rung that has any. `fits`: for each ceiling the chance of staying within, null when unknown.
    Raises BadInput for a ceiling that is not a number.
    """
    return {
        "estimate": {
            name: {level: _rounded(name, value) for level, value in estimate.spreads[name]._asdict().items()}
            for name in QUANTITIES
            if name in estimate.spreads
        },
        "n": next((rung.n for rung in estimate.basis if rung.n), 0),
        "confidence": estimate.confidence,
        "cold": estimate.cold,
        "why": estimate.why,
        "basis": [rung._asdict() for rung in estimate.basis],
        "warnings": list(estimate.warnings),
        "fits": {name: _chance(fits(estimate, name, ceiling)) for name, ceiling in (ceilings or {}).items()},
    }


def _rounded(name: Quantity, value: float) -> float:
    """Whole tokens and steps; six decimals of dollars, three of seconds."""
    if name in _WHOLE:
        return round(value)
    return round(value, 6 if name == "cost_usd" else 3)


def _chance(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
