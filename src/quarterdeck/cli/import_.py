"""`quarterdeck import PATH`: recorded or exported spans into a running server; or its history mapped and priced again.

Refuses: a path together with --remap or --reprice.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Annotated, Any

import typer

from quarterdeck.cli.client import DEFAULT_URL, ApiClient, AsJson, Key, Project, project_parameter
from quarterdeck.cli.output import dollars, number, print_json, remark
from quarterdeck.errors import BadInput, InternalError

_ASK_AGAIN_S = 0.5


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("import")(import_path)


def import_path(
    path: Annotated[Path | None, typer.Argument(help="A file or folder: OTLP JSON lines, Langfuse exports.")] = None,
    *,
    remap: Annotated[bool, typer.Option("--remap", help="Map the stored spans again by the present tables.")] = False,
    reprice: Annotated[
        bool, typer.Option("--reprice", help="Price the stored runs again by the present table.")
    ] = False,
    url: Annotated[
        str, typer.Option("--url", envvar="QUARTERDECK_URL", help="Address of the server (its API or OTLP/HTTP).")
    ] = DEFAULT_URL,
    key: Key = None,
    project: Project = None,
    as_json: AsJson = False,
) -> None:
    """Send exported spans into a running server and return when their runs can be read.

    What is stored already is kept once, so an import can be repeated. With --remap or --reprice nothing is sent: the
    history that the server holds is done again, and the answer says what changed.
    With --json: what was sent, as `quarterdeck replay` says it; or the job: {"act", "state", "spans", "spans_changed",
    "runs", "runs_changed", "before": {...}, "after": {...}, ...}.

    \b
    Examples:
      quarterdeck import spans.jsonl.zst
      quarterdeck import --remap --json
    """
    if sum((path is not None, remap, reprice)) != 1:
        raise BadInput("expected one of PATH, --remap and --reprice", mend="for example quarterdeck import spans.jsonl")
    if path is not None:
        if project is not None:
            raise BadInput("--project does not choose where spans go", mend="send them with a --key of that project")
        _send(path, url, key, as_json=as_json)
        return
    job = _again("remap" if remap else "reprice", url, key, project)
    if as_json:
        print_json(job)
        return
    typer.echo(_words(job))


def _send(path: Path, url: str, key: str | None, *, as_json: bool) -> None:
    from quarterdeck.simulate.replay import replay

    headers = {"authorization": f"Bearer {key}"} if key else {}
    summary = replay(path, url, headers=headers, warn=remark).as_json()
    if as_json:
        print_json(summary)
        return
    typer.echo(f"{summary['spans']:,} spans of {summary['runs']:,} runs were sent and can be read")


def _again(act: str, url: str, key: str | None, project: str | None) -> dict[str, Any]:
    """Start the job and follow it to its end."""
    pause = threading.Event()
    with ApiClient(url, key) as client:
        job: dict[str, Any] = client.post_json("upkeep", {"act": act}, project_parameter(project))["job"]
        while job["state"] == "running":
            pause.wait(_ASK_AGAIN_S)
            job = client.get("upkeep", project_parameter(project))["job"]
            remark(f"{act}: {job['spans']:,} spans, {job['runs']:,} runs")
    if job["state"] != "done":
        raise InternalError(f"{act} {job['state']}: {job['error'] or 'the server stopped'}", mend="start it again")
    return job


def _words(job: dict[str, Any]) -> str:
    before, after = job["before"] or {}, job["after"] or {}
    return (
        f"{job['runs_changed']:,} of {job['runs']:,} runs changed; "
        f"tokens {number(before.get('tokens'))} → {number(after.get('tokens'))}, "
        f"cost {dollars(before.get('cost_usd'))} → {dollars(after.get('cost_usd'))}"
    )
