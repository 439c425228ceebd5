"""`quarterdeck admission simulate`: its JSON, its words, and what it says to bad input."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from quarterdeck.cli import main


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    path = tmp_path / "calls.csv"
    rows = "\n".join(f"{at * 0.1},{500 + at % 300},{20 + at % 50},t{at % 2}" for at in range(400))
    path.write_text(f"arrived_s,tokens_input,tokens_output,tenant\n{rows}\n")
    return path


def test_the_answer_is_one_json_document(trace: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--meter", "anthropic", "--limits", '{"input": 60000, "output": 20000}', "--json"]
    assert main(["admission", "simulate", str(trace), *arguments]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["completed"] == 400
    assert 0.8 < told["fraction_of_limit"] <= 1.0
    assert told["rejections_per_request"] == 0
    assert set(told["wait_s"]) == {"p50", "p95", "p99"}
    assert 0.5 < told["jain_tenants"] <= 1.0
    assert told["limits"] == {"input": 60000, "output": 20000}


@pytest.mark.parametrize("arrivals", ["backlog", "recorded"])
def test_words_for_people(trace: Path, arrivals: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["admission", "simulate", str(trace), "--arrivals", arrivals, "--policy", "window_wake"]) == 0
    assert "400 of 400 calls completed" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--meter", "no_such"], "unknown meter 'no_such'; expected one of openai"),
        (["--policy", "no_such"], "unknown policy 'no_such'; expected one of quarterdeck"),
        (["--limits", "450000"], "not a JSON object of numbers"),
        (["--limits", '{"input": "many"}'], "not a JSON object of numbers"),
        (["--limits", '{"total": 5}', "--meter", "gemini"], "it limits requests, input a minute"),
    ],
)
def test_bad_input_is_told(trace: Path, arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["admission", "simulate", str(trace), *arguments]) == 3
    told = capsys.readouterr()
    assert words in told.err
    assert told.out == ""


def test_a_missing_file_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["admission", "simulate", str(tmp_path / "absent.csv")]) == 3
    assert "absent.csv: cannot be read" in capsys.readouterr().err
