"""`quarterdeck estimate`: the answers' keys, files of every kind, and what it says to bad input."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

from quarterdeck.cli import main
from quarterdeck.light.estimate_file import read_runs

HEAD = "run_id,task_key,agent,model,started_at,ended_at,tokens_input,tokens_output,steps,text,finished"


def _lines(n: int) -> list[str]:
    return [
        f"r{at},t{at % 7},triage,gpt-5,{1_700_000_000 + at * 60},{1_700_000_000 + at * 60 + 50},"
        f"{9_000 + (at * 7919) % 4_000},{300 + at % 90},{3 + at % 4},some text,{'false' if at % 25 == 24 else 'true'}"
        for at in range(n)
    ]


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    path = tmp_path / "runs.csv"
    path.write_text("\n".join([HEAD, *_lines(200)]) + "\n")
    return path


def test_backtest_answers_one_json_document(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["estimate", "backtest", str(runs), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["n"], told["censored"], told["unscored"]) == (191, 8, 1)
    for name in ("coverage", "coverage_worst_500", "pinball", "pinball_constant"):
        assert set(told[name]) == {"0.5", "0.9", "0.99"}
    assert told["median_width_ratio"] > 0
    assert told["predict_us_p50"] > 0


def test_backtest_in_words_and_of_another_quantity(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["estimate", "backtest", str(runs), "--quantity", "steps"]) == 0
    assert "191 runs scored on steps" in capsys.readouterr().out


def test_fit_then_ask(runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    state = tmp_path / "state.bin"
    assert main(["estimate", "fit", str(runs), "--out", str(state), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["runs"] == 200
    asked = ["estimate", "task", "--state", str(state), "--agent", "triage", "--model", "gpt-5", "--task-key", "t3"]
    assert main([*asked, "--budget", "14000", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert set(told) == {"estimate", "n", "confidence", "cold", "why", "basis", "warnings", "fits"}
    assert list(told["estimate"]["tokens_total"]) == ["q10", "q50", "q90", "q99"]
    assert 9_000 < told["estimate"]["tokens_total"]["q50"] < 14_000
    assert 0.5 < told["fits"]["tokens_total"] < 1
    assert not told["cold"]
    assert main(asked) == 0
    assert "tokens_total" in capsys.readouterr().out


def test_the_same_runs_from_every_kind_of_file(runs: Path, tmp_path: Path) -> None:
    expected = read_runs(runs)
    rows = [dict(zip(HEAD.split(","), line.split(","), strict=True)) for line in _lines(200)]
    lines = tmp_path / "runs.jsonl.gz"
    lines.write_bytes(gzip.compress("\n".join(map(json.dumps, rows)).encode()))
    parquet = tmp_path / "runs.parquet"
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), parquet)
    packed = tmp_path / "runs.csv.gz"
    packed.write_bytes(gzip.compress(runs.read_bytes()))
    assert read_runs(lines) == read_runs(parquet) == read_runs(packed) == expected


def test_zero_is_not_reported_times_are_read_and_repeats_are_one_run(tmp_path: Path) -> None:
    path = tmp_path / "runs.csv"
    row = "r1,t,a,m,2026-02-20T23:00:27+00:00,1771628527000,0,,,,"
    path.write_text("\n".join([HEAD, row, row]) + "\n")
    (run,) = read_runs(path)
    assert run.spent == {"seconds": pytest.approx(100.0)}
    assert run.finished


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("r,t,a,m,soon,,1,1,1,x,true", "started_at is 'soon'; expected ISO 8601"),
        ("r,t,a,m,,,1,1,1,x,true", "no started_at"),
        ("r,t,a,m,20,10,1,1,1,x,true", "is before started_at"),
        ("r,t,a,m,1,2,many,1,1,x,true", "tokens_input is 'many'; expected a number"),
        ("r,t,a,m,1,2,-3,1,1,x,true", "at least 0"),
        ("r,t,a,m,1,2,1,1,1,x,maybe", "expected true or false"),
    ],
)
def test_a_bad_row_is_named_with_its_line(
    row: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "runs.csv"
    path.write_text("\n".join([HEAD, "r0,t,a,m,1,2,5,5,1,x,true", row]) + "\n")
    assert main(["estimate", "backtest", str(path)]) == 3
    told = capsys.readouterr().err
    assert "runs.csv:3" in told
    assert words in told


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("runs.txt", "x", "unknown kind"),
        ("runs.jsonl", "", "has no rows"),
        ("runs.jsonl", "{oops", "not JSON"),
        ("runs.csv", "a,b\n1,2\n", "no amounts"),
        ("runs.csv.gz", "no gzip", "cannot be read"),
        ("runs.parquet", "no parquet", "not a Parquet file"),
    ],
)
def test_a_bad_file_is_refused(
    name: str, text: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / name
    path.write_text(text)
    assert main(["estimate", "backtest", str(path)]) == 3
    assert words in capsys.readouterr().err


def test_other_bad_input_is_refused(runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["estimate", "backtest", str(tmp_path / "none.csv")]) == 3
    assert main(["estimate", "backtest", str(runs), "--quantity", "tokens"]) == 3
    assert "one of tokens_input" in capsys.readouterr().err
    assert main(["estimate", "task", "--state", str(runs)]) == 3
    assert "not the state of an estimator" in capsys.readouterr().err
    assert main(["estimate", "task"]) == 3
    assert "--state" in capsys.readouterr().err
    assert main(["estimate", "fit", str(runs), "--out", str(tmp_path / "no" / "where")]) == 3
