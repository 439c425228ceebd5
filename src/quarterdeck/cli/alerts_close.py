"""`quarterdeck alerts choices|close|reopen|dispositions`: an alert is closed with one disposition, whose price is shown before."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer

from quarterdeck.cli import output
from quarterdeck.cli.alerts_show import AlertId, moment, print_alert
from quarterdeck.cli.client import DEFAULT_URL, ApiClient, AsJson, Key, Project, Url, project_parameter, segment
from quarterdeck.errors import BadInput

By = Annotated[str, typer.Option("--by", envvar="USER", help="Who does it.")]
_KINDS = "normal_swing, accepted_change, duplicate, harmless, wobble, fixed"
_COLUMNS = (("at", "left"), ("as", "left"), ("by", "left"), ("alert", "id"), ("holds", "left"), ("reason", "left"))


def register(group: typer.Typer) -> None:
    """Hang them in below `alerts`."""
    group.command("choices")(choices)
    group.command("close")(close)
    group.command("reopen")(reopen)
    group.command("dispositions")(dispositions)


def choices(
    alert_id: AlertId, *, url: Url = DEFAULT_URL, key: Key = None, project: Project = None, as_json: AsJson = False
) -> None:
    """Show with what an alert may be closed now, and what each costs.

    With --json: {"items": [{"kind", "parameter", "asks_for", "price", "allowed", "why_not", ...}], "next_cursor": null}.

    \b
    Example:
      quarterdeck alerts choices 0d4f2b7a91c35e68
    """
    with ApiClient(url, key) as client:
        found = client.get(f"alerts/{segment(alert_id)}/choices", project_parameter(project))
    if as_json:
        output.print_json(found)
        return
    for line in choice_lines(found["items"]):
        typer.echo(line)


def close(
    alert_id: AlertId,
    *,
    kind: Annotated[str | None, typer.Option("--as", help=f"The disposition: {_KINDS}.")] = None,
    reason: Annotated[str | None, typer.Option("--reason", help="What it was, and how you know.")] = None,
    by: By,
    other: Annotated[str | None, typer.Option("--other", help="Of a duplicate: id of the other alert.")] = None,
    probe: Annotated[str | None, typer.Option("--probe", help="Id of a probe with a verdict.")] = None,
    incident: Annotated[str | None, typer.Option("--incident", help="Id of an incident opened for it.")] = None,
    approver: Annotated[str | None, typer.Option("--approver", help="Of harmless: who approves.")] = None,
    days: Annotated[float | None, typer.Option("--days", help="Until it expires, at most 30.")] = None,
    url: Url = DEFAULT_URL,
    key: Key = None,
    project: Project = None,
    as_json: AsJson = False,
) -> None:
    """Close an alert with a disposition. Later runs are held against it; refuted, the alert opens again.

    Without --as it is refused, and the choices are shown. With --json: the alert, with its "disposition".

    \b
    Examples:
      quarterdeck alerts close 0d4f2b7a91c35e68 --as fixed --reason "v7 was rolled back" --by ann
      quarterdeck alerts close 0d4f2b7a91c35e68 --as normal_swing --reason "weekly batch import on Tuesdays" --by ann
    """
    given = {
        "as": kind, "reason": reason, "by": by, "other_alert_id": other, "probe_id": probe, "incident_id": incident,
        "approver": approver, "days": days,
    }  # fmt: skip
    path = f"alerts/{segment(alert_id)}"
    with ApiClient(url, key) as client:
        if kind is None:
            found = client.get(f"{path}/choices", project_parameter(project))
            raise _choose(found["items"])
        if reason is None:
            raise BadInput("--reason is missing", mend="say what it was, and how you know")
        asked = {name: value for name, value in given.items() if value is not None}
        closed = client.post_json(f"{path}/close", asked, project_parameter(project))
    print_alert(closed, as_json=as_json)


def reopen(
    alert_id: AlertId,
    *,
    reason: Annotated[str, typer.Option("--reason", help="Why; it stays with the alert.")],
    by: By,
    url: Url = DEFAULT_URL,
    key: Key = None,
    project: Project = None,
    as_json: AsJson = False,
) -> None:
    """Take a closing back: what it changed goes back, and the alert is open again.

    With --json: the alert, as of `alerts show`.

    \b
    Example:
      quarterdeck alerts reopen 0d4f2b7a91c35e68 --reason "the import was not it" --by ann
    """
    with ApiClient(url, key) as client:
        asked = {"reason": reason, "by": by}
        found = client.post_json(f"alerts/{segment(alert_id)}/reopen", asked, project_parameter(project))
    print_alert(found, as_json=as_json)


def dispositions(
    *,
    standing: Annotated[bool, typer.Option("--standing", help="Those that still change something.")] = False,
    alert: Annotated[str | None, typer.Option("--alert", help="Those of one alert.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=500, help="At most this many.")] = 50,
    url: Url = DEFAULT_URL,
    key: Key = None,
    project: Project = None,
    as_json: AsJson = False,
) -> None:
    """List what alerts were closed with, and how each holds.

    With --json: {"items": [{"disposition_id", "alert_id", "kind", "reason", "price", "test", ...}], "next_cursor": null}.

    \b
    Example:
      quarterdeck alerts dispositions --standing
    """
    wanted = [*project_parameter(project), ("limit", str(limit)), ("state", "standing" if standing else "all")]
    wanted += [] if alert is None else [("alert_id", alert)]
    with ApiClient(url, key) as client:
        found = client.get("dispositions", wanted)
    if as_json:
        output.print_json(found)
        return
    output.print_table(_COLUMNS, (row(one) for one in found["items"]))
    if not found["items"]:
        output.remark("no disposition matches")


def choice_lines(items: list[Mapping[str, Any]]) -> Iterator[str]:
    """Each choice: its price, what it asks for, or why not."""
    for one in items:
        yield f"{one['kind']}: {one['price']}"
        if not one["allowed"]:
            yield f"  not now: {one['why_not']}"
        else:
            ends = "" if one["expires_days"] is None else f"; ends after {one['expires_days']:g} days"
            yield f"  changes {one['parameter']}; asks for {', '.join(one['asks_for'])}{ends}"


def row(one: Mapping[str, Any]) -> list[str]:
    """One disposition as cells of the table."""
    return [moment(one["at"]), one["kind"], one["by"], one["alert_id"], holds(one), " ".join(one["reason"].split())]


def holds(one: Mapping[str, Any]) -> str:
    """`evidence 1.3 of 20 against it`, or how it ended."""
    if one["ended_at"] is not None:
        return str(one["ended_because"])
    test = one["test"]
    return "stands" if test is None else f"stands, evidence {test['evidence']:.2g} of {test['threshold']:g} against it"


def _choose(items: list[Mapping[str, Any]]) -> BadInput:
    """The choices go to stderr, one below the other; the error is one line."""
    for line in choice_lines(items):
        output.remark(line)
    return BadInput("--as is missing: an alert is closed with one of these", mend="choose one with --as")
