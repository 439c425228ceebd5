"""What the gateway measures of itself: Prometheus metrics, readable from any thread."""

from __future__ import annotations

from functools import partial

from prometheus_client import CollectorRegistry, Counter, Gauge

from quarterdeck.control.gateway.record import CallRecord
from quarterdeck.control.gateway.server import GatewayServer

_SENTENCES = {
    "connections": "Clients connected to the gateway.",
    "upstream_connections": "Connections of the gateway to providers, at work or idle.",
    "held_bytes": "Bytes of bodies of calls that wait or are under way.",
    "refused_connections": "Clients turned away since the start, because too many were connected.",
}


class GatewayGauges:
    """Calls by how they ended; connections and bytes as they are when somebody asks."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry
        self._calls = Counter(
            "quarterdeck_gateway_calls", "Calls of models, by how they ended.", ["provider", "ended"], registry=registry
        )
        self._attempts = Counter("quarterdeck_gateway_attempts", "Attempts at calls.", ["provider"], registry=registry)

    def watch(self, server: GatewayServer) -> None:
        """Show what stands in this server."""
        for name, sentence in _SENTENCES.items():
            gauge = Gauge(f"quarterdeck_gateway_{name}", sentence, registry=self._registry)
            gauge.set_function(partial(_read, server, name))

    def tell(self, record: CallRecord) -> None:
        """Count one call."""
        self._calls.labels(record.provider, record.failure or "ok").inc()
        self._attempts.labels(record.provider).inc(record.attempts)


def _read(server: GatewayServer, name: str) -> float:
    return float(server.gauges()[name])
