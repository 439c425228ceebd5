"""What the outcomes room measures of itself: Prometheus metrics, readable from any thread."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter


class OutcomeGauges:
    """Outcomes by source (api, span, log) and by what became of them: accepted, unknown_run, rejected."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._counter = Counter(
            "quarterdeck_outcomes", "Outcomes by source and what became of them.", ["source", "what"], registry=registry
        )

    def count(self, source: str, what: str, n: int) -> None:
        self._counter.labels(source, what).inc(n)
