"""Findings with defaults, so that a test says only what it is about. The numbers are those of a prompt that went bad."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from quarterdeck.model.measured import Measured
from quarterdeck.model.signals import Deploy, Finding, Keys, SliceScore

SECOND = 10**9
NOW_NS = 1_795_503_600 * SECOND
COHORT: Keys = (("agent", "support-agent"), ("environment", "production"))
V7 = Deploy(COHORT, "prompt_version", "v6", "v7", NOW_NS - 300 * SECOND)


def rate(value: float, low: float, high: float, n: int) -> Measured:
    return Measured(value, low, high, n, "wilson")


def finding(state: str = "reached", **changes: Any) -> Finding:
    """A deploy's failing runs: 31 % against 12 %."""
    made = Finding(
        project="default",
        kind="regression",
        state="reached",
        signal="failing",
        title="failing runs",
        unit="share of runs",
        lane="deploy",
        cohort=COHORT,
        stream_id="deploy-failing",
        evidence=31_020.0,
        threshold=12_000.0,
        at_ns=NOW_NS,
        n=212,
        now=rate(0.31, 0.26, 0.36, 212),
        before=rate(0.12, 0.10, 0.14, 900),
        where=V7.where,
        deploy=V7,
        run_ids=("r1", "r2"),
    )
    return replace(made, state=state, **changes)


def tokens(state: str = "reached", **changes: Any) -> Finding:
    """The same deploy's tokens."""
    values = {
        "signal": "tokens",
        "title": "tokens",
        "unit": "tokens/run",
        "stream_id": "deploy-tokens",
        "now": Measured(9_412.0, 9_000.0, 9_900.0, 212, "order"),
        "before": Measured(3_118.0, 3_000.0, 3_200.0, 900, "order"),
        "wasted_usd": 4.5,
    }
    return finding(state, **(values | changes))


def pooled(state: str = "reached", **changes: Any) -> Finding:
    """The whole fleet's failing runs; no slice is named."""
    values: dict[str, Any] = {
        "lane": "pooled",
        "cohort": (),
        "where": (),
        "deploy": None,
        "stream_id": "pooled-failing",
    }
    return finding(state, **(values | changes))


def cohort(state: str = "reached", **changes: Any) -> Finding:
    """The cohort's failing runs."""
    values: dict[str, Any] = {"lane": "cohort", "where": COHORT, "deploy": None, "stream_id": "cohort-failing"}
    return finding(state, **(values | changes))


def live(state: str = "reached", **changes: Any) -> Finding:
    """Live runs that loop."""
    values: dict[str, Any] = {
        "kind": "loop",
        "signal": "loop",
        "lane": "live",
        "deploy": None,
        "stream_id": "live-loop",
        "title": "3 runs of support-agent repeat calls that bring nothing new",
        "where": (("agent", "support-agent"), ("prompt_version", "v7")),
        "key": "support-agent/v7/loop",
    }
    return finding(state, **(values | changes))


def about(*where: tuple[str, str | None], score: float = 8.0) -> SliceScore:
    return SliceScore(where, 200, 0.31, 0.12, score)
