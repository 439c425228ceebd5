"""`quarterdeck objectives`: what is left of each budget and target, and how quickly it burns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import typer

from quarterdeck.cli import output
from quarterdeck.cli.client import DEFAULT_URL, ApiClient, AsJson, Key, Project, Url, project_parameter

COLUMNS = (
    ("objective", "left"),
    ("of", "left"),
    ("spent in 30 d", "right"),
    ("budget", "right"),
    ("used", "right"),
    ("burn 1 h", "right"),
    ("6 h", "right"),
    ("3 d", "right"),
    ("state", "left"),
    ("gone in", "right"),
)
_NONE = "no objectives are set; docs/how-to/objectives.md shows how"


def register(app: typer.Typer) -> None:
    app.command("objectives")(objectives)


def objectives(*, url: Url = DEFAULT_URL, key: Key = None, project: Project = None, as_json: AsJson = False) -> None:
    """Say what is left of each budget and target, and how quickly it burns.

    A burn rate of 1 spends the budget in exactly 30 days.
    With --json: the API's answer, {"items": [{"name", "spent", "budget", "used", "windows", "state", ...}, ...]}.

    \b
    Example:
      quarterdeck objectives --json
    """
    with ApiClient(url, key) as client:
        found = client.get("objectives", project_parameter(project))
    if as_json:
        output.print_json(found)
        return
    if not found["items"]:
        typer.echo(_NONE)
        return
    output.print_table(COLUMNS, (row(objective) for objective in found["items"]))


def row(objective: Mapping[str, Any]) -> list[str]:
    """One objective as cells of COLUMNS."""
    chosen = " ".join(f"{name}={value}" for name, value in objective["match"].items()) or "all runs"
    return [
        objective["name"],
        f"{objective['quantity']} {chosen}",
        amount(objective["spent"]["value"], objective["unit"]),
        amount(objective["budget"], objective["unit"]),
        output.percent(objective["used"]),
        *(burn(pair) for pair in objective["windows"]),
        objective["state"],
        gone_in(objective["exhausted_in_s"]),
    ]


def amount(value: float | None, unit: str) -> str:
    """A value of an objective in its unit."""
    if value is None:
        return output.UNKNOWN
    if unit == "US dollars":
        return output.dollars(value)
    return output.number(value) if unit == "tokens" else output.percent(value, digits=2)


def burn(pair: Mapping[str, Any]) -> str:
    """The burn rate of the long window with the factor that it must not reach, or what is missing."""
    long = pair["long"]
    if pair["state"] == "insufficient":
        return f"{long['n']} of {long['n_needed']} runs" if long["n_needed"] else output.UNKNOWN
    return f"{long['value']:.2g} (< {pair['factor']:g})" if pair["state"] == "ok" else f"{long['value']:.3g} burning"


def gone_in(seconds: float | None) -> str:
    """When the budget is gone; beyond a month it is not in sight."""
    if seconds is None or seconds > 30 * 86_400:
        return output.UNKNOWN
    return "gone" if seconds == 0 else output.duration(seconds)
