"""`quarterdeck retention show|run`: how long a running server keeps data, and a round of it on demand."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from quarterdeck.cli.client import DEFAULT_URL, ApiClient, AsJson, Key, Project, Url, project_parameter
from quarterdeck.cli.output import UNKNOWN, number, print_json, print_table, remark

_WORDS = {"bodies": "messages and payloads", "spans": "spans", "runs": "runs", "rollups": "counts by minute"}


def register(app: typer.Typer) -> None:
    group = typer.Typer(rich_markup_mode=None, help="Show how long data stays, or remove what is old now.")
    group.command("show")(show)
    group.command("run")(run)
    app.add_typer(group, name="retention")


def show(url: Url = DEFAULT_URL, key: Key = None, project: Project = None, as_json: AsJson = False) -> None:
    """Show how long each class of data stays, and what went since the start.

    With --json: {"days", "tombstones_days", "every_s", "last_round_at", "running", "removed", "error"}.

    \b
    Example:
      quarterdeck retention show
    """
    with ApiClient(url, key) as client:
        found = client.get("retention", project_parameter(project))
    if as_json:
        print_json(found)
        return
    rows = [(word, _days(found["days"][name]), number(found["removed"][name])) for name, word in _WORDS.items()]
    print_table([("what", "left"), ("stays", "right"), ("removed", "right")], rows)
    remark(f"last round: {found['last_round_at'] or 'none since the start'}")
    if found["error"]:
        remark(f"the last round failed: {found['error']}")


def run(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    url: Url = DEFAULT_URL,
    key: Key = None,
    project: Project = None,
    as_json: AsJson = False,
) -> None:
    """Remove what is old now, or with --dry-run say what would go.

    With --json: {"dry_run", "removed": {"bodies", "spans", "traces", "runs", "rollups"}}.

    \b
    Examples:
      quarterdeck retention run --dry-run
      quarterdeck retention run --project support --json
    """
    with ApiClient(url, key) as client:
        found = client.post_json("retention", {"dry_run": dry_run}, project_parameter(project))
    if as_json:
        print_json(found)
        return
    typer.echo(f"{'would remove' if dry_run else 'removed'} {_words(found['removed'])}")


def _words(removed: dict[str, Any]) -> str:
    spans = f"{removed['spans']:,} spans of {removed['traces']:,} traces"
    if removed["runs"] is None:
        return spans
    return f"{spans}, {removed['bodies']:,} texts, {removed['runs']:,} runs, {removed['rollups']:,} counts"


def _days(days: float | None) -> str:
    return f"{days:g} days" if days else UNKNOWN
