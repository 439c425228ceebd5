"""Self-audit: what makes the telemetry doubtful, how sure that is, and which setting mends it.

Shared by the live server and the command. Pure: spans, runs, counts, a collector's configuration or a bill in, findings
out. Refuses: I/O, and a finding without its numbers.
"""

from __future__ import annotations

from quarterdeck.observe.doctor.finding import Finding, Severity, worst_first
from quarterdeck.observe.doctor.sample import Examined, examine, findings_of
from quarterdeck.observe.doctor.telemetry import Holes, Producer, TelemetryFacts, find

__all__ = [
    "Examined",
    "Finding",
    "Holes",
    "Producer",
    "Severity",
    "TelemetryFacts",
    "examine",
    "find",
    "findings_of",
    "worst_first",
]
