"""No flag of going round on long healthy runs: recorded ones, as they came and cut at every moment of their life.

And the other side: the same runs with a loop put into them are flagged, so that silence is not blindness.
"""

from __future__ import annotations

import os
from collections import defaultdict
from pathlib import Path

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from quarterdeck.model.spans import Span
from quarterdeck.observe.canonical import Canonicalizer
from quarterdeck.observe.ingest.decode import Limits, decode
from quarterdeck.observe.runs import PriceTable, summarise_runs
from quarterdeck.simulate.histories import find_histories, read_histories

ROUND = {"loop", "oscillation", "stale_growth"}
LONG = 30
"""Spans from which a run is long here."""
PRICES = PriceTable.shipped()

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def long_runs() -> list[list[Span]]:
    """The spans of each recorded run of at least LONG spans, in order of start."""
    folder = Path(os.environ.get("QUARTERDECK_DATA", Path(__file__).parents[2] / "../shared/data")).resolve()
    if not (folder / "tau2_retail_runs/dev").is_dir():
        pytest.skip(f"recorded data is absent: {folder} (set QUARTERDECK_DATA)")
    canonical, limits = Canonicalizer(user_hash_key=b"k" * 32), Limits(10**8, 10**6)
    traces: dict[str, dict[str, Span]] = defaultdict(dict)
    for piece in read_histories(find_histories(folder / "tau2_retail_runs/dev", lambda _text: None)):
        if sum(len(scope.spans) for scope in piece.resource_spans.scope_spans) >= LONG:
            body = ExportTraceServiceRequest(resource_spans=[piece.resource_spans]).SerializeToString()
            for raw in decode(body, "protobuf", "default", limits, 1).spans:
                traces[raw.trace_id][raw.span_id] = canonical.canonicalize(raw)
    return [sorted(spans.values(), key=lambda span: span.start_ns) for spans in traces.values()]


def flags(spans: list[Span]) -> set[str]:
    """What the runs of these spans are flagged with, while they go on (their agent has not ended)."""
    now_ns = max(max(span.start_ns, span.end_ns) for span in spans)
    return {flag for run in summarise_runs(spans, now_ns=now_ns, prices=PRICES) for flag in run.flags} & ROUND


def test_long_recorded_runs_are_not_flagged_at_any_moment(long_runs: list[list[Span]]) -> None:
    assert len(long_runs) >= 100
    told = [
        (spans[0].trace_id, upto)
        for spans in long_runs
        for upto in (*range(LONG, len(spans), 10), len(spans))
        if flags(spans[:upto])
    ]
    assert told == []


def test_the_same_runs_with_a_loop_in_them_are_all_flagged(long_runs: list[list[Span]]) -> None:
    """Six times the same lookup, right after one that the run made."""
    looped = []
    for spans in long_runs:
        at = next(
            (n for n, s in enumerate(spans) if s.op_kind == "tool" and s.tool_result_hash and s.tool_args_hash), None
        )
        if at is None:
            continue
        call = spans[at]._replace(tool_name="get_order_details")
        again = [
            call._replace(span_id=f"{n:016x}", start_ns=call.start_ns + n, end_ns=call.start_ns + n + 1)
            for n in range(1, 7)
        ]
        looped.append("loop" in flags([*spans[:at], call, *again]))
    assert len(looped) >= 100
    assert all(looped)
