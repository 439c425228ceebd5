"""Every failure is one line with its mend, an exit code, and no stack unless asked for."""

from __future__ import annotations

import pytest

from quarterdeck.cli import failures, main
from quarterdeck.cli import run as runner
from quarterdeck.cli.verbs import VERBS, build_app, find_verb
from quarterdeck.errors import BadFile, ContextOverflow, QuarterdeckError, StoreFailed, all_errors


class TwoPlaces(QuarterdeckError):
    """A member of the family for this test: its message spans lines."""

    code = "bad_input"
    exit_code = 3


all_known = [error for error in all_errors() if error.__module__ == "quarterdeck.errors"]


def one_of(kind: type[QuarterdeckError]) -> QuarterdeckError:
    """A failure of this kind, made as its constructor asks."""
    if issubclass(kind, BadFile):
        return kind("runs.jsonl", "it broke", mend="mend it")
    if issubclass(kind, ContextOverflow):
        return kind(1, (("it broke", "tool", 2),))
    return kind("it broke", mend="mend it")


@pytest.mark.parametrize("kind", all_known, ids=lambda kind: kind.__name__)
def test_each_known_failure_says_code_message_and_mend(
    kind: type[QuarterdeckError], capsys: pytest.CaptureFixture[str]
) -> None:
    failure = one_of(kind)
    code = failures.report_known(failure, debug=False)
    captured = capsys.readouterr()
    assert code == kind.exit_code
    assert "it broke" in failure.message
    assert captured.err == f"error[{kind.code}]: {failure.message}; mend: {failure.mend}\n"
    assert captured.out == ""


def test_a_message_over_two_lines_becomes_one(capsys: pytest.CaptureFixture[str]) -> None:
    failures.report_known(TwoPlaces("one\n  two"), debug=False)
    assert capsys.readouterr().err == "error[bad_input]: one two\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nonsense"], "unknown verb 'nonsense'"),
        (["runs"], "Missing command"),
        (["runs", "shw"], "shw"),
        (["runs", "show"], "RUN_ID"),
        (["runs", "list", "--limit", "many"], "--limit"),
        (["fleet", "--nonsense"], "--nonsense"),
    ],
)
def test_usage_errors_exit_3_and_name_the_help(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 3
    captured = capsys.readouterr()
    (line,) = captured.err.splitlines()
    assert line.startswith("error[usage]: ")
    assert said in line
    assert "; mend: see `quarterdeck" in line
    assert captured.out == ""


@pytest.mark.parametrize("debug", [False, True])
def test_an_unforeseen_failure_is_ours(
    debug: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(_called: str | None) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(runner, "build_app", broken)
    assert main(["fleet", *(["--debug"] if debug else [])]) == 70
    err = capsys.readouterr().err
    assert err.startswith("error[internal]: ZeroDivisionError: division by zero")
    assert ("Traceback" in err) is debug


def test_a_known_fault_of_ours_shows_its_stack_only_when_asked(capsys: pytest.CaptureFixture[str]) -> None:
    assert failures.report_known(StoreFailed("disk full"), debug=False) == 70
    assert "Traceback" not in capsys.readouterr().err
    failures.report_known(StoreFailed("disk full"), debug=True)
    assert "StoreFailed: disk full" in capsys.readouterr().err


def test_without_arguments_the_help_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    out = capsys.readouterr().out
    assert all(f"  {verb.name}" in out for verb in VERBS)


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.count(".") == 2


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb.name)
def test_every_listed_verb_can_be_loaded(verb: object, capsys: pytest.CaptureFixture[str]) -> None:
    name = verb.name  # type: ignore[attr-defined]
    assert main([name, "--help"]) == 0
    assert capsys.readouterr().out.startswith(f"Usage: quarterdeck {name}")


def test_only_the_called_verb_is_loaded() -> None:
    commands = {command.name for command in build_app("fleet").registered_commands}
    assert commands >= {verb.name for verb in VERBS}


@pytest.mark.parametrize(
    ("words", "verb"), [([], None), (["--version"], None), (["--debug", "runs", "list"], "runs"), (["fleet"], "fleet")]
)
def test_the_verb_is_the_first_word_that_is_no_option(words: list[str], verb: str | None) -> None:
    assert find_verb(words) == verb
