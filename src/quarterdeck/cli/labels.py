"""`quarterdeck labels`: how many values each cohort label has, and what became `other`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import typer

from quarterdeck.cli import output
from quarterdeck.cli.client import DEFAULT_URL, ApiClient, AsJson, Key, Project, Url, project_parameter

COLUMNS = (
    ("label", "left"),
    ("distinct", "right"),
    ("let in", "right"),
    ("of", "right"),
    ("most frequent", "left"),
    ("became other", "left"),
)
_SHOWN = 3
_CHARS = 40


def register(app: typer.Typer) -> None:
    app.command("labels")(labels)


def labels(*, url: Url = DEFAULT_URL, key: Key = None, project: Project = None, as_json: AsJson = False) -> None:
    """Say how many values each cohort label has, which are frequent, and what was not let in.

    With --json: the API's answer, {"items": [{"label", "distinct", "admitted", "capacity", "refused", "top"}, ...]}.

    \b
    Example:
      quarterdeck labels --json
    """
    with ApiClient(url, key) as client:
        found = client.get("cardinality", project_parameter(project))
    if as_json:
        output.print_json(found)
        return
    output.print_table(COLUMNS, (row(label) for label in found["items"]))


def row(label: Mapping[str, Any]) -> list[str]:
    """One label as cells of COLUMNS."""
    top = ", ".join(short(value["value"]) for value in label["top"][:_SHOWN])
    refused = "; ".join(
        f"{found['reason']}: {found['runs']:,} runs, e.g. {short(found['example'])}" for found in label["refused"]
    )
    return [
        label["label"],
        output.number(label["distinct"]["value"]),
        output.number(label["admitted"]),
        output.number(label["capacity"]),
        top or output.UNKNOWN,
        refused or output.UNKNOWN,
    ]


def short(text: str) -> str:
    """A value on one line, cut."""
    line = " ".join(text.split())
    return line if len(line) <= _CHARS else line[: _CHARS - 1] + "…"
