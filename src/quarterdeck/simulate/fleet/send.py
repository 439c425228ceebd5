"""The SDK's own way out: a batch processor and the OTLP/HTTP exporter, sized for a fleet."""

from __future__ import annotations

from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import SpanProcessor
from opentelemetry.sdk.trace.export import BatchSpanProcessor

QUEUE_SPANS = 65_536
"""What may wait: the past of all runs that are under way at the start comes at once, and a server may be slow for a minute."""
BATCH_SPANS = 4096
"""About 3 MB. A fleet that is live sends what there is every half second; a history is sent in few requests."""
EVERY_MS = 500


def otlp_processor(otlp_url: str, headers: dict[str, str] | None = None) -> SpanProcessor:
    """A processor that sends to `{otlp_url}/v1/traces` as protobuf."""
    exporter = OTLPSpanExporter(
        endpoint=f"{otlp_url}/v1/traces", headers=headers or {}, compression=Compression.NoCompression, timeout=30
    )
    return BatchSpanProcessor(
        exporter, max_queue_size=QUEUE_SPANS, schedule_delay_millis=EVERY_MS, max_export_batch_size=BATCH_SPANS
    )
