"""`quarterdeck incidents postmortem`: an incident as a document for people."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from quarterdeck.cli.client import DEFAULT_URL, ApiClient, Key, Project, Url, project_parameter, segment
from quarterdeck.errors import BadInput


def postmortem(
    incident_id: Annotated[str, typer.Argument(metavar="INCIDENT_ID", help="Id as `incidents list` shows it.")],
    *,
    html: Annotated[bool, typer.Option("--html", help="One HTML file instead of Markdown.")] = False,
    out: Annotated[Path | None, typer.Option("--out", help="Write to this file; without it to stdout.")] = None,
    url: Url = DEFAULT_URL,
    key: Key = None,
    project: Project = None,
) -> None:
    """Write the post-mortem of an incident: Markdown, or one HTML file that asks nobody for anything.

    \b
    Examples:
      quarterdeck incidents postmortem 9f1c2a7be0d43358
      quarterdeck incidents postmortem 9f1c2a7be0d43358 --html --out postmortem.html
    """
    wanted = [*project_parameter(project), ("format", "html" if html else "md")]
    with ApiClient(url, key) as client:
        text = client.text(f"incidents/{segment(incident_id)}/postmortem", wanted)
    if out is None:
        typer.echo(text, nl=False)
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise BadInput(f"--out {str(out)!r} cannot be written: {error.strerror or error}") from error
