"""A report in the numbers that are published: share of the limit, rejections, waits, fairness.

Refuses: a share of a limit that was never reached, and fairness of one tenant; both are None.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from quarterdeck.simulate.load.bench import Report


def jain(amounts: Sequence[float]) -> float | None:
    """Jain's index: 1 when all have the same, 1/n when one has all; None for fewer than two or when nobody has any."""
    values = np.asarray(amounts, dtype=float)
    squares = float((values**2).sum())
    return float(values.sum()) ** 2 / (len(values) * squares) if len(values) > 1 and squares > 0 else None


def tenants_served(report: Report, tenants: Sequence[str]) -> dict[str, float]:
    """Tokens that each tenant got while every tenant still wanted more."""
    until = min(report.tenants_idle_at.values(), default=float("inf"))
    served = dict.fromkeys(tenants, 0.0)
    for at, tenant, tokens in report.served:
        if at <= until:
            served[tenant] += tokens
    return served


def summarise(report: Report, jobs: int, limit_s: float, tenants: Sequence[str]) -> dict[str, Any]:
    """The answer of `admission simulate`. `limit_s`: physical time for a backlog, the oracle's makespan for recorded arrivals."""
    waits = report.waits_s
    quantiles = np.quantile(waits, [0.5, 0.95, 0.99]) if waits else None
    return {
        "completed": report.completed,
        "not_completed": dict(report.given_up),
        "fraction_of_limit": _rounded(limit_s / report.makespan_s) if report.makespan_s and limit_s else None,
        "rejections_per_request": _rounded(report.rejections / jobs),
        "truncated_fraction": _rounded(report.truncated / jobs),
        "wait_s": {
            name: None if quantiles is None else round(float(quantiles[at]), 3)
            for at, name in enumerate(("p50", "p95", "p99"))
        },
        "jain_tenants": _rounded(jain(list(tenants_served(report, tenants).values()))) if len(tenants) > 1 else None,
        "attempts_per_success": _rounded(report.sent / report.answers) if report.answers else None,
        "makespan_s": round(report.makespan_s, 3),
        "limit_s": round(limit_s, 3),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)
