"""The constants of the estimator, each with where it comes from. Given as one frozen object so that a test can vary one.

Tuned on the recorded development data (docs/design/estimate.md has the figures). Refuses: being read from settings.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rules:
    """Variances are of natural logarithms. Weights are in runs."""

    cells_max: int = 50_000
    """Tasks, versions and agents remembered, all projects of a process together; the one not heard of for longest goes."""
    words_max: int = 20_000
    residuals_max: int = 1_000
    """Runs in a window of residuals; older ones are forgotten."""
    cohort_residuals_max: int = 400
    variances: tuple[float, ...] = (0.4, 0.3, 0.1, 0.05, 0.15, 0.05)
    """What a rung may differ from the one above it, to begin with: agent, model, version, kin, task, task of one cohort."""
    memories: tuple[float, ...] = (80.0, 60.0, 40.0, 200.0, 30.0, 12.0)
    """Runs that a rung's mean remembers."""
    noise: float = 0.25
    """Variance among repeats of one task, to begin with."""
    level_memory: float = 200.0
    clip: float = 3.0
    """A run pulls its means by no more than this many standard deviations."""
    spread_prior: float = 12.0
    """Runs' worth of belief that a task varies as the others do."""
    to_normal: float = 20.0
    """At this many residuals half of the shape is what was seen, half is a normal curve a little widened."""
    to_class: float = 60.0
    to_cohort: float = 40.0
    to_own: float = 4.0
    """Runs at which a cohort's own quantiles weigh as much as those of all, moved to its level."""
    own_share: tuple[float, ...] = (0.3, 0.1, 0.4, 0.85)
    """Share of the cohort's own quantiles in each level's answer, to begin with."""
    share_steps: tuple[float, ...] = (0.1, 0.1, 0.1, 0.03)
    steps: tuple[float, ...] = (0.08, 0.03, 0.08, 0.05)
    """Of the online correction, on the log odds of a level; 0.008 ÷ (level × (1 − level)), less in the tail."""
    odds_max: float = 1.5
    cut_from: float = 0.08
    cut_full: float = 0.2
    """Share of a cohort's runs that are cut, with a known lower bound, from which and at which bounds count in full. Below, cuts are mostly
    crashes, and a spread tells of runs that finish."""
    cut_memory: float = 0.01
    top_from: float = 60
    top_above: float = 0.05
    """From so many runs of a cohort no quantile is put further above its largest than this."""
    drift_share: float = 0.1
    drift_at: float = 0.9
    """Mean residual of late, in standard deviations, from which a level is taken to have moved: four of its own errors."""
    drift_keeps: float = 6.0
    """Runs that a level remembers after it has moved."""


RULES = Rules()
