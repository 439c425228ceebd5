"""Calibration: what the team expected at triage, against what turned out. Names nobody."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from quarterdeck.observe.oncall.calibration import Calibration


class TenthOut(BaseModel):
    """Forecasts in [`low`, `high`): `stated` on average, `real` in fact with a 95 % interval; `found` at E >= 20."""

    low: float
    high: float
    n: int
    stated: float
    real: float
    real_low: float
    real_high: float
    found: Literal["too high", "too low", "fits"]


class CalibrationOut(BaseModel):
    """`needed`: decided forecasts until it is said. Until then `brier` is null and `tenths` is empty."""

    stated: int
    decided: int
    needed: int
    brier: float | None = Field(ge=0, le=1)
    tenths: list[TenthOut]


def calibration_dict(found: Calibration) -> dict[str, Any]:
    """As `CalibrationOut`."""
    return found._asdict() | {"tenths": [one._asdict() for one in found.tenths or ()]}
