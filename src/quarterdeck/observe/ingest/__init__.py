"""OTLP bytes in: the doors (HTTP, gRPC), their limits, and decoding to `RawSpan`.

Knows no dialect and no store: what it accepts it hands to the `SpanSink` it was given, and it answers
only when that sink says that the spans are committed.
"""

from quarterdeck.observe.ingest.decode import Decoded, decode
from quarterdeck.observe.ingest.options import IngestOptions

__all__ = ["Decoded", "IngestOptions", "decode"]
