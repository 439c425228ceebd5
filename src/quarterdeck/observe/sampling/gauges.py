"""What the sampling of bodies measures of itself: Prometheus metrics, readable from any thread."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge

from quarterdeck.model.bodies import BodyDecision


class SamplingGauges:
    """Counts of decisions, promotions, losses and removals; how long a round took and what it left."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.decisions = Counter(
            "quarterdeck_body_decisions", "Decisions written.", ["reason", "kept"], registry=registry
        )
        self.late = Counter(
            "quarterdeck_body_late_evidence", "Sessions with evidence after a drop.", ["saved"], registry=registry
        )
        self.purged = Counter("quarterdeck_bodies_purged", "Bodies removed.", registry=registry)
        self.unknown = Counter(
            "quarterdeck_body_identity_unknown", "Sessions decided on without this field.", ["field"], registry=registry
        )
        self.pooled = Counter(
            "quarterdeck_body_strata_pooled", "Sessions in the stratum `other`, beyond the bound.", registry=registry
        )
        self.waiting = Gauge(
            "quarterdeck_body_undecided_runs", "Silent runs that the last round left undecided.", registry=registry
        )
        self.round_seconds = Gauge(
            "quarterdeck_body_round_seconds", "Time that the last round took.", registry=registry
        )

    def decided(self, decisions: Iterable[BodyDecision]) -> None:
        for decision in decisions:
            self.decisions.labels(decision.reason, "yes" if decision.kept else "no").inc()
