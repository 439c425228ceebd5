"""The level of a signal as a price says it: `31 % of runs`, `9,410 tokens per run`, `$0.1100 per run`. Refuses: powers of ten."""

from __future__ import annotations

from math import floor, log10

_DIGITS = 3


def level_words(value: float, unit: str, signal: str) -> str:
    """A value of a signal in its unit; a posted score (watched as 1 - score) as people know it."""
    if signal.startswith("score:"):
        return f"a score of {1 - value:.2f}"
    if unit.startswith("share") or unit == "errors/call":
        of = unit.removeprefix("share").strip() if unit.startswith("share") else "of calls"
        return f"{rounded(value * 100)} % {of}".strip()
    if unit.startswith("$"):
        return f"${value:,.2f}{_per(unit[1:])}" if abs(value) >= 1 else f"${value:.4f}{_per(unit[1:])}"
    return f"{rounded(value)} {unit.replace('/', ' per ')}".strip()


def rounded(value: float) -> str:
    """Three digits that count, with separators of thousands and never a power of ten: 8,790, 0.314."""
    if value == 0:
        return "0"
    places = _DIGITS - 1 - floor(log10(abs(value)))
    text = f"{round(value, places):,.{max(0, places)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _per(unit: str) -> str:
    return unit.replace("/", " per ")
