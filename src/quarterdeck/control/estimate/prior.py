"""What agents take when nothing is known of this one: published figures, as a wide curve for each quantity.

Medians and widths are set so that the published medians (24 thousand to 450 thousand tokens a run) and their 99th percentiles lie
inside: AutoCodeRover and SWE-agent on SWE-bench Lite, tau2-bench retail, the Terminal-Bench leaderboard, and "How Do AI Agents Spend
Your Money?" (arXiv 2604.22750: up to 1,000 times a chat's tokens, 30 times between runs of one task).
Refuses: being called history; an estimate that stands on it says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from quarterdeck.model.estimates import Quantity


class Prior(NamedTuple):
    """Medians by quantity, and the variance of the logarithm around them. A quantity without a median is not estimated when cold."""

    medians: Mapping[Quantity, float]
    variance: float = 2.0


PUBLISHED = Prior(
    {
        "tokens_input": 40_000.0,
        "tokens_output": 2_000.0,
        "tokens_total": 42_000.0,
        "steps": 12.0,
        "cost_usd": 0.2,
        "seconds": 180.0,
    }
)
