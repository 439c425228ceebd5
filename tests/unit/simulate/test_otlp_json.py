"""OTLP JSON lines: hex ids, both spellings, compressed or not, and errors that name the line."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import zstandard

from quarterdeck.errors import BadFile
from quarterdeck.simulate.histories import Tally, find_histories, read_histories

TRACE, SPAN, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", "00f067aa0ba902b7"


def line(**span: Any) -> str:
    whole = {"traceId": TRACE, "spanId": SPAN, "name": "chat", "startTimeUnixNano": "1", **span}
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"scope": {"name": "s"}, "spans": [whole]}]}]})


def read(path: Path) -> list[Any]:
    pieces = read_histories(find_histories(path, lambda text: None))
    return [span for piece in pieces for scope in piece.resource_spans.scope_spans for span in scope.spans]


def test_ids_times_attributes_and_links_arrive_as_written(tmp_path: Path) -> None:
    path = tmp_path / "spans.jsonl"
    usage = {"key": "gen_ai.usage.input_tokens", "value": {"intValue": "7"}}
    path.write_text(
        line(parentSpanId=PARENT, attributes=[usage], links=[{"traceId": TRACE, "spanId": PARENT}]) + "\n\n"
    )
    (span,) = read(path)
    assert (span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex()) == (TRACE, SPAN, PARENT)
    assert (span.links[0].trace_id.hex(), span.links[0].span_id.hex()) == (TRACE, PARENT)
    assert (span.start_time_unix_nano, span.attributes[0].value.int_value) == (1, 7)


def test_snake_case_of_traces_data_is_read_too(tmp_path: Path) -> None:
    path = tmp_path / "spans.json"
    span = {"trace_id": TRACE, "span_id": SPAN, "name": "x", "start_time_unix_nano": 5}
    path.write_text(json.dumps({"resource_spans": [{"scope_spans": [{"spans": [span]}]}]}))
    assert [(s.trace_id.hex(), s.start_time_unix_nano) for s in read(path)] == [(TRACE, 5)]


@pytest.mark.parametrize("suffix", ["jsonl.gz", "jsonl.zst", "ndjson", "json"])
def test_suffix_decides_the_compression_and_content_the_shape(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"spans.{suffix}"
    text = f"{line()}\n{line(spanId=PARENT)}\n".encode()
    packed = {"jsonl.gz": gzip.compress, "jsonl.zst": zstandard.ZstdCompressor().compress}.get(suffix, bytes)
    path.write_bytes(packed(text))
    assert [span.span_id.hex() for span in read(path)] == [SPAN, PARENT]


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        ("{", "spans.jsonl:2: not JSON"),
        ('{"resourceLogs": []}', 'spans.jsonl:2: expected an object with "resourceSpans"'),
        (line(traceId="xyz"), "spans.jsonl:2: not OTLP JSON"),
        (line(startTimeUnixNano="soon"), "spans.jsonl:2: not OTLP JSON"),
        (line(traceId=5), "spans.jsonl:2: not OTLP JSON: an id must be hex text"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, second: str, expected: str) -> None:
    path = tmp_path / "spans.jsonl"
    path.write_text(f"{line()}\n{second}\n")
    with pytest.raises(BadFile) as caught:
        read(path)
    assert expected in str(caught.value)
    assert caught.value.mend


def test_a_truncated_archive_is_named(tmp_path: Path) -> None:
    path = tmp_path / "spans.jsonl.gz"
    path.write_bytes(gzip.compress(line().encode() * 50)[:-20])
    with pytest.raises(BadFile, match=r"spans\.jsonl\.gz"):
        read(path)


def test_facts_are_what_a_span_declares_and_unknown_is_none(tmp_path: Path) -> None:
    path = tmp_path / "spans.jsonl"
    said = [
        {"key": "gen_ai.operation.name", "value": {"stringValue": "chat"}},
        {"key": "gen_ai.usage.output_tokens", "value": {"intValue": "3"}},
    ]
    path.write_text(f"{line(attributes=said)}\n{line(attributes=said)}\n{line(spanId=PARENT, parentSpanId=SPAN)}\n")
    tally = Tally()
    for piece in read_histories(find_histories(path, lambda text: None)):
        tally.add(piece.facts)
    summary = tally.summary()
    assert (summary.runs, summary.spans, summary.repeated_spans, summary.model_calls) == (1, 2, 1, 1)
    assert (summary.tokens["input"], summary.tokens["output"], summary.tokens["total"]) == (None, 3, 3)
    assert summary.cost_usd is None


def test_each_root_of_a_trace_is_a_run_and_a_missing_root_is_one(tmp_path: Path) -> None:
    path = tmp_path / "spans.jsonl"
    orphan = line(traceId="b" * 32, parentSpanId=PARENT)
    path.write_text(f"{line()}\n{line(spanId=PARENT)}\n{orphan}\n")
    tally = Tally()
    for piece in read_histories(find_histories(path, lambda text: None)):
        tally.add(piece.facts)
    assert tally.summary().runs == 2 + 1


def test_a_path_that_is_not_there_or_holds_nothing_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("x")
    told: list[str] = []
    with pytest.raises(BadFile, match="holds nothing that can be replayed: expected OTLP JSON lines"):
        find_histories(tmp_path, told.append)
    assert told == [f"skipped {tmp_path / 'notes.txt'}: not a recording of spans"]
    with pytest.raises(BadFile, match="no such file"):
        find_histories(tmp_path / "absent", told.append)
