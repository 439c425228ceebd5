"""`quarterdeck incidents postmortem`: an incident as a document for people."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from quarterdeck.cli import output
from quarterdeck.cli.client import DEFAULT_URL, ApiClient, AsJson, Key, Project, Url, project_parameter, segment
from quarterdeck.errors import BadInput


def postmortem(
    incident_id: Annotated[str, typer.Argument(metavar="INCIDENT_ID", help="Id as `incidents list` shows it.")],
    *,
    html: Annotated[bool, typer.Option("--html", help="One HTML file instead of Markdown.")] = False,
    out: Annotated[Path | None, typer.Option("--out", help="Write to this file; without it to stdout.")] = None,
    as_json: AsJson = False,
    url: Url = DEFAULT_URL,
    key: Key = None,
    project: Project = None,
) -> None:
    """Write the post-mortem of an incident: Markdown, or one HTML file that asks nobody for anything.

    With --json: {"incident_id", "format": "md"|"html", "document", "out": the file it was written to, or null}; `document` is
    null where it was written to a file.

    \b
    Examples:
      quarterdeck incidents postmortem 9f1c2a7be0d43358
      quarterdeck incidents postmortem 9f1c2a7be0d43358 --html --out postmortem.html
    """
    form = "html" if html else "md"
    with ApiClient(url, key) as client:
        text = client.text(
            f"incidents/{segment(incident_id)}/postmortem", [*project_parameter(project), ("format", form)]
        )
    if out is not None:
        _write(out, text)
    if as_json:
        document = {"document": text if out is None else None, "out": None if out is None else str(out)}
        output.print_json({"incident_id": incident_id, "format": form, **document})
    elif out is None:
        typer.echo(text, nl=False)


def _write(out: Path, text: str) -> None:
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise BadInput(f"--out {str(out)!r} cannot be written: {error.strerror or error}") from error
