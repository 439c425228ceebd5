"""What telling people measures of itself: Prometheus metrics, readable from any thread."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge


class NotifyGauges:
    """Messages by what came of them, tries that failed, what waits, what was refused."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.sent = Counter("quarterdeck_notifications", "Messages by result.", ["result"], registry=registry)
        self.tries = Counter("quarterdeck_notification_tries_failed", "Requests that failed.", registry=registry)
        self.waiting = Gauge(
            "quarterdeck_notify_queue", "Messages that wait to be sent.", ["notifier"], registry=registry
        )
        self.refused = Counter(
            "quarterdeck_notify_refused", "Messages that were not taken.", ["reason"], registry=registry
        )
