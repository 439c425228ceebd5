"""Numbers as a sentence says them: few digits, a unit, an interval where there is one."""

from __future__ import annotations

from math import floor, hypot, isfinite, log10

from quarterdeck.model.measured import Measured
from quarterdeck.model.signals import Finding

_EVIDENCE_MAX = 1e12
"""Above it more evidence changes nothing (the API shows no more either)."""


def evidence_words(finding: Finding) -> str:
    """`evidence 31,000 over a threshold of 12,000`."""
    if finding.evidence >= _EVIDENCE_MAX:
        return f"evidence above {_EVIDENCE_MAX:,.0f}, threshold {short(finding.threshold)}"
    beside = "over a threshold" if finding.evidence >= finding.threshold else "below its threshold"
    return f"evidence {short(finding.evidence)} {beside} of {short(finding.threshold)}"


def short(number: float) -> str:
    """Two digits that count, three from 1,000 on where they are no zeros: 31,000, 9,400, 0.47."""
    if not isfinite(number):
        return "endless"
    if number == 0:
        return "0"
    digits = 1 - floor(log10(abs(number)))
    rounded = round(number, digits)
    return f"{rounded:,.0f}" if abs(rounded) >= 10 else f"{rounded:.{max(0, digits)}f}"


def percent(share: float) -> str:
    """`31 %`, and `4.5 %` below ten."""
    shown = share * 100
    return f"{shown:.1f} %" if 0 < shown < 9.95 else f"{shown:.0f} %"


def is_share(finding: Finding) -> bool:
    """Whether its values are shares of something (0..1) and no amounts."""
    return _is_score(finding) or "share" in finding.unit or finding.unit == "errors/call"


def value_words(finding: Finding, measured: Measured) -> str:
    """A value of the finding's signal."""
    if measured.value is None:
        return "not known"
    if _is_score(finding):
        return f"{1 - measured.value:.2f}"
    if is_share(finding):
        return percent(measured.value)
    return _amount(measured.value, finding.unit)


def _is_score(finding: Finding) -> bool:
    """A posted score is watched as 1 - score; people know it as the score."""
    return finding.signal.startswith("score:")


def _amount(value: float, unit: str) -> str:
    return (
        f"${value:,.4f}"
        if unit.startswith("$") and value < 1
        else f"${value:,.2f}"
        if unit.startswith("$")
        else short(value)
    )


def change_words(finding: Finding) -> str | None:
    """`+14 to +25 points`, or `x2.8 to x3.2`; None where either side has no interval."""
    now, before = finding.now, finding.before
    if now.value is None or now.low is None or now.high is None:
        return None
    if before.value is None or before.low is None or before.high is None:
        return None
    if is_share(finding):
        low, high = _difference((now.value, now.low, now.high), (before.value, before.low, before.high))
        if _is_score(finding):
            return f"{-high:+.2f} to {-low:+.2f}"
        return f"{_points(low)} to {_points(high)} points"
    if before.low <= 0:
        return None
    return f"×{_ratio(now.low / before.high)} to ×{_ratio(now.high / before.low)}"


def _difference(now: tuple[float, float, float], before: tuple[float, float, float]) -> tuple[float, float]:
    """The interval of the difference from the two intervals: square and add (Newcombe 1998, method 10)."""
    change = now[0] - before[0]
    return change - hypot(now[0] - now[1], before[2] - before[0]), change + hypot(
        now[2] - now[0], before[0] - before[1]
    )


def _points(difference: float) -> str:
    shown = difference * 100
    return f"{shown:+.1f}" if abs(shown) < 9.95 else f"{shown:+.0f}"


def _ratio(ratio: float) -> str:
    return f"{ratio:.1f}" if ratio < 9.95 else short(ratio)
