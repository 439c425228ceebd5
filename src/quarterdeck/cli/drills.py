"""`quarterdeck drills run|list`: whether the watch finds a known regression, and leaves noise alone."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from quarterdeck.cli import output
from quarterdeck.cli.client import DEFAULT_URL, ApiClient, AsJson, Key, Project, Url, project_parameter, segment
from quarterdeck.errors import BadInput

COLUMNS = (("started", "left"), ("state", "left"), ("id", "id"), ("what", "left"))
_KINDS = ("regression", "noise")
_ASK_S = 0.5
_PASSED = ("found", "quiet")


def register(app: typer.Typer) -> None:
    group = typer.Typer(rich_markup_mode=None, help="Run a drill of the watch, or list those that were run.")
    group.command("run")(run)
    group.command("list")(list_drills)
    app.add_typer(group, name="drills")


def run(
    *,
    kind: Annotated[str, typer.Option("--kind", help="regression, or noise in which nothing is worse.")] = "regression",
    size: Annotated[
        float | None,
        typer.Option("--size", help="By how much the failing share is raised, at most 0.8; default 0.33."),
    ] = None,
    by: Annotated[str, typer.Option("--by", envvar="USER", help="Who runs it.")] = "",
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Return when it has ended.")] = True,
    url: Url = DEFAULT_URL,
    key: Key = None,
    project: Project = None,
    as_json: AsJson = False,
) -> None:
    """Send a known regression, or noise, through the real pipeline, in a project of its own.

    Nobody is told of its alerts. Ends with 1 when a regression was missed or noise was not left alone.
    With --json: the drill, {"drill_id", "kind", "size", "state", "detect_s", "runs_until", "escalated", "in_words", ...}.

    \b
    Examples:
      quarterdeck drills run
      quarterdeck drills run --kind noise
      quarterdeck drills run --size 0.2 --json
    """
    if kind not in _KINDS:
        raise BadInput(f"--kind {kind!r}: expected one of {', '.join(_KINDS)}")
    asked: dict[str, Any] = {"kind": kind, "by": by} | ({} if size is None else {"size": size})
    with ApiClient(url, key) as client:
        drill = client.post_json("drills", asked, project_parameter(project))
        output.remark(f"drill {drill['drill_id']} is under way")
        pause = threading.Event()
        while wait and drill["state"] == "running":
            pause.wait(_ASK_S)
            drill = client.get(f"drills/{segment(drill['drill_id'])}", project_parameter(project))
    if as_json:
        output.print_json(drill)
    else:
        typer.echo(f"{drill['state']}: {drill['in_words']}")
    if wait and drill["state"] not in _PASSED:
        raise typer.Exit(1)


def list_drills(*, url: Url = DEFAULT_URL, key: Key = None, project: Project = None, as_json: AsJson = False) -> None:
    """List drills, the newest first, and what all of them say.

    With --json: {"items": [...], "detection": {"value", "n", "low", "high"} or null, "false_escalation": ...}.

    \b
    Example:
      quarterdeck drills list
    """
    with ApiClient(url, key) as client:
        found = client.get("drills", project_parameter(project))
    if as_json:
        output.print_json(found)
        return
    output.print_table(COLUMNS, (row(one) for one in found["items"]))
    for name, words in (("detection", "regressions found"), ("false_escalation", "noise that raised an alert")):
        typer.echo(f"{words}: {_rate(found[name])}")
    typer.echo(found["readiness"]["in_words"])


def row(drill: Mapping[str, Any]) -> list[str]:
    """One drill as cells of COLUMNS."""
    return [drill["started_at"][:19].replace("T", " "), drill["state"], drill["drill_id"], drill["in_words"]]


def _rate(found: Mapping[str, Any] | None) -> str:
    if found is None:
        return "none yet"
    return f"{found['value']:.0%} of {found['n']:,} (between {found['low']:.0%} and {found['high']:.0%})"
