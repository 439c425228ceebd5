"""`quarterdeck approvals list|show|approve|refuse`: what agents ask before they use a withheld tool, and the answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer

from quarterdeck.cli import output
from quarterdeck.cli.client import DEFAULT_URL, ApiClient, AsJson, Key, Project, Url, project_parameter, segment

COLUMNS = (("state", "left"), ("asked", "left"), ("id", "id"), ("tool", "left"), ("what", "left"))
_STATES = ("pending", "approved", "refused", "expired")

ApprovalId = Annotated[str, typer.Argument(metavar="APPROVAL_ID", help="Id as `approvals list` shows it.")]
By = Annotated[str, typer.Option("--by", envvar="USER", help="Who decides.")]


def register(app: typer.Typer) -> None:
    group = typer.Typer(rich_markup_mode=None, help="List what agents ask, show one question, or answer it.")
    group.command("list")(list_approvals)
    group.command("show")(show)
    group.command("approve")(approve)
    group.command("refuse")(refuse)
    app.add_typer(group, name="approvals")


def list_approvals(
    *,
    state: Annotated[
        list[str] | None, typer.Option("--state", help=f"One of {', '.join(_STATES)}; repeatable; default all.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="At most this many.")] = 50,
    url: Url = DEFAULT_URL,
    key: Key = None,
    project: Project = None,
    as_json: AsJson = False,
) -> None:
    """List approvals, the newest first.

    With --json: {"items": [{"approval_id", "state", "tool", "why", "asked_at", ...}], "next_cursor": null}.

    \b
    Example:
      quarterdeck approvals list --state pending
    """
    wanted = [("state", one) for one in state or ()]
    with ApiClient(url, key) as client:
        items = list(client.pages("approvals", [*project_parameter(project), *wanted], limit=limit))
    if as_json:
        output.print_json({"items": items, "next_cursor": None})
        return
    output.print_table(COLUMNS, (row(one) for one in items))
    if not items:
        output.remark("no approval matches")


def show(
    approval_id: ApprovalId,
    *,
    url: Url = DEFAULT_URL,
    key: Key = None,
    project: Project = None,
    as_json: AsJson = False,
) -> None:
    """Show one question: the tool, why it was withheld, and the answer.

    With --json: the API's answer, {"approval_id", "state", "tool", "arguments", "why", "by", "reason", ...}.

    \b
    Example:
      quarterdeck approvals show 8d1c2f40b7a9553e8d1c2f40b7a9553e
    """
    with ApiClient(url, key) as client:
        found = client.get(f"approvals/{segment(approval_id)}", project_parameter(project))
    _print(found, as_json=as_json)


def approve(
    approval_id: ApprovalId,
    *,
    by: By,
    reason: Annotated[str | None, typer.Option("--reason", help="Why; it stays with the answer.")] = None,
    url: Url = DEFAULT_URL,
    key: Key = None,
    project: Project = None,
    as_json: AsJson = False,
) -> None:
    """Let the agent use the tool, once. The first answer stays.

    With --json: the approval, as of `approvals show`.

    \b
    Example:
      quarterdeck approvals approve 8d1c2f40b7a9553e8d1c2f40b7a9553e --by ann
    """
    asked = {"decision": "approve", "by": by} | ({} if reason is None else {"reason": reason})
    with ApiClient(url, key) as client:
        found = client.post_json(f"approvals/{segment(approval_id)}/decide", asked, project_parameter(project))
    _print(found, as_json=as_json)


def refuse(
    approval_id: ApprovalId,
    *,
    reason: Annotated[str, typer.Option("--reason", help="Why; the agent is told.")],
    by: By,
    url: Url = DEFAULT_URL,
    key: Key = None,
    project: Project = None,
    as_json: AsJson = False,
) -> None:
    """Say no, for a reason. The first answer stays.

    With --json: the approval, as of `approvals show`.

    \b
    Example:
      quarterdeck approvals refuse 8d1c2f40b7a9553e8d1c2f40b7a9553e --by ann --reason "wrong order"
    """
    asked = {"decision": "refuse", "by": by, "reason": reason}
    with ApiClient(url, key) as client:
        found = client.post_json(f"approvals/{segment(approval_id)}/decide", asked, project_parameter(project))
    _print(found, as_json=as_json)


def _print(found: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        output.print_json(found)
        return
    for line in lines(found):
        typer.echo(line)


def row(approval: Mapping[str, Any]) -> list[str]:
    """One approval as cells of COLUMNS."""
    what = " ".join((approval["arguments"] or approval["why"]).split())
    return [approval["state"], moment(approval["asked_at"]), approval["approval_id"], approval["tool"], what]


def lines(approval: Mapping[str, Any]) -> Iterator[str]:
    """One approval in full."""
    who = f"{approval['agent']} asks" if approval["agent"] else "an agent asks"
    yield f"{who} to use {approval['tool']}: {approval['state']}"
    if approval["arguments"]:
        yield f"with {approval['arguments']}"
    yield f"withheld because {approval['why']}"
    if approval["ceiling"] is not None and approval["spent"] is not None:
        yield f"spent {approval['spent']:,.6g} of {approval['ceiling']:,.6g} {approval['quantity'] or ''}".rstrip()
    for name in ("task_id", "run_id"):
        if approval[name]:
            yield f"{name.removesuffix('_id')} {approval[name]}"
    yield f"asked {moment(approval['asked_at'])}, expires {moment(approval['expires_at'])}"
    if approval["decided_at"]:
        reason = f": {approval['reason']}" if approval["reason"] else ""
        yield f"{approval['state']} {moment(approval['decided_at'])} by {approval['by']}{reason}"


def moment(text: str) -> str:
    """`2026-11-24 07:00:00`."""
    return text[:19].replace("T", " ")
