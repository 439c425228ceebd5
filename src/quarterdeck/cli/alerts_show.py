"""One alert in words: how it stands with the people on call, what it rests on, and what happened to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer

from quarterdeck.cli import output

_RUNS_SHOWN = 5

AlertId = Annotated[str, typer.Argument(metavar="ALERT_ID", help="Id as `alerts list` shows it.")]


def print_alert(found: Mapping[str, Any], *, as_json: bool) -> None:
    """As JSON, or in words."""
    if as_json:
        output.print_json(found)
        return
    for line in lines(found):
        typer.echo(line)


def lines(alert: Mapping[str, Any]) -> Iterator[str]:
    """One alert in full."""
    yield alert["title"]
    yield f"{alert['state']}, {alert['kind']}, opened {moment(alert['opened_at'])}, id {alert['alert_id']}"
    if alert["resolution"]:
        yield f"resolved {moment(alert['resolved_at'])}: {alert['resolution']}"
    if alert["wasted_usd"] is not None:
        yield f"wasted {output.dollars(alert['wasted_usd'])}"
    yield from _standing(alert)
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


def _standing(alert: Mapping[str, Any]) -> Iterator[str]:
    """Class, paging, what to do first, and what it was closed with."""
    paging = alert["paging"]
    decided = "" if paging is None else f", {paging['what']}: {paging['reason']}"
    yield f"class {alert['class']}{decided}; suspected: {alert['suspect']}"
    if alert["first_action"]:
        link = alert["first_action"]["link"]
        yield f"first: {alert['first_action']['text']}" + (f" ({link})" if link else "")
    for one in alert["before"]:
        yield f"before: {one['kind']} by {one['by']} {moment(one['at'])}" + (
            ", refuted since" if one["refuted"] else ""
        )
    if alert["muted_by"]:
        yield f"muted by {alert['muted_by']}"
    if alert["snoozed_until"]:
        yield f"asleep until the version changes, {moment(alert['snoozed_until'])} at the latest"
    if alert["disposition"]:
        stands = alert["disposition"]
        ends = "" if stands["expires_at"] is None else f", until {moment(stands['expires_at'])}"
        yield f"closed as {stands['kind']} by {stands['by']}{ends}: {stands['price']}"
