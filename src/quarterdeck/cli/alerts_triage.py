"""`quarterdeck alerts snooze|wake|forecast|calibration|handover`: an alert before anybody knows what it is, and the end of a shift."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer

from quarterdeck.cli import output
from quarterdeck.cli.alerts_close import By
from quarterdeck.cli.alerts_show import AlertId, print_alert
from quarterdeck.cli.client import DEFAULT_URL, ApiClient, AsJson, Key, Project, Url, project_parameter, segment


def register(group: typer.Typer) -> None:
    """Hang them in below `alerts`."""
    group.command("snooze")(snooze)
    group.command("wake")(wake)
    group.command("forecast")(forecast)
    group.command("calibration")(calibration)
    group.command("handover")(handover)


def snooze(
    alert_id: AlertId,
    *,
    by: By,
    url: Url = DEFAULT_URL,
    key: Key = None,
    project: Project = None,
    as_json: AsJson = False,
) -> None:
    """Let an alert sleep until the version of its cohort changes.

    With --json: the alert, with "snoozed_until".

    \b
    Example:
      quarterdeck alerts snooze 0d4f2b7a91c35e68 --by ann
    """
    with ApiClient(url, key) as client:
        found = client.post_json(f"alerts/{segment(alert_id)}/snooze", {"by": by}, project_parameter(project))
    print_alert(found, as_json=as_json)


def wake(
    alert_id: AlertId,
    *,
    by: By,
    url: Url = DEFAULT_URL,
    key: Key = None,
    project: Project = None,
    as_json: AsJson = False,
) -> None:
    """Wake an alert before its time.

    With --json: the alert, as of `alerts show`.

    \b
    Example:
      quarterdeck alerts wake 0d4f2b7a91c35e68 --by ann
    """
    with ApiClient(url, key) as client:
        found = client.post_json(f"alerts/{segment(alert_id)}/wake", {"by": by}, project_parameter(project))
    print_alert(found, as_json=as_json)


def forecast(
    alert_id: AlertId,
    probability: Annotated[float, typer.Argument(min=0.0, max=1.0, help="That it is real, 0 to 1.")],
    *,
    by: By,
    url: Url = DEFAULT_URL,
    key: Key = None,
    project: Project = None,
    as_json: AsJson = False,
) -> None:
    """Say at triage how probable it is that an alert is real.

    With --json: {"alert_id", "by", "probability", "at", "real", ...}.

    \b
    Example:
      quarterdeck alerts forecast 0d4f2b7a91c35e68 0.8 --by ann
    """
    asked = {"by": by, "probability": probability}
    with ApiClient(url, key) as client:
        found = client.post_json(f"alerts/{segment(alert_id)}/forecast", asked, project_parameter(project))
    if as_json:
        output.print_json(found)
    else:
        typer.echo(f"{found['by']} expects with {output.percent(found['probability'])} that {alert_id} is real")


def calibration(*, url: Url = DEFAULT_URL, key: Key = None, project: Project = None, as_json: AsJson = False) -> None:
    """Say how right the team was about which alerts are real. Nobody is ranked.

    With --json: {"stated", "decided", "needed", "brier", "tenths": [{"low", "high", "n", "stated", "real", "found", ...}]}.

    \b
    Example:
      quarterdeck alerts calibration
    """
    with ApiClient(url, key) as client:
        found = client.get("calibration", project_parameter(project))
    if as_json:
        output.print_json(found)
        return
    for line in calibration_lines(found):
        typer.echo(line)


def handover(
    *,
    hours: Annotated[float, typer.Option("--hours", help="So many hours until now.")] = 12.0,
    markdown: Annotated[bool, typer.Option("--markdown", help="The whole document as Markdown.")] = False,
    url: Url = DEFAULT_URL,
    key: Key = None,
    project: Project = None,
    as_json: AsJson = False,
) -> None:
    """Sum up a shift: what paged, what waited and why, what was refuted, what runs out.

    With --json: {"since", "until", "in_words", "paged", "batched", "held", "refuted", "expiring", "quality", "markdown", ...}.

    \b
    Examples:
      quarterdeck alerts handover
      quarterdeck alerts handover --hours 24 --markdown
    """
    with ApiClient(url, key) as client:
        found = client.get("handover", [*project_parameter(project), ("hours", f"{hours:g}")])
    if as_json:
        output.print_json(found)
    elif markdown:
        typer.echo(found["markdown"], nl=False)
    else:
        for line in handover_lines(found):
            typer.echo(line)


def calibration_lines(found: Mapping[str, Any]) -> Iterator[str]:
    """Numbers of forecasts; tenths only when there are enough."""
    yield f"{found['stated']} forecasts, {found['decided']} decided"
    if found["brier"] is None:
        yield f"said aloud from 100 decided ones on: {found['needed']} more"
        return
    yield f"Brier score {found['brier']:.3f}"
    for one in found["tenths"]:
        real = f"{one['real']:.0%} ({one['real_low']:.0%} to {one['real_high']:.0%})"
        yield f"{one['low']:.1f} to {one['high']:.1f}: stated {one['stated']:.0%}, real {real}, n={one['n']}: {one['found']}"


def handover_lines(found: Mapping[str, Any]) -> Iterator[str]:
    """One line each."""
    yield found["in_words"]
    for alert in found["paged"]:
        yield f"paged {alert['alert_id']} ({alert['state']}): {alert['title']}"
    for what in ("batched", "held"):
        for one in found[what]:
            yield f"{what} {one['alert']['alert_id']}: {one['alert']['title']} ({one['reason']})"
    for one in found["refuted"]:
        yield f"refuted {one['alert_id']}: {one['kind']} by {one['by']}, {one['ended_because']}"
    for one in found["expiring"]:
        yield f"runs out {one['expires_at'][:16].replace('T', ' ')}: {one['in_words']} ({one['by']})"
    for one in found["incidents"]:
        grade = "not graded" if one["severity"] is None else f"sev-{one['severity']}"
        yield f"incident {one['incident_id']} ({grade}, {one['state']}): {one['title']}"
    for one in found["drills"]:
        yield f"drill {one['drill_id']}: {one['in_words']}"
