"""`quarterdeck erase --session X | --user Y`: remove all of a session or a user from a running server.

Asks before it does, unless `--yes`. Refuses both at once.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from quarterdeck.cli.client import (
    DEFAULT_URL,
    ApiClient,
    AsJson,
    Key,
    Project,
    Url,
    project_parameter,
    segment,
)
from quarterdeck.cli.output import print_json, remark
from quarterdeck.errors import BadInput


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("erase")(erase)


def erase(
    *,
    session: Annotated[str | None, typer.Option("--session", help="Session id.")] = None,
    user: Annotated[str | None, typer.Option("--user", help="Raw user id, or `user_hash` as a run shows it.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    url: Url = DEFAULT_URL,
    key: Key = None,
    project: Project = None,
    as_json: AsJson = False,
) -> None:
    """Remove spans, texts and runs of a session or a user. It cannot be undone.

    Spans that come late are refused; `quarterdeck` keeps a keyed hash of the id for that, never the id.
    With --json: {"kind", "sessions", "traces", "runs", "spans", "bodies"}.

    \b
    Examples:
      quarterdeck erase --session ticket-1841
      quarterdeck erase --user ada@example.org --yes --json
    """
    if (session is None) == (user is None):
        raise BadInput("expected one of --session and --user", mend="for example --session ticket-1841")
    kind, name = ("sessions", session) if session is not None else ("users", user)
    assert name is not None
    if not yes:
        _ask(f"remove all of {kind[:-1]} {name!r} from {url}?")
    with ApiClient(url, key) as client:
        removed = client.delete(f"{kind}/{segment(name)}", project_parameter(project))
    if as_json:
        print_json(removed)
        return
    typer.echo(f"removed {removed['spans']:,} spans, {removed['bodies']:,} texts and {removed['runs']:,} runs")


def _ask(question: str) -> None:
    """Raises BadInput for anything but a yes, and where nobody can be asked."""
    if not sys.stdin.isatty():
        raise BadInput("nobody can be asked here", mend="say --yes")
    if not typer.confirm(question, err=True):
        remark("nothing was removed")
        raise typer.Exit(0)
