"""`quarterdeck runs list|show|tail|context`: runs of a running server, over its API."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any

import typer

from quarterdeck.cli import output, run_words
from quarterdeck.cli.client import (
    DEFAULT_URL,
    ApiClient,
    AsJson,
    Key,
    Parameters,
    Project,
    Url,
    project_parameter,
    segment,
)
from quarterdeck.cli.run_context import show_context
from quarterdeck.errors import BadInput
from quarterdeck.store.interface import RUN_FACETS, RUN_SORTS

MAX_LISTED = 10_000
TAIL_EVERY_S = 2.0  # the page's own pace; a tail asks for one page of new runs each time
TAIL_REMEMBERED = 10_000  # run ids kept so that none is printed twice

Where = Annotated[
    list[str] | None,
    typer.Option(
        "--where", "-w", metavar="NAME=VALUE", help="Filter by a facet; repeatable; an empty value = unknown."
    ),
]
Text = Annotated[str | None, typer.Option("--q", help="Part of a run id, trace id, agent or root name.")]
Has = Annotated[
    list[str] | None,
    typer.Option("--has", help="A flag, or orphans, residual, error, over_budget; repeatable.", metavar="WORD"),
]
Since = Annotated[str | None, typer.Option("--since", help="RFC 3339, epoch milliseconds, or relative: -60m, -24h.")]
Until = Annotated[str | None, typer.Option("--until", help="As --since; half open.")]
Sort = Annotated[str, typer.Option("--sort", help=f"One of {', '.join(RUN_SORTS)}; a leading - reverses.")]
Limit = Annotated[int, typer.Option("--limit", min=1, max=MAX_LISTED, help="At most this many.")]

COLUMNS = (
    ("run", "id"),
    ("state", "left"),
    ("agent", "left"),
    ("model", "left"),
    ("started (UTC)", "left"),
    ("duration", "right"),
    ("model calls", "right"),
    ("tool calls", "right"),
    ("tokens", "right"),
    ("promised q90", "right"),
    ("cost", "right"),
    ("flags", "left"),
)


def register(app: typer.Typer) -> None:
    group = typer.Typer(rich_markup_mode=None, help="List runs, show one or its contexts, or follow new ones.")
    group.command("list")(list_runs)
    group.command("show")(show_run)
    group.command("tail")(tail_runs)
    group.command("context")(show_context)
    app.add_typer(group, name="runs")


def list_runs(
    *,
    where: Where = None,
    q: Text = None,
    has: Has = None,
    since: Since = None,
    until: Until = None,
    sort: Sort = "started_at",
    limit: Limit = 50,
    url: Url = DEFAULT_URL,
    key: Key = None,
    project: Project = None,
    as_json: AsJson = False,
) -> None:
    """List runs, newest first.

    With --json: {"items": [Run, ...], "next_cursor": null}.

    \b
    Examples:
      quarterdeck runs list --where agent=support-agent --has error --since -60m
      quarterdeck runs list --sort cost_usd --limit 10 --json
    """
    parameters = filter_parameters(project, where=where, q=q, has=has, since=since, until=until)
    with ApiClient(url, key) as client:
        runs = list(client.pages("runs", [*parameters, ("sort", sort)], limit=limit))
    if as_json:
        output.print_json({"items": runs, "next_cursor": None})
        return
    output.print_table(COLUMNS, (run_row(run) for run in runs))
    output.remark(f"{len(runs)} runs" if len(runs) < limit else f"the first {len(runs)} runs; more with --limit")


def show_run(
    run_id: Annotated[str, typer.Argument(metavar="RUN_ID", help="A run's id, as in `runs list`.")],
    url: Url = DEFAULT_URL,
    key: Key = None,
    project: Project = None,
    as_json: AsJson = False,
) -> None:
    """Show one run: what it did in words, then its tree of spans.

    With --json: {"run": Run, "spans": [RunSpan, ...]}.

    \b
    Example:
      quarterdeck runs show 0b7c1f52d7f04d0e9e3f6f0f3c1a2b4d
    """
    path = f"runs/{segment(run_id)}"
    with ApiClient(url, key) as client:
        run = client.get(path, project_parameter(project))
        spans = list(
            client.pages(f"{path}/spans", project_parameter(project), limit=run["spans"] + run_words.SPARE_NODES)
        )
    if as_json:
        output.print_json({"run": run, "spans": spans})
        return
    for line in run_words.header(run):
        typer.echo(line)
    typer.echo("")
    for line in run_words.tree(spans):
        typer.echo(line)


def tail_runs(
    *,
    where: Where = None,
    q: Text = None,
    has: Has = None,
    count: Annotated[int | None, typer.Option("--count", min=1, help="Stop after this many runs.")] = None,
    url: Url = DEFAULT_URL,
    key: Key = None,
    project: Project = None,
    as_json: AsJson = False,
) -> None:
    """Follow runs as they start, oldest first, until ctrl-C or --count.

    With --json: {"items": [Run, ...]} once --count runs came, which it therefore needs.

    \b
    Examples:
      quarterdeck runs tail --where agent=support-agent
      quarterdeck runs tail --count 5 --json
    """
    if as_json and count is None:
        msg = "--json prints one document, so `runs tail --json` needs --count"
        raise BadInput(msg, mend="for example --count 10")
    parameters = filter_parameters(project, where=where, q=q, has=has, since=None, until=None)
    with ApiClient(url, key) as client:
        found = new_runs(client, parameters, pause=lambda: time.sleep(TAIL_EVERY_S))
        _print_tail(found, count, as_json=as_json)


def new_runs(client: ApiClient, parameters: Parameters, *, pause: Callable[[], None]) -> Iterator[dict[str, Any]]:
    """Runs that start from now on, each once, oldest first. `pause` is called between two looks."""
    seen = dict.fromkeys(run["run_id"] for run in client.pages("runs", parameters, limit=500))
    while True:
        fresh = [run for run in client.pages("runs", parameters, limit=500) if run["run_id"] not in seen]
        for run in reversed(fresh):
            seen[run["run_id"]] = None
            yield run
        while len(seen) > TAIL_REMEMBERED:
            del seen[next(iter(seen))]
        pause()


def filter_parameters(
    project: str | None,
    *,
    where: list[str] | None,
    q: str | None,
    has: list[str] | None,
    since: str | None,
    until: str | None,
) -> list[tuple[str, str]]:
    """Query parameters of a run filter. Raises BadInput for a filter that is not NAME=VALUE of a known facet."""
    parameters = project_parameter(project)
    parameters += [_facet(word) for word in where or ()]
    parameters += [("has", word) for word in has or ()]
    parameters += [(name, value) for name, value in (("q", q), ("since", since), ("until", until)) if value]
    return parameters


def _facet(word: str) -> tuple[str, str]:
    name, equals, value = word.partition("=")
    if not equals or name not in RUN_FACETS:
        msg = f"--where {word!r}: expected NAME=VALUE with NAME one of {', '.join(RUN_FACETS)}"
        raise BadInput(msg)
    return name, value


def _print_tail(found: Iterator[dict[str, Any]], count: int | None, *, as_json: bool) -> None:
    kept: list[dict[str, Any]] = []
    for position, run in enumerate(found, start=1):
        if as_json:
            kept.append(run)
        else:
            typer.echo("  ".join(run_row(run)[:11]))
        if position == count:
            break
    if as_json:
        output.print_json({"items": kept})


def run_row(run: Mapping[str, Any]) -> list[str]:
    """One run as the cells of `COLUMNS`."""
    return [
        run["run_id"],
        run_words.state(run),
        run["agent"] or output.UNKNOWN,
        run["model"] or output.UNKNOWN,
        run["started_at"][:19].replace("T", " "),
        output.duration(run["duration_s"]),
        output.number(run["model_calls"]),
        output.number(run["tool_calls"]),
        run_words.tokens(run),
        run_words.promised(run),
        run_words.cost(run),
        ", ".join(run["flags"]),
    ]
