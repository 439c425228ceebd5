"""Spans to true runs: tree, orphan repair, usage counted once, cost, lifecycle, version identity.

Pure: spans, time, prices and options in, runs out (docs/design/runs.md). Refuses: I/O beyond a price file.
"""

from __future__ import annotations

from quarterdeck.observe.runs.build import build_runs, settle_runs, summarise_runs
from quarterdeck.observe.runs.cost import span_cost
from quarterdeck.observe.runs.gaps import GapBook
from quarterdeck.observe.runs.options import RunOptions
from quarterdeck.observe.runs.prices import PriceTable

__all__ = ["GapBook", "PriceTable", "RunOptions", "build_runs", "settle_runs", "span_cost", "summarise_runs"]
