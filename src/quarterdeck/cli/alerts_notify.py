"""`quarterdeck alerts notifiers|notify-test`: who is told of alerts, and whether a message arrives."""

from __future__ import annotations

import typer

from quarterdeck.cli import output
from quarterdeck.cli.client import DEFAULT_URL, ApiClient, AsJson, Key, Project, Url, project_parameter, segment
from quarterdeck.errors import Unreachable

COLUMNS = (("name", "id"), ("kind", "left"), ("state", "left"), ("waiting", "right"), ("last error", "left"))


def register(group: typer.Typer) -> None:
    """Hang both in below `alerts`."""
    group.command("notifiers")(notifiers)
    group.command("notify-test")(notify_test)


def notifiers(*, url: Url = DEFAULT_URL, key: Key = None, project: Project = None, as_json: AsJson = False) -> None:
    """List who is told of alerts, and how that goes since the server's start.

    With --json: {"items": [{"name", "kind", "state", "waiting", "delivered_at", "last_error", "failed_at"}], "next_cursor": null}.

    \b
    Example:
      quarterdeck alerts notifiers
    """
    with ApiClient(url, key) as client:
        found = client.get("notifiers", project_parameter(project))
    if as_json:
        output.print_json(found)
        return
    rows = (
        [one["name"], one["kind"], one["state"], str(one["waiting"]), one["last_error"] or ""] for one in found["items"]
    )
    output.print_table(COLUMNS, rows)
    if not found["items"]:
        output.remark("nobody is told; see docs/how-to/notify.md")


def notify_test(
    name: str = typer.Argument(metavar="NAME", help="Notifier as `alerts notifiers` lists it."),
    *,
    url: Url = DEFAULT_URL,
    key: Key = None,
    project: Project = None,
    as_json: AsJson = False,
) -> None:
    """Send a message that says that it is a test, and then its end. Fails when the receiver does not take it.

    With --json: {"name", "kind", "delivered", "words"}.

    \b
    Example:
      quarterdeck alerts notify-test team
    """
    with ApiClient(url, key) as client:
        tried = client.post_json(f"notifiers/{segment(name)}/test", {}, project_parameter(project))
    if as_json:
        output.print_json(tried)
    if not tried["delivered"]:
        msg = f"{tried['kind']} {name} did not take the message: {tried['words']}"
        raise Unreachable(msg, mend="check the receiver's settings; docs/how-to/notify.md shows each")
    if not as_json:
        typer.echo(f"{tried['kind']} {name} took it: {tried['words']}")
