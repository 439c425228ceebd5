"""The verbs `replay` and `demo`: JSON alone on stdout, talk on stderr, exit 3 for bad input."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from quarterdeck.cli import main
from quarterdeck.cli.demo import seconds_of
from quarterdeck.cli.replay import factor
from quarterdeck.errors import BadInput

LINE = {"resourceSpans": [{"scopeSpans": [{"spans": [{"traceId": "a" * 32, "spanId": "b" * 16, "name": "x"}]}]}]}


def test_replay_prints_one_document_and_warns_on_stderr(sink: Any, tmp_path: Path, capsys: Any) -> None:
    (tmp_path / "spans.jsonl").write_text(json.dumps(LINE))
    (tmp_path / "notes.txt").write_text("x")
    assert main(["replay", str(tmp_path), "--to", sink.url, "--json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["spans"] == 1
    assert "notes.txt" in err
    assert main(["replay", str(tmp_path), "--to", sink.url]) == 0
    assert "repeated spans" in capsys.readouterr().out


def test_bad_input_exits_3_with_the_mend(sink: Any, tmp_path: Path, capsys: Any) -> None:
    assert main(["replay", str(tmp_path / "absent"), "--to", sink.url]) == 3
    assert main(["replay", str(tmp_path), "--to", sink.url, "--speed", "fast"]) == 3
    assert main(["demo", "--to", sink.url, "--duration", "soon"]) == 3
    assert main(["demo", "--to", sink.url, "--agents", "0"]) == 3
    assert main(["demo", "--to", sink.url, "--change", "never"]) == 3
    assert main(["demo", "--to", sink.url, "--change", "1m", "--no-change"]) == 3
    assert main(["demo", "--to", sink.url, "--history", "2h"]) == 3
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("mend:") >= 2
    assert "Traceback" not in err


def test_demo_sends_and_prints_what_it_sent(sink: Any, capsys: Any) -> None:
    arguments = ["demo", "--to", sink.url, "--agents", "10", "--duration", "0.2s", "--change", "0.1s", "--json"]
    assert main(arguments) == 0
    out, err = capsys.readouterr()
    document = json.loads(out)
    assert document["spans"] == len(sink.spans) > 50
    assert (document["seed"], document["agents"], document["runs_open"]) == (7, 10, 10)
    assert "prompt v7 0.1 s after" in err
    assert "the 240 seconds before the start are sent" in err


def test_demo_without_a_change_or_with_an_end_before_it_says_so(sink: Any, capsys: Any) -> None:
    base = ["demo", "--to", sink.url, "--agents", "3", "--duration", "0.2s", "--history", "0", "--json"]
    assert main([*base, "--no-change"]) == 0
    assert "nothing changes" in capsys.readouterr().err
    assert main(base) == 0
    assert "before the prompt of support-agent would change" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "seconds"), [("120s", 120), ("10m", 600), ("1.5h", 5400), ("5", 5), ("forever", None)]
)
def test_durations(text: str, seconds: float | None) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["0", "-1s", "soon", "1d", ""])
def test_other_durations_are_refused(text: str) -> None:
    with pytest.raises(BadInput, match="expected a time"):
        seconds_of(text)


def test_factors() -> None:
    assert [factor(text) for text in ("max", "60", "1.5x")] == [None, 60.0, 1.5]
    for text in ("0", "-1", "inf", "nan", "fast"):
        with pytest.raises(BadInput, match="expected a factor"):
            factor(text)
