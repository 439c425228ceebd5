"""`quarterdeck rules try`: what the watch would have said of stored history, under its rules or others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer

from quarterdeck.cli import output
from quarterdeck.cli.client import DEFAULT_URL, ApiClient, AsJson, Key, Project, Url, project_parameter

COLUMNS = (
    ("at", "left"),
    ("state", "left"),
    ("signal", "left"),
    ("of", "left"),
    ("now", "right"),
    ("before", "right"),
    ("runs", "right"),
    ("evidence / threshold", "right"),
)
STREAM_COLUMNS = (
    ("closest", "left"),
    ("of", "left"),
    ("now", "right"),
    ("before", "right"),
    ("runs", "right"),
    ("evidence / threshold", "right"),
    ("runs needed", "right"),
)
_STREAMS_SHOWN = 10


def register(app: typer.Typer) -> None:
    group = typer.Typer(rich_markup_mode=None, help="Try the rules of the watch, or others, on stored history.")
    group.callback()(_group)
    group.command("try")(try_rules)
    app.add_typer(group, name="rules")


def _group() -> None:
    """Try the rules of the watch, or others, on stored history."""


def try_rules(
    *,
    since: Annotated[str, typer.Option("--since", help="RFC 3339, epoch milliseconds, or relative: -24h.")] = "-24h",
    until: Annotated[str | None, typer.Option("--until", help="As --since; half open; default now.")] = None,
    alarms_per_month: Annotated[
        float | None, typer.Option("--alarms-per-month", help="False alarms that the whole fleet may raise.")
    ] = None,
    tolerance: Annotated[
        float | None, typer.Option("--tolerance", help="Relative worsening that is not looked for: 0.1 = 10 %.")
    ] = None,
    cohort_by: Annotated[
        str | None, typer.Option("--cohort-by", help="Comma-separated: what makes a cohort, such as agent,model.")
    ] = None,
    warmup_runs: Annotated[
        int | None, typer.Option("--warmup-runs", help="Runs that teach what is normal before anything is raised.")
    ] = None,
    url: Url = DEFAULT_URL,
    key: Key = None,
    project: Project = None,
    as_json: AsJson = False,
) -> None:
    """Say what the watch would have said of the stored runs. Changes nothing.

    With --json: the API's answer, {"runs", "deploys", "findings": [...], "streams": [...], "promise", ...}.

    \b
    Examples:
      quarterdeck rules try
      quarterdeck rules try --since -7d --alarms-per-month 4 --tolerance 0.2 --cohort-by agent,tenant --json
    """
    asked: dict[str, Any] = {"since": since, "until": until, "alarms_per_month": alarms_per_month}
    asked |= {"tolerance": tolerance, "warmup_runs": warmup_runs}
    asked["cohort_by"] = None if cohort_by is None else [name.strip() for name in cohort_by.split(",") if name.strip()]
    document = {name: value for name, value in asked.items() if value is not None}
    with ApiClient(url, key) as client:
        found = client.post_json("rules/try", document, project_parameter(project))
    if as_json:
        output.print_json(found)
        return
    for line in headline(found):
        typer.echo(line)
    if found["findings"]:
        typer.echo("")
        output.print_table(COLUMNS, (row(one) for one in found["findings"]))
    if found["streams"]:
        typer.echo("")
        output.print_table(STREAM_COLUMNS, (stream_row(one) for one in found["streams"][:_STREAMS_SHOWN]))


def headline(found: Mapping[str, Any]) -> Iterator[str]:
    """How much was looked at, and what came of it."""
    alarms = sum(one["state"] == "reached" for one in found["findings"])
    older = ", older ones left out" if found["truncated"] else ""
    yield (
        f"{output.number(found['runs'])} runs from {found['since']} to {found['until']}{older}: "
        f"{found['deploys']} deploys, {alarms} alarms, {found['rising']} that only rose."
    )
    promise = found["promise"]
    yield (
        f"Promised: at most {promise['alarms_per_month']:g} false alarms a month; "
        f"{promise['expected_so_far']:.2g} were to be expected in this time if nothing had changed."
    )


def row(finding: Mapping[str, Any]) -> list[str]:
    """One finding as cells of COLUMNS."""
    return [finding["at"], finding["state"], finding["title"], _of(finding["where"]), *_numbers(finding, finding["n"])]


def stream_row(stream: Mapping[str, Any]) -> list[str]:
    """One stream as cells of STREAM_COLUMNS."""
    needed = stream["runs_needed"]
    where = stream["cohort"] | ({stream["deploy"]["part"]: stream["deploy"]["new"]} if stream["deploy"] else {})
    return [
        stream["title"],
        _of(where),
        *_numbers(stream, stream["runs"]),
        output.UNKNOWN if needed is None else output.number(needed),
    ]


def _numbers(one: Mapping[str, Any], runs: int) -> list[str]:
    threshold = output.UNKNOWN if one["threshold"] is None else f"{one['threshold']:,.0f}"
    evidence = f"{one['evidence']:,.0f} / {threshold}"
    return [_value(one["now"]), _value(one["before"]), output.number(runs), evidence]


def _of(where: Mapping[str, str | None]) -> str:
    return " ".join(f"{name}={value or '(unknown)'}" for name, value in where.items()) or "all runs"


def _value(measured: Mapping[str, Any]) -> str:
    value = measured["value"]
    return output.UNKNOWN if value is None else f"{value:.3g}"
