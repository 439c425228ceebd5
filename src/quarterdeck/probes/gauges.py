"""What probes measure of themselves."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge


class ProbeGauges:
    """Open probes, pairs, verdicts, and what was refused."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.open = Gauge("quarterdeck_probes_open", "Probes under way or waiting for their turn.", registry=registry)
        self.pairs = Counter("quarterdeck_probe_pairs", "Pairs that were run.", registry=registry)
        self.ended = Counter(
            "quarterdeck_probes_ended", "Probes that ended, by verdict.", ["verdict"], registry=registry
        )
        self.refused = Counter("quarterdeck_probes_refused", "Probes refused by a limit.", ["limit"], registry=registry)
