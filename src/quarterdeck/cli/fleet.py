"""`quarterdeck fleet`: the state of the fleet in words, then by cohort."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from quarterdeck.cli import output, stream_words
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
from quarterdeck.errors import BadInput
from quarterdeck.store.interface import COHORT_KEYS

STREAMS_MAX = 10_000
HISTORY_COLUMNS = (("at", "left"), ("value", "right"), ("evidence", "right"))
_TOP = 3
FEWEST_TO_JUDGE = 20  # below it a share of failures says little, and the page says so too


def register(app: typer.Typer) -> None:
    app.command("fleet")(fleet)


def fleet(
    *,
    by: Annotated[
        str, typer.Option("--by", help=f"Comma-separated, of {', '.join(COHORT_KEYS)}.")
    ] = "agent,prompt_version,model",
    since: Annotated[str, typer.Option("--since", help="RFC 3339, epoch milliseconds, or relative: -60m.")] = "-60m",
    until: Annotated[str | None, typer.Option("--until", help="As --since; half open; default now.")] = None,
    signals: Annotated[
        bool, typer.Option("--signals", help="Every stream and what the promise rests on, instead of cohorts.")
    ] = False,
    signal: Annotated[
        str | None,
        typer.Option("--signal", metavar="STREAM", help="One stream over time, by the id that --signals shows."),
    ] = None,
    url: Url = DEFAULT_URL,
    key: Key = None,
    project: Project = None,
    as_json: AsJson = False,
) -> None:
    """Say in words what the fleet is doing, what moved, then by cohort.

    With --json: {"fleet": {...}, "cohorts": [{...}, ...]}; with --signals {"items": [{...}, ...], "promise": {...}}; with
    --signal the API's answer, {"stream_id", "signal", "history": [...], "exemplars": [...], ...}.

    \b
    Examples:
      quarterdeck fleet
      quarterdeck fleet --by agent,prompt_version --since -24h --json
      quarterdeck fleet --signals
    """
    if signal is not None or signals:
        with ApiClient(url, key) as client:
            _streams(client, project_parameter(project), signal, as_json=as_json)
        return
    keys = cohort_keys(by)
    window = [*project_parameter(project), ("since", since)] + ([("until", until)] if until else [])
    with ApiClient(url, key) as client:
        now = client.get("fleet", window)
        cohorts = client.get("cohorts", [*window, ("by", ",".join(keys))])["items"]
    if as_json:
        output.print_json({"fleet": now, "cohorts": cohorts})
        return
    typer.echo(now["in_words"])
    for line in concentration_lines(now["concentration"]):
        typer.echo(line)
    _watched(now)
    typer.echo("")
    output.print_table(columns(keys), (row(cohort, keys) for cohort in cohorts))


def _watched(now: Mapping[str, Any]) -> None:
    """The promise, the mix and what moved; nothing of a fleet that nobody watches."""
    if now["promise"] is None:
        return
    typer.echo(stream_words.promise_line(now["promise"]))
    for line in stream_words.mix_lines(now["mix"]):
        typer.echo(line)
    if now["moved"]:
        typer.echo("")
        output.print_table(stream_words.COLUMNS, (stream_words.row(stream) for stream in now["moved"]))


def _streams(client: ApiClient, scope: Parameters, stream_id: str | None, *, as_json: bool) -> None:
    """All streams with the promise, or one over time."""
    if stream_id is not None:
        found = client.get(f"signals/{segment(stream_id)}", scope)
        if as_json:
            output.print_json(found)
            return
        for line in stream_words.stream_lines(found):
            typer.echo(line)
        typer.echo("")
        output.print_table(HISTORY_COLUMNS, stream_words.history_rows(found))
        return
    promise = client.get("signals", [*scope, ("limit", "1")])["promise"]
    items = list(client.pages("signals", scope, limit=STREAMS_MAX))
    if as_json:
        output.print_json({"items": items, "promise": promise})
        return
    typer.echo(stream_words.promise_line(promise))
    for line in stream_words.condition_lines(promise):
        typer.echo(line)
    typer.echo("")
    output.print_table(stream_words.COLUMNS, (stream_words.row(stream) for stream in items))


def concentration_lines(found: Mapping[str, Any]) -> list[str]:
    """`80 % of tokens by 3 of 14 cohorts (52 % support-agent v7 gpt-4.1, ...)`; nothing where nothing is known."""
    lines = []
    for name, words in (("tokens", "tokens"), ("cost_usd", "dollars")):
        part = found[name]
        if part is not None:
            top = ", ".join(f"{output.percent(one['share'])} {_named(one['keys'])}" for one in part["top"][:_TOP])
            of = f"{part['of']:,} {'cohort' if part['of'] == 1 else 'cohorts'}"
            lines.append(f"{output.percent(part['share_80'])} of {words} by {part['cohorts']:,} of {of} ({top})")
    return lines


def _named(keys: Mapping[str, str | None]) -> str:
    return " ".join(value for value in keys.values() if value) or "unknown"


def cohort_keys(by: str) -> list[str]:
    """The names in `by`. Raises BadInput for one that is no cohort key."""
    keys = [word.strip() for word in by.split(",") if word.strip()]
    wrong = [word for word in keys if word not in COHORT_KEYS]
    if wrong or not keys:
        msg = f"--by {by!r}: expected names of {', '.join(COHORT_KEYS)}, separated by commas"
        raise BadInput(msg)
    return keys


def columns(keys: Sequence[str]) -> list[tuple[str, str]]:
    """Titles of the cohort table: the keys, then the numbers."""
    titles = ("runs", "live", "failing", "tokens p50", "tokens p95", "$ per success", "duration p50", "duration p95")
    return [(key, "left") for key in keys] + [(title, "right") for title in titles]


def row(cohort: Mapping[str, Any], keys: Sequence[str]) -> list[str]:
    """One cohort as cells of `columns`."""
    return [
        *(cohort["keys"].get(key) or output.UNKNOWN for key in keys),
        output.number(cohort["runs"]),
        output.number(cohort["live"]),
        failing(cohort["failing"]),
        output.number(cohort["tokens"]["p50"]),
        output.number(cohort["tokens"]["p95"]),
        output.dollars(cohort["cost_per_success_usd"]),
        output.duration(cohort["duration_s"]["p50"]),
        output.duration(cohort["duration_s"]["p95"]),
    ]


def failing(rate: Mapping[str, Any] | None) -> str:
    """The share of failed runs with its interval, or why there is none."""
    if rate is None:
        return output.UNKNOWN
    if rate["n"] < FEWEST_TO_JUDGE:
        return f"{rate['n']} {'run' if rate['n'] == 1 else 'runs'}, too few to judge"
    return output.rate(rate)
