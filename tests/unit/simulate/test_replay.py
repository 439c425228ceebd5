"""Replay over real HTTP into a small receiver: sending, patience, pacing, waiting until readable."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTracePartialSuccess,
    ExportTraceServiceResponse,
)

from quarterdeck.clock import FakeClock
from quarterdeck.errors import BadFile, BadInput, Overloaded, Unreachable
from quarterdeck.simulate.options import ReplayOptions
from quarterdeck.simulate.replay import replay


class Waiting:
    """Sleeping that moves a clock instead of the test."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.waits: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.clock.advance(seconds)


@pytest.fixture
def waiting() -> Waiting:
    return Waiting()


def recording(folder: Path, spans: int = 5, *, step_s: int = 10) -> Path:
    """A file with one run of `spans` spans, each `step_s` long, one after the other, with an event in its middle."""
    path = folder / "spans.jsonl"
    lines = []
    for number in range(spans):
        start, end = (number * step_s + 1) * 10**9, ((number + 1) * step_s + 1) * 10**9
        span = {
            "traceId": "0af7651916cd43dd8448eb211c80319c",
            "spanId": f"{number + 1:016x}",
            "name": f"step {number}",
            "startTimeUnixNano": str(start),
            "endTimeUnixNano": str(end),
            "events": [{"name": "half", "timeUnixNano": str((start + end) // 2)}],
            "attributes": [{"key": "quarterdeck.run.id", "value": {"stringValue": "run/1"}}],
        }
        lines.append(json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}))
    path.write_text("\n".join(lines))
    return path


def serve_api(sink: Any, *, spans: int = 5, lag_s: float = 0.0) -> None:
    """Make the receiver answer as a server does that has settled `spans` spans."""
    sink.pages["/api/v1/health"] = {"ingest": {"settle_lag_s": lag_s}, "endpoints": {"otlp_http": sink.url}}
    sink.pages["/api/v1/runs/run%2F1"] = {"run_id": "run/1", "spans": spans}


def test_a_foreign_receiver_gets_all_spans_and_nobody_claims_they_are_readable(sink: Any, tmp_path: Path) -> None:
    told: list[str] = []
    summary = replay(recording(tmp_path), sink.url, warn=told.append, headers={"authorization": "Bearer k"})
    assert sorted(span.name for span in sink.spans) == [f"step {n}" for n in range(5)]
    assert sink.headers[0]["content-type"] == "application/x-protobuf"
    assert sink.headers[0]["authorization"] == "Bearer k"
    assert (summary.spans, summary.runs, summary.readable) == (5, 1, None)
    assert "not a Quarterdeck server" in told[0]


def test_either_address_of_the_server_leads_to_the_other(sink: Any, tmp_path: Path) -> None:
    serve_api(sink)
    assert replay(recording(tmp_path), f"{sink.url}/api/v1").readable is True
    health = sink.pages.pop("/api/v1/health")
    sink.pages["/"] = {"service": "quarterdeck", "api": f"{sink.url}/other"}
    sink.pages["/other/api/v1/health"] = health
    sink.pages["/other/api/v1/runs/run%2F1"] = {"spans": 5}
    assert replay(recording(tmp_path), f"{sink.url}/v1/traces").readable is True
    assert len(sink.spans) == 10


def test_spans_go_in_requests_of_bounded_size(sink: Any, tmp_path: Path) -> None:
    replay(recording(tmp_path, 40), sink.url, options=ReplayOptions(batch_bytes=500))
    assert len(sink.spans) == 40
    assert len(sink.requests) > 5
    assert max(request.ByteSize() for request in sink.requests) < 700


def test_patience_follows_retry_after_then_doubles(sink: Any, tmp_path: Path, waiting: Waiting) -> None:
    sink.answers = [(503, {"retry-after": "7"}, b""), (429, {}, b""), (502, {}, b"")]
    replay(recording(tmp_path), sink.url, clock=waiting.clock, sleep=waiting.sleep)
    assert waiting.waits == [7.0, 0.5, 1.0]
    assert len(sink.spans) == 5


def test_patience_ends(sink: Any, tmp_path: Path, waiting: Waiting) -> None:
    sink.answers = [(503, {"retry-after": "9999"}, b"")] * 3
    options = ReplayOptions(attempts_max=3, retry_wait_s_max=30)
    with pytest.raises(Overloaded, match="503 3 times"):
        replay(recording(tmp_path), sink.url, options=options, clock=waiting.clock, sleep=waiting.sleep)
    assert waiting.waits == [30.0, 30.0]


def test_a_refusal_is_final_and_says_why(sink: Any, tmp_path: Path) -> None:
    sink.answers = [(400, {}, b"not a protobuf")]
    with pytest.raises(BadInput, match="refused with 400: not a protobuf"):
        replay(recording(tmp_path), sink.url)


def test_partial_success_is_counted_and_told(sink: Any, tmp_path: Path) -> None:
    serve_api(sink, spans=3)
    partial = ExportTraceServiceResponse(
        partial_success=ExportTracePartialSuccess(rejected_spans=2, error_message="too long ago")
    )
    sink.answers = [(200, {}, partial.SerializeToString())]
    told: list[str] = []
    summary = replay(recording(tmp_path), sink.url, warn=told.append)
    assert (summary.rejected_spans, summary.spans) == (2, 5)
    assert "rejected 2 spans: too long ago" in told[0]


def test_it_returns_only_when_the_runs_are_readable(sink: Any, tmp_path: Path, waiting: Waiting) -> None:
    serve_api(sink, spans=2, lag_s=1.5)

    def settle(path: str) -> None:
        if path.endswith("health") and sink.asked.count(path) == 3:
            serve_api(sink, spans=2)
        if path.endswith("run%2F1") and sink.asked.count(path) == 2:
            serve_api(sink, spans=5)

    sink.on_get = settle
    assert replay(recording(tmp_path), sink.url, clock=waiting.clock, sleep=waiting.sleep).readable is True
    assert waiting.waits == [0.2, 0.2]


def test_waiting_for_runs_is_bounded(sink: Any, tmp_path: Path, waiting: Waiting) -> None:
    serve_api(sink, spans=4)
    options = ReplayOptions(readable_wait_s_max=4)
    with pytest.raises(Overloaded, match="not readable after 4 s: run run/1 has 4 of 5 spans"):
        replay(recording(tmp_path), sink.url, options=options, clock=waiting.clock, sleep=waiting.sleep)
    assert waiting.clock.monotonic_s() == pytest.approx(4, abs=0.3)


def test_a_factor_moves_times_to_now_and_paces(sink: Any, tmp_path: Path, waiting: Waiting) -> None:
    now = waiting.clock.now_ns()
    replay(recording(tmp_path, 3), sink.url, speed=10, clock=waiting.clock, sleep=waiting.sleep)
    spans = sorted(sink.spans, key=lambda span: span.name)  # requests under way together may arrive in any order
    assert [span.start_time_unix_nano - now for span in spans] == [0, 10**9, 2 * 10**9]
    assert [span.end_time_unix_nano - now for span in spans] == [10**9, 2 * 10**9, 3 * 10**9]
    assert [span.events[0].time_unix_nano - now for span in spans] == [5 * 10**8, 15 * 10**8, 25 * 10**8]
    assert len(sink.requests) == 3
    assert sum(waiting.waits) == pytest.approx(3.0)


def test_a_broken_recording_ends_the_replay_as_itself(sink: Any, tmp_path: Path) -> None:
    path = recording(tmp_path)
    path.write_text(path.read_text() + "\n{")
    with pytest.raises(BadFile, match=r"spans\.jsonl:6"):
        replay(path, sink.url)


def test_nobody_there_is_said_with_the_mend(tmp_path: Path, sink: Any) -> None:
    url = sink.url.rsplit(":", 1)[0] + ":9"  # the discard port: nothing listens
    with pytest.raises(Unreachable, match="quarterdeck serve"):
        replay(recording(tmp_path), url)
    with pytest.raises(BadInput, match="no address"):
        replay(recording(tmp_path), "localhost:4318")
    with pytest.raises(BadInput, match="above 0"):
        replay(recording(tmp_path), sink.url, speed=0)
