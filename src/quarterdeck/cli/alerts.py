"""`quarterdeck alerts list|show|close`: what got worse, one alert for each cause, and how one is closed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer

from quarterdeck.cli import alerts_notify, alerts_probe, output
from quarterdeck.cli.client import DEFAULT_URL, ApiClient, AsJson, Key, Project, Url, project_parameter, segment

COLUMNS = (("state", "left"), ("since", "left"), ("id", "id"), ("what", "left"))
_STATES = ("pending", "firing", "resolved")
_KINDS = ("regression", "loop", "stuck", "runaway", "burn")
_RUNS_SHOWN = 5

AlertId = Annotated[str, typer.Argument(metavar="ALERT_ID", help="Id as `alerts list` shows it.")]


def register(app: typer.Typer) -> None:
    group = typer.Typer(rich_markup_mode=None, help="List alerts, show one with its evidence, or close one.")
    group.command("list")(list_alerts)
    group.command("show")(show)
    group.command("close")(close)
    group.command("probe")(alerts_probe.probe)
    alerts_notify.register(group)
    app.add_typer(group, name="alerts")


def list_alerts(
    *,
    state: Annotated[
        list[str] | None, typer.Option("--state", help=f"One of {', '.join(_STATES)}; repeatable; default all.")
    ] = None,
    kind: Annotated[
        list[str] | None, typer.Option("--kind", help=f"One of {', '.join(_KINDS)}; repeatable; default all.")
    ] = None,
    since: Annotated[str | None, typer.Option("--since", help="Opened since: RFC 3339, or relative: -24h.")] = None,
    until: Annotated[str | None, typer.Option("--until", help="As --since; half open; default now.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="At most this many.")] = 50,
    url: Url = DEFAULT_URL,
    key: Key = None,
    project: Project = None,
    as_json: AsJson = False,
) -> None:
    """List alerts, the newest first.

    With --json: {"items": [{"alert_id", "kind", "state", "title", "where", "opened_at", ...}], "next_cursor": null}.

    \b
    Examples:
      quarterdeck alerts list --state firing
      quarterdeck alerts list --since -7d --json
    """
    wanted = [("state", one) for one in state or ()] + [("kind", one) for one in kind or ()]
    wanted += [(name, value) for name, value in (("since", since), ("until", until)) if value]
    with ApiClient(url, key) as client:
        items = list(client.pages("alerts", [*project_parameter(project), *wanted], limit=limit))
    if as_json:
        output.print_json({"items": items, "next_cursor": None})
        return
    output.print_table(COLUMNS, (row(alert) for alert in items))
    if not items:
        output.remark("no alert matches")


def show(
    alert_id: AlertId, *, url: Url = DEFAULT_URL, key: Key = None, project: Project = None, as_json: AsJson = False
) -> None:
    """Show one alert: what it rests on, runs to open, and what happened to it.

    With --json: the API's answer, {"alert_id", "title", "findings": [...], "exemplars": [...], "events": [...], ...}.

    \b
    Example:
      quarterdeck alerts show 0d4f2b7a91c35e68
    """
    with ApiClient(url, key) as client:
        found = client.get(f"alerts/{segment(alert_id)}", project_parameter(project))
    _print(found, as_json=as_json)


def close(
    alert_id: AlertId,
    *,
    reason: Annotated[str, typer.Option("--reason", help="Why; it stays with the alert.")],
    by: Annotated[str | None, typer.Option("--by", help="Who closes it.")] = None,
    url: Url = DEFAULT_URL,
    key: Key = None,
    project: Project = None,
    as_json: AsJson = False,
) -> None:
    """Resolve an alert for a reason.

    With --json: the alert, as of `alerts show`.

    \b
    Example:
      quarterdeck alerts close 0d4f2b7a91c35e68 --reason "v7 was rolled back" --by ann
    """
    asked = {"reason": reason} | ({} if by is None else {"by": by})
    with ApiClient(url, key) as client:
        found = client.post_json(f"alerts/{segment(alert_id)}/close", asked, project_parameter(project))
    _print(found, as_json=as_json)


def _print(found: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        output.print_json(found)
        return
    for line in lines(found):
        typer.echo(line)


def row(alert: Mapping[str, Any]) -> list[str]:
    """One alert as cells of COLUMNS."""
    since = alert["fired_at"] or alert["opened_at"]
    return [alert["state"], moment(since), alert["alert_id"], " ".join(alert["title"].split())]


def lines(alert: Mapping[str, Any]) -> Iterator[str]:
    """One alert in full."""
    yield alert["title"]
    yield f"{alert['state']}, {alert['kind']}, opened {moment(alert['opened_at'])}, id {alert['alert_id']}"
    if alert["resolution"]:
        yield f"resolved {moment(alert['resolved_at'])}: {alert['resolution']}"
    if alert["wasted_usd"] is not None:
        yield f"wasted {output.dollars(alert['wasted_usd'])}"
    yield ""
    for finding in alert["findings"]:
        yield finding_line(finding)
    for exemplar in alert["exemplars"][:_RUNS_SHOWN]:
        yield f"run {exemplar['run_id']} ({exemplar['role']}): {exemplar['because']}"
    yield ""
    for event in alert["events"]:
        by = f" ({event['by']})" if event["by"] else ""
        yield f"{moment(event['at'])}  {event['what']}{by}: {event['words']}"


def finding_line(finding: Mapping[str, Any]) -> str:
    """`failing runs (deploy, reached): 0.31 against 0.12 share of runs, n=212, evidence 31,020 of 12,000`."""
    now, before = (output.number(finding[side]["value"], digits=2) for side in ("now", "before"))
    return (
        f"{finding['title']} ({finding['lane']}, {finding['state']}): {now} against {before} {finding['unit']}, "
        f"n={finding['n']:,}, evidence {finding['evidence']:,.0f} of {finding['threshold']:,.0f}"
    )


def moment(text: str | None) -> str:
    """`2026-11-24 07:00:00`; an em dash when unknown."""
    return output.UNKNOWN if text is None else text[:19].replace("T", " ")
