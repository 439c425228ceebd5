"""Pieces gathered into requests of a bounded size.

Refuses to split a piece: one that is larger than the bound goes alone.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from quarterdeck.simulate.histories.shape import Piece


async def batches(pieces: AsyncIterator[Piece | None], batch_bytes: int) -> AsyncIterator[list[Piece]]:
    """Lists of pieces up to `batch_bytes` of spans. A None in the stream closes the batch at once (somebody waits)."""
    batch: list[Piece] = []
    size = 0
    async for piece in pieces:
        weight = 0 if piece is None else piece.resource_spans.ByteSize()
        if batch and (piece is None or size + weight > batch_bytes):
            yield batch
            batch, size = [], 0
        if piece is not None:
            batch.append(piece)
            size += weight
    if batch:
        yield batch


def request_of(batch: list[Piece]) -> ExportTraceServiceRequest:
    """One OTLP request with the spans of the batch."""
    return ExportTraceServiceRequest(resource_spans=[piece.resource_spans for piece in batch])
