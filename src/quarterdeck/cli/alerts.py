"""`quarterdeck alerts list|show`: what got worse, one alert for each cause; the other words of `alerts` are hung in here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from quarterdeck.cli import alerts_close, alerts_mute, alerts_notify, alerts_probe, alerts_triage, output
from quarterdeck.cli.alerts_show import AlertId, moment, print_alert
from quarterdeck.cli.client import DEFAULT_URL, ApiClient, AsJson, Key, Project, Url, project_parameter, segment

INBOX = (
    ("paging", "left"), ("class", "left"), ("id", "id"), ("what and where", "left"), ("how much", "left"),
    ("how sure", "left"), ("since", "left"), ("first", "left"),
)  # fmt: skip
COLUMNS = (("state", "left"), ("since", "left"), ("id", "id"), ("what", "left"))
_STATES = ("pending", "firing", "resolved")
_KINDS = ("regression", "loop", "stuck", "runaway", "burn")


def register(app: typer.Typer) -> None:
    group = typer.Typer(rich_markup_mode=None, help="List alerts, show one with its evidence, or close one.")
    group.command("list")(list_alerts)
    group.command("show")(show)
    group.command("probe")(alerts_probe.probe)
    alerts_close.register(group)
    alerts_mute.register(group)
    alerts_triage.register(group)
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
    order: Annotated[str, typer.Option("--order", help="newest, or urgency: the inbox of open alerts.")] = "newest",
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="At most this many.")] = 50,
    url: Url = DEFAULT_URL,
    key: Key = None,
    project: Project = None,
    as_json: AsJson = False,
) -> None:
    """List alerts, the newest first; or with --order urgency what pages first, then by class, then who waits longest.

    With --json: {"items": [{"alert_id", "kind", "state", "title", "where", "opened_at", ...}], "next_cursor": null}.

    \b
    Examples:
      quarterdeck alerts list --order urgency
      quarterdeck alerts list --state firing
      quarterdeck alerts list --since -7d --json
    """
    wanted = [("state", one) for one in state or ()] + [("kind", one) for one in kind or ()]
    wanted += [(name, value) for name, value in (("since", since), ("until", until)) if value]
    wanted += [("order", order)]
    with ApiClient(url, key) as client:
        items = list(client.pages("alerts", [*project_parameter(project), *wanted], limit=limit))
    if as_json:
        output.print_json({"items": items, "next_cursor": None})
        return
    if order == "urgency":
        output.print_table(INBOX, (inbox_row(alert) for alert in items))
    else:
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
    print_alert(found, as_json=as_json)


def row(alert: Mapping[str, Any]) -> list[str]:
    """One alert as cells of COLUMNS."""
    since = alert["fired_at"] or alert["opened_at"]
    return [alert["state"], moment(since), alert["alert_id"], " ".join(alert["title"].split())]


def inbox_row(alert: Mapping[str, Any]) -> list[str]:
    """One alert as cells of INBOX: judged in ten seconds."""
    lead, paging, action = alert["findings"][0], alert["paging"], alert["first_action"]
    now, before = (output.number(lead[side]["value"], digits=2) for side in ("now", "before"))
    sure = f"{lead['evidence']:,.0f} of {lead['threshold']:,.0f}, n={lead['n']:,}"
    where = ", ".join(f"{value or '(unknown)'}" for value in alert["where"].values()) or "the whole fleet"
    return [
        output.UNKNOWN if paging is None else paging["what"],
        alert["class"],
        alert["alert_id"],
        f"{lead['title']}: {where}",
        f"{before} to {now}",
        sure,
        moment(alert["fired_at"] or alert["opened_at"]),
        output.UNKNOWN if action is None else action["text"],
    ]
