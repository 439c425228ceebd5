"""`quarterdeck estimate calibration`: whether a running server's promises came true, per agent and model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from quarterdeck.cli import output
from quarterdeck.cli.client import DEFAULT_URL, ApiClient, AsJson, Key, Project, Url, project_parameter
from quarterdeck.errors import BadInput
from quarterdeck.model.estimates import QUANTITIES

COLUMNS = (
    ("agent", "left"), ("model", "left"), ("runs", "right"), ("below q50", "right"), ("below q90", "right"),
    ("below q99", "right"), ("loss at .9", "right"), ("of a constant", "right"), ("drift", "left"),
)  # fmt: skip


def calibration(
    *,
    since: Annotated[
        str | None, typer.Option("--since", help="RFC 3339, epoch milliseconds, or relative: -7d.")
    ] = None,
    until: Annotated[str | None, typer.Option("--until", help="As --since; half open.")] = None,
    quantity: Annotated[str, typer.Option("--quantity", help=f"One of {', '.join(QUANTITIES)}.")] = "tokens_total",
    url: Url = DEFAULT_URL,
    key: Key = None,
    project: Project = None,
    as_json: AsJson = False,
) -> None:
    """Say whether promises came true: the share of runs below each promised quantile, per agent and model.

    By default of runs that started in the last seven days. With --json: {"quantity", "since", "until", "runs",
    "truncated", "items": [...]}, as `GET /api/v1/estimates/calibration`.

    \b
    Examples:
      quarterdeck estimate calibration
      quarterdeck estimate calibration --since -30d --quantity cost_usd --json
    """
    if quantity not in QUANTITIES:
        raise BadInput(f"--quantity {quantity!r}: expected one of {', '.join(QUANTITIES)}")
    asked = [("quantity", quantity), *((name, value) for name, value in (("since", since), ("until", until)) if value)]
    with ApiClient(url, key) as client:
        found = client.get("estimates/calibration", [*project_parameter(project), *asked])
    if as_json:
        output.print_json(found)
        return
    output.print_table(COLUMNS, (_row(item) for item in found["items"]))
    output.remark(f"{found['runs']} runs since {found['since']}{', the newest of more' * found['truncated']}")
    for item in found["items"]:
        if item["drift"] is not None:
            output.remark(f"{item['drift']['why']}. {item['drift']['mend']}")


def _row(item: Mapping[str, Any]) -> list[str]:
    shares = (item["coverage"][level]["share"] for level in ("0.5", "0.9", "0.99"))
    return [
        item["agent"] or output.UNKNOWN,
        item["model"] or output.UNKNOWN,
        output.number(item["n"]),
        *(output.UNKNOWN if share is None else f"{share:.0%}" for share in shares),
        output.number(item["pinball"]["0.9"], digits=0),
        output.number(item["pinball_constant"]["0.9"], digits=0),
        "drifted" if item["drift"] is not None else "",
    ]
