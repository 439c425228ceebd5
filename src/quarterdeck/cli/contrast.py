"""`quarterdeck contrast`: what one selection of runs has that another has not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from quarterdeck.cli import output
from quarterdeck.cli.client import DEFAULT_URL, ApiClient, AsJson, Key, Project, Url, project_parameter
from quarterdeck.store.interface import CONTRAST_KEYS

COLUMNS = (
    ("attribute", "left"),
    ("value", "left"),
    ("where", "right"),
    ("against", "right"),
    ("lift", "right"),
    ("difference (95 %)", "right"),
    ("verdict", "left"),
)

SLICE_COLUMNS = (
    ("more of these", "left"),
    ("where", "right"),
    ("against", "right"),
    ("lift", "right"),
    ("score", "right"),
)
EXEMPLAR_KEYS = ("role", "run_id", "because")
EXEMPLAR_COLUMNS = (("run to open", "left"), ("run id", "id"), ("because", "left"))

Selection = Annotated[
    list[str] | None,
    typer.Option("--where", "-w", metavar="WORD", help="NAME=VALUE, or a word such as failed; repeatable."),
]
Against = Annotated[
    list[str] | None,
    typer.Option("--against", "-a", metavar="WORD", help="As --where; default: the rest of the window."),
]


def register(app: typer.Typer) -> None:
    app.command("contrast")(contrast)


def contrast(
    *,
    where: Selection = None,
    against: Against = None,
    where_since: Annotated[
        str | None,
        typer.Option("--where-since", help="Narrow --where to runs started from here on; it then needs no word."),
    ] = None,
    where_until: Annotated[
        str | None, typer.Option("--where-until", help="As --where-since: to runs started before.")
    ] = None,
    attributes: Annotated[
        str | None, typer.Option("--attributes", help=f"Comma-separated, of {', '.join(CONTRAST_KEYS)}.")
    ] = None,
    since: Annotated[str, typer.Option("--since", help="RFC 3339, epoch milliseconds, or relative: -60m.")] = "-60m",
    until: Annotated[str | None, typer.Option("--until", help="As --since; half open; default now.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=500, help="At most this many values.")] = 20,
    url: Url = DEFAULT_URL,
    key: Key = None,
    project: Project = None,
    as_json: AsJson = False,
) -> None:
    """Say what failing runs, or any other selection, have that the others have not.

    With --json: the API's answer, {"where_runs", "against_runs", "items": [{...}, ...], ...}.

    \b
    Examples:
      quarterdeck contrast
      quarterdeck contrast --where agent=support-agent --where failed --against agent=support-agent --json
      quarterdeck contrast --since -60m --where-since -10m
    """
    parameters = [*project_parameter(project), ("since", since), ("limit", str(limit))]
    parameters += [("where", word) for word in where or ()] + [("against", word) for word in against or ()]
    optional = {"until": until, "attributes": attributes, "where_since": where_since, "where_until": where_until}
    parameters += [(name, value) for name, value in optional.items() if value]
    with ApiClient(url, key) as client:
        found = client.get("contrast", parameters)
    if as_json:
        output.print_json(found)
        return
    typer.echo(headline(found))
    if found["enough_data"]:
        typer.echo(found["in_words"])
    typer.echo("")
    if found["slices"]:
        output.print_table(SLICE_COLUMNS, (slice_row(one) for one in found["slices"]))
        typer.echo("")
    output.print_table(COLUMNS, (row(item) for item in found["items"]))
    if found["exemplars"]:
        typer.echo("")
        output.print_table(EXEMPLAR_COLUMNS, ([one[name] for name in EXEMPLAR_KEYS] for one in found["exemplars"]))


def headline(found: Mapping[str, Any]) -> str:
    """Both sides in words, and whether they suffice."""
    against = ", ".join(found["against"]) or "the rest"
    part = f"from {found['where_since']} to {found['where_until']}" if found.get("where_since") else ""
    where = " ".join(filter(None, (", ".join(found["where"]), part)))
    sides = (
        f"{output.number(found['where_runs'])} runs where {where}, "
        f"{output.number(found['against_runs'])} against ({against})."
    )
    if not found["enough_data"]:
        return f"{sides} Not enough data: each side needs {found['runs_needed']} runs."
    return f"{sides} {output.number(found['compared'])} values compared."


def row(item: Mapping[str, Any]) -> list[str]:
    """One value as the cells of `COLUMNS`."""
    return [
        item["key"],
        item["value"] if item["value"] is not None else "(unknown)",
        output.rate(item["where"]),
        output.rate(item["against"]),
        output.UNKNOWN if item["lift"] is None else f"{item['lift']:.2f}×",
        difference(item["difference"]),
        item["verdict"].replace("_", " "),
    ]


def slice_row(found: Mapping[str, Any]) -> list[str]:
    """One slice as the cells of `SLICE_COLUMNS`."""
    keys = (f"{name}={'(unknown)' if value is None else value}" for name, value in found["keys"].items())
    return [
        ", ".join(keys),
        output.rate(found["where"]),
        output.rate(found["against"]),
        output.UNKNOWN if found["lift"] is None else f"{found['lift']:.2f}×",
        output.number(found["score"], digits=1),
    ]


def difference(value: Mapping[str, Any] | None) -> str:
    """`+46 points (38 to 53)`; an em dash where a side is empty."""
    if value is None:
        return output.UNKNOWN
    return f"{value['value'] * 100:+.0f} points ({value['low'] * 100:+.0f} to {value['high'] * 100:+.0f})"
