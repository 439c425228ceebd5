"""`quarterdeck outcomes` against a running API, and the reading of its files."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from quarterdeck.cli.outcome_files import form_of, read_lines
from quarterdeck.cli.outcomes import row, summary_row, words
from quarterdeck.errors import BadFile

LONG_AGO = "2020-01-01T00:00:00Z"


def run_ids(quarterdeck: Callable[..., Any], url: str) -> list[str]:
    return [run["run_id"] for run in quarterdeck("runs", "list", "--url", url, "--json").document["items"]]


def test_a_csv_is_posted_listed_and_summed_up(quarterdeck: Callable[..., Any], url: str, tmp_path: Path) -> None:
    first, second, _ = run_ids(quarterdeck, url)
    file = tmp_path / "thumbs.csv"
    file.write_text(
        f'\ufeffrun_id,name,score,comment\n{first},csv thumbs,1,"a, b"\n\n{second},csv thumbs,0,\nlater,csv thumbs,.5,\n'
    )
    answer = quarterdeck("outcomes", "post", str(file), "--url", url)
    assert (answer.code, answer.out) == (0, "3 accepted, 1 of them for runs that are not known yet\n")
    assert quarterdeck("outcomes", "post", str(file), "--url", url, "--json").document["accepted"] == 3
    (found,) = quarterdeck("outcomes", "list", first, "--url", url, "--json").document["items"]
    assert (found["name"], found["score"], found["comment"], found["source"]) == ("csv thumbs", 1.0, "a, b", "api")
    assert "a, b" in quarterdeck("outcomes", "list", first, "--url", url).out
    summed = quarterdeck("outcomes", "summary", "--since", LONG_AGO, "--url", url, "--json").document
    assert [(item["n"], item["mean"]) for item in summed["items"] if item["name"] == "csv thumbs"] == [(2, 0.5)]
    assert "csv thumbs" in quarterdeck("outcomes", "summary", "--since", LONG_AGO, "--url", url).out


def test_what_was_posted_is_exported_as_it_may_be_posted_again(
    quarterdeck: Callable[..., Any], url: str, tmp_path: Path
) -> None:
    first, file, out = (
        {"run_id": "x1", "name": "exported", "score": 0.5, "at": "2026-01-02T00:00:00Z"},
        tmp_path / "a.jsonl",
        tmp_path / "b.jsonl",
    )
    file.write_text("".join(json.dumps(item) + "\n" for item in (first, {**first, "run_id": "x2", "label": "ż"})))
    quarterdeck("outcomes", "post", str(file), "--url", url)
    assert "outcomes in" in quarterdeck("outcomes", "export", "--to", str(out), "--url", url).out
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    assert [line for line in lines if line["name"] == "exported"] == [
        {**first, "at": "2026-01-02T00:00:00.000000Z"},
        {**first, "run_id": "x2", "label": "ż", "at": "2026-01-02T00:00:00.000000Z"},
    ]
    assert quarterdeck("outcomes", "post", str(out), "--url", url, "--json").document["rejected"] == []
    again = quarterdeck("outcomes", "export", "--to", str(out), "--url", url, "--json").document
    assert again == {"to": str(out), "outcomes": len(lines)}
    answer = quarterdeck("outcomes", "export", "--to", str(tmp_path / "no" / "x"), "--url", url)
    assert (answer.code, "cannot be written" in answer.err) == (3, True)


def test_bad_lines_are_told_by_number_and_refuse_no_other(
    quarterdeck: Callable[..., Any], url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [
        {"run_id": "r1", "name": "lines", "score": 0.5},
        "not json",
        {"run_id": "r2", "name": "lines", "score": 3},
        {"run_id": "r3", "name": "lines"},
        [1],
    ]
    text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
    monkeypatch.setattr("sys.stdin", io.StringIO("\n" + text))
    answer = quarterdeck("outcomes", "post", "-", "--url", url, "--json")
    assert answer.code == 3
    found = answer.document
    assert (found["accepted"], found["unknown_runs"]) == (2, 2)
    assert [(said["line"], said["reason"].split(":")[0]) for said in found["rejected"]] == [
        (3, "not JSON"),
        (5, "score and label are both missing"),
        (6, "found '[1]', expected an object with run_id and name"),
    ]
    assert [said["line"] for said in found["noted"]] == [4]
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    answer = quarterdeck("outcomes", "post", "-", "--url", url)
    assert "2 accepted, 2 of them for runs that are not known yet, 1 kept as labels, 3 rejected" in answer.out
    assert "line 2: not JSON" in answer.err


def test_many_lines_go_in_batches_and_keep_their_numbers(
    quarterdeck: Callable[..., Any], url: str, tmp_path: Path
) -> None:
    file = tmp_path / "many.jsonl"
    made = [{"run_id": f"m{n}", "name": "many", "score": 0.5 if n != 900 else "bad"} for n in range(1_001)]
    file.write_text("".join(json.dumps(item) + "\n" for item in made))
    found = quarterdeck("outcomes", "post", str(file), "--url", url, "--json").document
    assert (found["accepted"], [said["line"] for said in found["rejected"]]) == (1_000, [901])


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("none.csv", None, "cannot be read: No such file"),
        ("head.csv", "run,score\n1,2\n", "its first line has run, score; expected columns of run_id, name"),
        ("empty.csv", "", "its first line has nothing"),
        ("quote.csv", 'run_id,name,score\nr,"a"b,1\n', "line 2"),
    ],
)
def test_a_file_that_cannot_be_is_named(
    quarterdeck: Callable[..., Any], url: str, tmp_path: Path, name: str, text: str | None, said: str
) -> None:
    if text is not None:
        (tmp_path / name).write_text(text)
    answer = quarterdeck("outcomes", "post", str(tmp_path / name), "--url", url)
    assert (answer.code, answer.out) == (3, "")
    assert name in answer.err
    assert said in answer.err


def test_a_file_of_other_text_is_named(quarterdeck: Callable[..., Any], url: str, tmp_path: Path) -> None:
    (tmp_path / "odd.csv").write_bytes(b"run_id,name,score\n\xff\xfe,a,1\n")
    assert "it is not UTF-8" in quarterdeck("outcomes", "post", str(tmp_path / "odd.csv"), "--url", url).err


@pytest.mark.parametrize(
    ("name", "text", "form"),
    [("-", '\n {"a": 1}\n', "jsonl"), ("-", "run_id,name\n", "csv"), ("-", "", "csv"), ("x.JSONL", "run_id", "jsonl")],
)
def test_the_form_is_told_by_name_or_first_line(name: str, text: str, form: str) -> None:
    found, lines = form_of(name, iter(text.splitlines(keepends=True)))
    assert found == form
    assert "".join(lines) == text


def test_a_row_of_another_length_is_told() -> None:
    lines = list(read_lines("x.csv", "csv", ["run_id,name,score\n", "r,n\n", "r,n,good\n"]))
    assert [(line.number, line.reason) for line in lines] == [(2, "found 2 values, expected 3"), (3, None)]
    assert lines[1].item == {"run_id": "r", "name": "n", "score": "good"}
    with pytest.raises(BadFile):
        list(read_lines("x.csv", "csv", ["name\n"]))


def test_words_and_rows_invent_nothing() -> None:
    assert words({"accepted": 2, "unknown_runs": 0, "rejected": [], "noted": []}) == "2 accepted"
    outcome = {
        "name": "n",
        "score": None,
        "label": "good",
        "at": "2026-11-24T07:00:00.000000Z",
        "source": "api",
        "comment": None,
    }
    assert row(outcome) == ["n", "—", "good", "2026-11-24 07:00:00", "api", ""]
    item = {"name": "n", "n": 3, "share": None, "mean": None, "delay_s_p50": None, "delay_s_p90": 90.0}
    assert summary_row(item) == ["n", "3", "—", "—", "—", "1 min 30 s"]
