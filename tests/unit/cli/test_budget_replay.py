"""`quarterdeck budget replay`: its JSON, its words, recorded files, and what it says to bad input."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

import pytest
import zstandard

from quarterdeck.cli import main

KEYS = [
    "policy", "turns", "cost_per_turn", "floor_per_turn", "cache_hit_rate", "invalid_prompts", "pins_lost",
    "reference_recall", "ms_per_turn_p50",
]  # fmt: skip
RECORDED = Path(os.environ.get("QUARTERDECK_DATA", Path(__file__).parents[4] / "shared/data")) / (
    "tau2_retail_runs/dev/trajectories.jsonl.zst"
)


def _lines() -> str:
    messages = []
    for turn in range(40):
        call = {
            "id": f"c{turn}",
            "function": {"name": "get", "arguments": json.dumps({"id": f"W10000{max(turn - 1, 0):02}"})},
        }
        messages += [
            {"role": "user", "content": f"And order W10000{turn:02}?"},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": f"c{turn}", "content": "word " * 60},
            {"role": "assistant", "content": "It is there."},
        ]
    return "\n".join(json.dumps(message) for message in messages)


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    path = tmp_path / "run.jsonl"
    path.write_text(_lines())
    return path


def test_the_answer_is_one_json_document(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["budget", "replay", str(runs), "--window", "600", "--policy", "quarterdeck", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert list(told) == KEYS
    assert (told["policy"], told["turns"], told["invalid_prompts"], told["pins_lost"]) == ("quarterdeck", 80, 0, 0)
    assert 0 < told["cost_per_turn"] < 2 * told["floor_per_turn"]
    assert 0.5 < told["reference_recall"] <= 1


def test_packed_files_and_documents_tell_the_same(
    runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = runs.read_bytes()
    (tmp_path / "run.jsonl.gz").write_bytes(gzip.compress(text))
    (tmp_path / "run.jsonl.zst").write_bytes(zstandard.compress(text))
    (tmp_path / "run.json").write_text(json.dumps({"messages": [json.loads(line) for line in text.splitlines()]}))
    answers = []
    for name in ("run.jsonl", "run.jsonl.gz", "run.jsonl.zst", "run.json"):
        assert (
            main(["budget", "replay", str(tmp_path / name), "--window", "600", "--policy", "evict_half", "--json"]) == 0
        )
        answers.append({**json.loads(capsys.readouterr().out), "ms_per_turn_p50": None})
    assert all(answer == answers[0] for answer in answers)


def test_words_for_people(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["budget", "replay", str(runs), "--window", "600"]) == 0
    told = capsys.readouterr().out
    assert "over 80 turns" in told
    assert "Reference recall" in told


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--window", "600", "--policy", "magic"], "expected one of quarterdeck, keep_everything"),
        (["--window", "10"], "expected at least 256"),
    ],
)
def test_bad_input_is_told(runs: Path, arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["budget", "replay", str(runs), *arguments]) == 3
    told = capsys.readouterr()
    assert words in told.err
    assert told.out == ""


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"role": "user", "content": "hi"}\n{"hello": 1}', "line 2: neither a message nor a run"),
        ('{"role": "user", "content": "hi"}', "has no model call"),
        ("{", "not JSON"),
    ],
)
def test_a_file_of_something_else_is_told(
    tmp_path: Path, text: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text(text)
    assert main(["budget", "replay", str(path), "--window", "600"]) == 3
    told = capsys.readouterr()
    assert words in told.err
    assert "expected" in told.err or "repair" in told.err


@pytest.mark.skipif(not RECORDED.exists(), reason="the recorded data is not there (QUARTERDECK_DATA)")
def test_recorded_runs_keep_the_bars(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every fifteenth recorded run: near the floor, at least half of what sliding loses kept, nothing invalid."""
    with RECORDED.open("rb") as packed, zstandard.ZstdDecompressor().stream_reader(packed) as stream:
        lines = stream.read().splitlines()[::15]
    path = tmp_path / "some.jsonl"
    path.write_bytes(b"\n".join(lines))
    told = {}
    for policy in ("quarterdeck", "trim_messages"):
        assert main(["budget", "replay", str(path), "--window", "4000", "--policy", policy, "--json"]) == 0
        told[policy] = json.loads(capsys.readouterr().out)
    ours, sliding = told["quarterdeck"], told["trim_messages"]
    assert ours["turns"] > 1_000
    assert ours["cost_per_turn"] <= 1.05 * ours["floor_per_turn"]
    assert ours["invalid_prompts"] == ours["pins_lost"] == 0
    assert 1 - ours["reference_recall"] <= (1 - sliding["reference_recall"]) / 2
