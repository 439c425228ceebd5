"""`quarterdeck budget plan`: both shapes of messages, both forms of the answer, and what cannot be read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from quarterdeck.cli import main


def openai(turns: int) -> list[dict[str, object]]:
    messages: list[dict[str, object]] = [
        {"role": "system", "content": "Help."},
        {"role": "user", "content": "Mend it."},
    ]
    for n in range(turns):
        function = {"name": "read_file", "arguments": json.dumps({"path": f"src/m{n}.py"})}
        call = {"id": f"c{n}", "type": "function", "function": function}
        messages.append({"role": "assistant", "content": None, "tool_calls": [call]})
        messages.append({"role": "tool", "tool_call_id": f"c{n}", "content": f"def f{n}(): return {n}\n" * 60})
    return messages


def anthropic(turns: int) -> list[dict[str, object]]:
    messages: list[dict[str, object]] = [{"role": "user", "content": "Mend it."}]
    for n in range(turns):
        call = {"type": "tool_use", "id": f"c{n}", "name": "read_file", "input": {"path": f"src/m{n}.py"}}
        result = {"type": "tool_result", "tool_use_id": f"c{n}", "content": f"def f{n}(): return {n}\n" * 60}
        messages += [{"role": "assistant", "content": [call]}, {"role": "user", "content": [result]}]
    return messages


@pytest.mark.parametrize("messages", [openai(40), anthropic(40)], ids=["openai", "anthropic"])
@pytest.mark.parametrize("lines", [False, True])
def test_a_long_conversation_is_cut_to_the_window(
    messages: list[object], lines: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / ("talk.jsonl" if lines else "talk.json")
    file.write_text("\n".join(map(json.dumps, messages)) if lines else json.dumps({"messages": messages}))
    assert main(["budget", "plan", str(file), "--window", "8000", "--json"]) == 0
    plan = json.loads(capsys.readouterr().out)
    assert 0 < plan["tokens"] <= plan["limit"] == 7_200
    assert sum(plan["consumers"].values()) == plan["tokens"]
    assert {cut["form"] for cut in plan["cuts"]} <= {"masked", "dropped"}
    assert plan["cuts"]


def test_in_words_it_says_how_much_and_what_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "talk.json"
    file.write_text(json.dumps(openai(40)))
    assert main(["budget", "plan", str(file), "--window", "8000"]) == 0
    out = capsys.readouterr().out
    assert "of 7,200 tokens" in out
    assert "left out with its atom" in out


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        ('{"a": 1}', ["--window", "8000"], "expected a list of messages"),
        ("[]", ["--window", "8000"], "expected a list of messages"),
        ('[{"role": "robot"}]', ["--window", "8000"], "message 0"),
        ('[{"role": "user", "content": "hello"}]', [], "give window"),
        ('[{"role": "user", "content": "hello hello hello"}]', ["--window", "5"], "context_overflow"),
        ("{", ["--window", "8000"], "not JSON"),
    ],
)
def test_what_cannot_be_is_refused_with_what_was_expected(
    text: str, options: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "talk.json"
    file.write_text(text)
    assert main(["budget", "plan", str(file), *options]) == 3
    assert said in capsys.readouterr().err
