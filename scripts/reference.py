"""Writes docs/reference/cli.md and docs/reference/python.md from the code: `make reference`.

Each document is a pure function of the code; a test compares it with what is checked in.
"""

from __future__ import annotations

import argparse
import inspect
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import typer
from typer.testing import CliRunner

import quarterdeck
from quarterdeck.cli.verbs import VERBS, build_app

ROOT = Path(__file__).resolve().parents[1]
WIDTH = "100"  # columns; help is wrapped, so the width must not depend on the terminal


class Leaf(NamedTuple):
    """A command that does something, as typed, and its whole help."""

    path: str
    help: str


def leaf_commands() -> Iterator[Leaf]:
    """Every command without subcommands, in the order of the list of verbs."""
    for verb in VERBS:
        command = _command(verb.name)
        for words in [[verb.name, name] for name in getattr(command, "commands", {})] or [[verb.name]]:
            yield Leaf("quarterdeck " + " ".join(words), _help(verb.name, words))


def listed_sentences() -> dict[str, str]:
    """Verb → its sentence in the list of verbs."""
    return {verb.name: verb.sentence for verb in VERBS}


def own_sentences() -> dict[str, str]:
    """Verb → the first paragraph of its own help."""
    return {verb.name: _paragraph(_command(verb.name).help) for verb in VERBS}


def cli_document() -> str:
    """docs/reference/cli.md."""
    parts = [
        "# Command line",
        "This page is written by `make reference` from the commands themselves.",
        _block(_help(None, [])),
    ]
    for leaf in leaf_commands():
        parts += [f"## `{leaf.path}`", _block(leaf.help)]
    return "\n\n".join(parts) + "\n"


def python_document() -> str:
    """docs/reference/python.md."""
    parts = [
        "# Python",
        "This page is written by `make reference` from the code. `import quarterdeck` loads no server and no "
        "database driver; each name is loaded on first use.",
    ]
    for name in quarterdeck.__all__:
        parts += [f"## `quarterdeck.{name}`", *_name_parts(getattr(quarterdeck, name))]
    return "\n\n".join(parts) + "\n"


DOCUMENTS: dict[str, Callable[[], str]] = {"cli.md": cli_document, "python.md": python_document}


def main() -> int:
    """Write the documents, or say which are old (exit 1)."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write instead of comparing")
    write = parser.parse_args().write
    old = [name for name, render in DOCUMENTS.items() if not _bring(name, render(), write=write)]
    for name in old:
        sys.stderr.write(f"docs/reference/{name} is old: run `make reference`\n")
    return 1 if old else 0


def _bring(name: str, text: str, *, write: bool) -> bool:
    path = ROOT / "docs/reference" / name
    if write:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return path.exists() and path.read_text() == text


def _command(verb: str) -> Any:
    group: Any = typer.main.get_command(build_app(verb))
    return group.commands[verb]


def _help(verb: str | None, words: list[str]) -> str:
    answer = CliRunner().invoke(
        build_app(verb), [*words, "--help"], prog_name="quarterdeck", env={"COLUMNS": WIDTH, "TERMINAL_WIDTH": WIDTH}
    )
    if answer.exit_code != 0:
        raise SystemExit(f"quarterdeck {' '.join(words)} --help: {answer.output}")
    return answer.output


def _block(text: str) -> str:
    lines = "\n".join(line.rstrip() for line in text.strip().splitlines())
    return f"```text\n{lines}\n```"


def _paragraph(text: str | None) -> str:
    return " ".join((text or "").split("\n\n")[0].split())


def _name_parts(value: Any) -> list[str]:
    if isinstance(value, ModuleType):
        rows = [f"| `{name}` | {_paragraph(inspect.getdoc(getattr(value, name)))} |" for name in value.__all__]
        return [_paragraph(value.__doc__), "\n".join(["| name | what it is |", "|---|---|", *rows])]
    if isinstance(value, str):
        return ["Text."]
    return [_paragraph(inspect.getdoc(value))]


if __name__ == "__main__":
    sys.exit(main())
