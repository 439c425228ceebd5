"""`quarterdeck alerts mute|unmute|mutes`: pages held for a time that ends, with a canary that is never muted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from quarterdeck.cli import output
from quarterdeck.cli.alerts_close import By
from quarterdeck.cli.alerts_show import moment
from quarterdeck.cli.client import DEFAULT_URL, ApiClient, AsJson, Key, Project, Url, project_parameter, segment
from quarterdeck.errors import BadInput

_COLUMNS = (
    ("id", "id"), ("what", "left"), ("owner", "left"), ("until", "left"), ("held", "right"), ("canary", "left"),
    ("reason", "left"),
)  # fmt: skip


def register(group: typer.Typer) -> None:
    """Hang them in below `alerts`."""
    group.command("mute")(mute)
    group.command("unmute")(unmute)
    group.command("mutes")(mutes)


def mute(
    *,
    signal: Annotated[str | None, typer.Option("--signal", help="One signal; default every one.")] = None,
    where: Annotated[
        list[str] | None, typer.Option("--where", help="NAME=VALUE of the slice; repeatable; default the whole fleet.")
    ] = None,
    hours: Annotated[float, typer.Option("--hours", help="How long; at most 72 within a week.")],
    owner: Annotated[str, typer.Option("--owner", envvar="USER", help="Who answers for it.")],
    reason: Annotated[str, typer.Option("--reason", help="Why, in three words or more.")],
    url: Url = DEFAULT_URL,
    key: Key = None,
    project: Project = None,
    as_json: AsJson = False,
) -> None:
    """Hold the pages of a slice for a time. Detection goes on; worse than now, it pages all the same.

    With --json: {"mute_id", "signal", "where", "owner", "until", "canary", ...}.

    \b
    Example:
      quarterdeck alerts mute --signal failing --where agent=support --hours 8 --owner ann --reason "the provider migrates tonight"
    """
    asked = {"signal": signal, "where": slice_of(where or ()), "hours": hours, "owner": owner, "reason": reason}
    with ApiClient(url, key) as client:
        _print(client.post_json("mutes", asked, project_parameter(project)), as_json=as_json)


def unmute(
    mute_id: Annotated[str, typer.Argument(metavar="MUTE_ID", help="Id as `alerts mutes` shows it.")],
    *,
    by: By,
    url: Url = DEFAULT_URL,
    key: Key = None,
    project: Project = None,
    as_json: AsJson = False,
) -> None:
    """End a mute before its time.

    With --json: the mute.

    \b
    Example:
      quarterdeck alerts unmute mute-1795503600000000000 --by ann
    """
    with ApiClient(url, key) as client:
        found = client.post_json(f"mutes/{segment(mute_id)}/end", {"by": by}, project_parameter(project))
    _print(found, as_json=as_json)


def mutes(*, url: Url = DEFAULT_URL, key: Key = None, project: Project = None, as_json: AsJson = False) -> None:
    """List mutes, the newest first, those that are over too.

    With --json: {"items": [{"mute_id", "signal", "where", "owner", "until", "held", "canary", ...}], "next_cursor": null}.

    \b
    Example:
      quarterdeck alerts mutes
    """
    with ApiClient(url, key) as client:
        found = client.get("mutes", project_parameter(project))
    if as_json:
        output.print_json(found)
        return
    output.print_table(_COLUMNS, (row(one) for one in found["items"]))
    if not found["items"]:
        output.remark("nothing is muted")


def slice_of(pairs: list[str] | tuple[str, ...]) -> dict[str, str | None]:
    """`agent=support` each; an empty value is the unknown one. Raises BadInput."""
    found: dict[str, str | None] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not name or not equals:
            raise BadInput(f"--where {pair!r}: expected NAME=VALUE, such as agent=support")
        found[name] = value or None
    return found


def row(one: Mapping[str, Any]) -> list[str]:
    """One mute as cells of the table."""
    where = ", ".join(f"{name} {value or '(unknown)'}" for name, value in one["where"].items()) or "the whole fleet"
    what = f"{one['signal'] or 'every signal'} of {where}"
    until = moment(one["until"]) if one["ended_at"] is None else f"over: {one['ended_because']}"
    return [one["mute_id"], what, one["owner"], until, str(one["held"]), canary(one), " ".join(one["reason"].split())]


def canary(one: Mapping[str, Any]) -> str:
    """Whether it is worse than when it was muted."""
    found = one["canary"]
    if found is None:
        return output.UNKNOWN
    return "worse, pages" if found["refuted"] else f"quiet ({found['evidence']:.2g} of {found['threshold']:g})"


def _print(found: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        output.print_json(found)
    else:
        output.print_table(_COLUMNS, [row(found)])
