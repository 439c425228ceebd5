"""What the desk measures of itself: Prometheus metrics, readable from any thread."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge


class PromiseGauges:
    """Promises made, runs learned, cohorts that drifted, what waits, what failed and what was refused by a limit."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.made = Counter("quarterdeck_promises_made", "Promises written.", ["source"], registry=registry)
        self.learned = Counter(
            "quarterdeck_promises_runs_learned", "Runs that estimates were learned from.", ["known"], registry=registry
        )
        self.held = Gauge("quarterdeck_promises_runs_held", "Runs that wait to be learned from.", registry=registry)
        self.groups = Gauge(
            "quarterdeck_promises_walk_groups",
            "Agents on models whose runs are known step by step, of the project with most.",
            registry=registry,
        )
        self.drifted = Gauge(
            "quarterdeck_promises_drifted_cohorts", "Cohorts whose promises have drifted.", registry=registry
        )
        self.refits = Counter(
            "quarterdeck_promises_refits",
            "Cohorts of which earlier runs were made to count for little, because promises drifted.",
            registry=registry,
        )
        self.tick = Gauge("quarterdeck_promises_tick_seconds", "How long the last look took.", registry=registry)
        self.failures = Counter(
            "quarterdeck_promises_failures", "Steps of the promises that failed.", ["step"], registry=registry
        )
        self.refused = Counter(
            "quarterdeck_promises_refused", "What was left out for a limit.", ["limit"], registry=registry
        )
