"""The way of a span, in order: ingest → privacy → canonical → runs → store; sampling reads and writes the store behind them.

The stages do not know each other; this room stands above them and moves spans between them. It owns the one writer
thread of the store, the table of traces in memory, and the numbers by which the way in is judged.
"""

from quarterdeck.observe.pipeline.options import PipelineOptions
from quarterdeck.observe.pipeline.pipeline import Pipeline

STAGES = ("ingest", "privacy", "canonical", "runs", "sampling")
"""The order of the stages; ARCHITECTURE.md and the import contract say the same."""

__all__ = ["STAGES", "Pipeline", "PipelineOptions"]
