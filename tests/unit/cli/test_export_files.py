"""Exports that were interrupted go on where they stopped, and a finished one is not written over."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import zstandard

from quarterdeck.cli.export_files import open_target
from quarterdeck.errors import BadInput

QUESTION = {"url": "http://127.0.0.1:4320", "asked": []}
PAGES = [([{"n": 1}], 2, "c1"), ([{"n": 2}], 3, "c2"), ([{"n": 3}], 1, None)]


def lines(path: Path) -> list[dict]:
    data = path.read_bytes()
    if path.suffix == ".gz":
        data = gzip.decompress(data)
    if path.suffix == ".zst":
        data = zstandard.ZstdDecompressor().stream_reader(data, read_across_frames=True).read()
    return [json.loads(line) for line in data.splitlines()]


@pytest.mark.parametrize("name", ["out.jsonl", "out.jsonl.gz", "out.jsonl.zst"])
@pytest.mark.parametrize("cut", [0, 1, 2])
def test_an_interrupted_export_goes_on_without_a_gap_or_a_repeat(tmp_path: Path, name: str, cut: int) -> None:
    path = tmp_path / name
    first = open_target(path, "otlp", QUESTION)
    for page in PAGES[:cut]:
        first.add(*page)
    with (tmp_path / f"{name}.part").open("ab") as torn:
        torn.write(b"half a page that a kill left behind")
    second = open_target(path, "otlp", QUESTION)
    assert (second.resumed, second.cursor, second.spans) == (
        cut > 0, PAGES[cut - 1][2] if cut else None, sum(page[1] for page in PAGES[:cut])
    )  # fmt: skip
    for page in PAGES[cut:]:
        second.add(*page)
    assert second.complete
    assert second.finish() == path.stat().st_size
    assert lines(path) == [{"resourceSpans": items} for items, _, _ in PAGES]
    assert [item.name for item in tmp_path.iterdir()] == [name]
    with pytest.raises(BadInput, match="finished"):
        open_target(path, "otlp", QUESTION)


def test_another_question_does_not_go_on_with_this_one(tmp_path: Path) -> None:
    open_target(tmp_path / "a.jsonl", "otlp", QUESTION).add(*PAGES[0])
    with pytest.raises(BadInput, match="another export"):
        open_target(tmp_path / "a.jsonl", "otlp", {**QUESTION, "asked": [("project", "p")]})


def test_a_folder_gets_a_file_and_other_names_are_refused(tmp_path: Path) -> None:
    target = open_target(tmp_path, "otlp", QUESTION)
    target.add([], 0, None)
    target.finish()
    assert (tmp_path / "spans.jsonl.zst").read_bytes() == b""
    with pytest.raises(BadInput, match=r"expected a name that ends in"):
        open_target(tmp_path / "a.csv", "otlp", QUESTION)
    with pytest.raises(BadInput, match="expected a folder"):
        open_target(tmp_path / "spans.jsonl.zst", "parquet", QUESTION)


def test_parquet_has_every_field_of_a_span_and_flat_runs(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    target = open_target(folder, "parquet", QUESTION)
    target.add([{"trace_id": "a", "start_ns": 5, "weight": 1.0, "streaming": None}], 1, None)
    target.add_outcomes([{"run_id": "r", "name": "thumbs", "score": None, "label": "up"}])
    target.add_runs([{"run_id": "r", "tokens": {"input": 3, "output": None}, "tools": {"t": 1}, "flags": ["x"]}])
    assert target.finish() > 0
    spans = pq.read_table(folder / "spans-00000.parquet")
    assert spans.select(["trace_id", "start_ns", "weight", "streaming"]).to_pylist() == [
        {"trace_id": "a", "start_ns": 5, "weight": 1.0, "streaming": None}
    ]
    assert str(spans.schema.field("tokens_input").type) == "int64"
    outcomes = pq.read_table(folder / "outcomes.parquet")
    assert (str(outcomes.schema.field("score").type), outcomes.to_pylist()[0]["label"]) == ("double", "up")
    runs = pq.read_table(folder / "runs.parquet").to_pylist()
    assert runs == [{"run_id": "r", "tokens_input": 3, "tokens_output": None, "tools": '{"t": 1}', "flags": '["x"]'}]
    with pytest.raises(BadInput, match="finished"):
        open_target(folder, "parquet", QUESTION)
