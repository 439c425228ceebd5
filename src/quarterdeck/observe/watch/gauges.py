"""What the watch measures of itself: Prometheus metrics, readable from any thread."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge


class WatchGauges:
    """Runs and outcomes taken, how far behind, streams, alerts, what failed and what was refused by a limit."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.runs = Counter("quarterdeck_watch_runs_taken", "Runs taken by the watch.", registry=registry)
        self.outcomes = Counter("quarterdeck_watch_outcomes_taken", "Outcomes taken by the watch.", registry=registry)
        self.findings = Counter(
            "quarterdeck_watch_findings", "Findings of the watch.", ["lane", "state"], registry=registry
        )
        self.lag = Gauge(
            "quarterdeck_watch_lag_seconds", "How long ago the watch had taken all there was.", registry=registry
        )
        self.tick = Gauge("quarterdeck_watch_tick_seconds", "How long the last look took.", registry=registry)
        self.streams = Gauge("quarterdeck_watch_streams", "Streams and tests of all projects.", registry=registry)
        self.alerts = Gauge("quarterdeck_alerts", "Alerts that are open.", ["state"], registry=registry)
        self.words = Gauge(
            "quarterdeck_oncall_words", "Dismissals and canaries that are held to their word.", registry=registry
        )
        self.failures = Counter(
            "quarterdeck_watch_failures", "Steps of the watch that failed.", ["step"], registry=registry
        )
        self.refused = Counter(
            "quarterdeck_watch_refused", "What the watch left out for a limit.", ["limit"], registry=registry
        )
