"""Draws docs/images/promise.svg: one stream that gets worse, seen by a daily threshold and by evidence. Seeded.

python scripts/promise_picture.py docs/images/promise.svg
"""

from __future__ import annotations

import math
import sys
from pathlib import Path

import numpy as np

from quarterdeck.stats import EDetector, alarm_threshold

SESSIONS, CHANGE, WINDOW = 1_200, 700, 50
BEFORE, AFTER = 0.10, 0.25
WIDTH, LEFT, PLOT = 720, 60, 600
THRESHOLD = alarm_threshold(15_000, 1.0, 0.3 / 200)
INK, SOFT, RED, BLUE = "#444", "#bbb", "#d55e00", "#0072b2"


def main() -> None:
    rng = np.random.default_rng(11)
    rate = np.where(np.arange(SESSIONS) < CHANGE, BEFORE, AFTER)
    failed = (rng.random(SESSIONS) < rate).astype(float)
    detector = EDetector(BEFORE * 1.1)
    evidence, alarm = [], None
    for at, x in enumerate(failed):
        evidence.append(max(detector.update(float(x)), 1e-2))
        if alarm is None and evidence[-1] >= THRESHOLD:
            alarm = at
    windows = failed.reshape(-1, WINDOW).mean(axis=1)
    Path(sys.argv[1]).write_text(picture(windows, evidence, alarm))
    print(f"alarm {None if alarm is None else alarm - CHANGE} sessions after the change; threshold {THRESHOLD:,.0f}")  # noqa: T201


def picture(windows: np.ndarray, evidence: list[float], alarm: int | None) -> str:
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} 430" font-family="system-ui, sans-serif" font-size="12">',
        '<title>One cohort: its failure rate in windows, and the evidence that it got worse</title>',
        f'<rect width="{WIDTH}" height="430" fill="#fff"/>',
        *rates(windows),
        *curve(evidence, alarm),
        "</svg>",
    ]  # fmt: skip
    return "\n".join(parts) + "\n"


def x_of(session: float) -> float:
    return LEFT + PLOT * session / SESSIONS


def text(x: float, y: float, words: str, color: str = INK, anchor: str = "start") -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}" fill="{color}" text-anchor="{anchor}">{words}</text>'


def line(x1: float, y1: float, x2: float, y2: float, color: str, dash: str = "") -> str:  # noqa: PLR0917 - two points
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{color}" stroke-dasharray="{dash}"/>'


def rates(windows: np.ndarray) -> list[str]:
    """Above: the failure rate of every 50 sessions. It jumps about; where is the change?"""
    top, height, most = 40, 130, 0.45
    at = [(x_of((i + 0.5) * WINDOW), top + height * (1 - rate / most)) for i, rate in enumerate(windows)]
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in at)
    usual = top + height * (1 - BEFORE / most)
    return [
        text(LEFT, 24, "Failure rate of every 50 sessions"),
        line(LEFT, top + height, LEFT + PLOT, top + height, SOFT),
        line(LEFT, usual, LEFT + PLOT, usual, SOFT, "3 3"),
        text(LEFT + PLOT + 6, usual + 4, "10 %"),
        text(LEFT - 6, top + 6, "45 %", INK, "end"),
        text(LEFT - 6, top + height + 4, "0", INK, "end"),
        f'<polyline fill="none" stroke="{BLUE}" stroke-width="1.5" points="{points}"/>',
        line(x_of(CHANGE), top, x_of(CHANGE), 400, SOFT, "2 4"),
        text(x_of(CHANGE) + 4, top + 10, "the prompt changes: 10 % becomes 25 %"),
    ]


def curve(evidence: list[float], alarm: int | None) -> list[str]:
    """Below: the evidence, on a logarithmic scale, with its threshold."""
    top, height, low, high = 220, 180, -2.0, 9.0

    def y_of(value: float) -> float:
        return top + height * (1 - (min(max(math.log10(value), low), high) - low) / (high - low))

    points = " ".join(f"{x_of(i):.1f},{y_of(value):.1f}" for i, value in enumerate(evidence[: alarm and alarm + 1]))
    limit = y_of(THRESHOLD)
    marks = [] if alarm is None else [
        f'<circle cx="{x_of(alarm):.1f}" cy="{limit:.1f}" r="5" fill="{RED}"/>',
        text(x_of(alarm) + 10, limit + 18, f"alarm, {alarm - CHANGE} sessions later", RED),
    ]  # fmt: skip
    return [
        text(LEFT, top - 12, "Evidence that it got worse (logarithmic)"),
        line(LEFT, top + height, LEFT + PLOT, top + height, SOFT),
        line(LEFT, limit, LEFT + PLOT, limit, RED, "6 3"),
        text(LEFT + 4, limit - 6, "threshold: this cohort's part of one false alarm a month", RED),
        text(LEFT - 6, y_of(1) + 4, "1", INK, "end"),
        text(LEFT - 6, y_of(1e6) + 4, "10⁶", INK, "end"),
        f'<polyline fill="none" stroke="{BLUE}" stroke-width="1.5" points="{points}"/>',
        *marks,
        text(LEFT, top + height + 18, "sessions →"),
    ]


if __name__ == "__main__":
    main()
