"""`quarterdeck outcomes post|list|summary|export`: what was found out about runs, beside or after them."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from quarterdeck.cli import output
from quarterdeck.cli.client import DEFAULT_URL, ApiClient, AsJson, Key, Parameters, Project, Url, project_parameter
from quarterdeck.cli.outcome_files import COLUMNS as COLUMNS_POSTED
from quarterdeck.cli.outcome_files import Line, batches, form_of, read_lines
from quarterdeck.errors import BadFile

BATCH = 500
_BAD = 3
_ALL = 10**9
_SHOWN = 20
"""Rejected lines told on stderr; --json tells all."""

COLUMNS = (
    ("name", "left"),
    ("score", "right"),
    ("label", "left"),
    ("found out (UTC)", "left"),
    ("source", "left"),
    ("comment", "left"),
)
SUMMARY_COLUMNS = (
    ("name", "left"),
    ("runs", "right"),
    ("share of runs", "left"),
    ("mean score", "right"),
    ("delay p50", "right"),
    ("delay p90", "right"),
)


def register(app: typer.Typer) -> None:
    group = typer.Typer(
        rich_markup_mode=None,
        help="Post what was found out about runs (scores, labels, feedback), list it, sum it up, or export it.",
    )
    group.command("post")(post)
    group.command("list")(list_outcomes)
    group.command("summary")(summary)
    group.command("export")(export)
    app.add_typer(group, name="outcomes")


def post(
    file: Annotated[str, typer.Argument(metavar="FILE", help="JSON lines or CSV; - reads stdin.")],
    url: Url = DEFAULT_URL,
    key: Key = None,
    project: Project = None,
    as_json: AsJson = False,
) -> None:
    """Post outcomes, one a line: run_id, name, score from 0 to 1, label, at, comment. CSV has these as columns.

    A line that is rejected refuses no other; then the exit code is 3. The same file may be posted again.
    With --json: {"accepted", "unknown_runs", "rejected": [{"line", "reason"}], "noted": [{"line", "reason"}]}.

    \b
    Examples:
      quarterdeck outcomes post thumbs.csv
      quarterdeck outcomes post - --json < scores.jsonl
    """
    with _opened(file) as opened, ApiClient(url, key) as client:
        form, lines = form_of(file, opened)
        answer = send(client, read_lines(file, form, lines), project_parameter(project))
    if as_json:
        output.print_json(answer)
    else:
        typer.echo(words(answer))
        for said in [*answer["rejected"], *answer["noted"]][:_SHOWN]:
            output.remark(f"line {said['line']}: {said['reason']}")
    if answer["rejected"]:
        raise typer.Exit(_BAD)


@contextmanager
def _opened(file: str) -> Iterator[Iterator[str]]:
    """The lines of a file or of stdin. Raises BadFile."""
    try:
        if file == "-":
            yield iter(sys.stdin)
            return
        with Path(file).open(encoding="utf-8", newline="") as lines:
            yield iter(lines)
    except OSError as error:
        raise BadFile(file, f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise BadFile(file, "it is not UTF-8") from error


def send(client: ApiClient, lines: Iterable[Line], parameters: Parameters) -> dict[str, Any]:
    """Post in batches; what became of all lines, rejected ones by the number of their line."""
    accepted = unknown = 0
    rejected: list[dict[str, Any]] = []
    noted: list[dict[str, Any]] = []
    for batch in batches(lines, BATCH):
        whole = [line for line in batch if line.item is not None]
        rejected += [{"line": line.number, "reason": line.reason} for line in batch if line.item is None]
        if not whole:
            continue
        answer = client.post_json("outcomes", {"items": [line.item for line in whole]}, parameters)
        accepted, unknown = accepted + answer["accepted"], unknown + answer["unknown_runs"]
        rejected += _by_line(answer["rejected"], whole)
        noted += _by_line(answer["noted"], whole)
    rejected.sort(key=lambda said: said["line"])
    return {"accepted": accepted, "unknown_runs": unknown, "rejected": rejected, "noted": noted}


def _by_line(found: Sequence[Mapping[str, Any]], lines: Sequence[Line]) -> list[dict[str, Any]]:
    return [{"line": lines[item["index"]].number, "reason": item["reason"]} for item in found]


def words(answer: Mapping[str, Any]) -> str:
    """What became of a post, in a sentence."""
    parts = [f"{answer['accepted']:,} accepted"]
    if answer["unknown_runs"]:
        parts.append(f"{answer['unknown_runs']:,} of them for runs that are not known yet")
    if answer["noted"]:
        parts.append(f"{len(answer['noted']):,} kept as labels")
    if answer["rejected"]:
        parts.append(f"{len(answer['rejected']):,} rejected")
    return ", ".join(parts)


def list_outcomes(
    run_id: Annotated[str, typer.Argument(metavar="RUN_ID", help="A run's id, as in `runs list`.")],
    url: Url = DEFAULT_URL,
    key: Key = None,
    project: Project = None,
    as_json: AsJson = False,
) -> None:
    """List what was found out about a run, oldest first; of a run that is not known yet too.

    With --json: the API's answer, {"items": [{"name", "score", "label", "at", "source", ...}, ...], "next_cursor"}.

    \b
    Example:
      quarterdeck outcomes list 0b7c1f52d7f04d0e9e3f6f0f3c1a2b4d
    """
    with ApiClient(url, key) as client:
        found = client.get("outcomes", [*project_parameter(project), ("run_id", run_id)])
    if as_json:
        output.print_json(found)
        return
    output.print_table(COLUMNS, (row(outcome) for outcome in found["items"]))


def row(outcome: Mapping[str, Any]) -> list[str]:
    """One outcome as the cells of COLUMNS."""
    return [
        outcome["name"],
        output.number(outcome["score"], digits=2),
        outcome["label"] or output.UNKNOWN,
        outcome["at"][:19].replace("T", " "),
        outcome["source"],
        outcome["comment"] or "",
    ]


def summary(
    *,
    since: Annotated[str, typer.Option("--since", help="RFC 3339, epoch milliseconds, or relative: -7d.")] = "-7d",
    until: Annotated[str | None, typer.Option("--until", help="As --since; half open; default now.")] = None,
    url: Url = DEFAULT_URL,
    key: Key = None,
    project: Project = None,
    as_json: AsJson = False,
) -> None:
    """Say by name how many runs have an outcome, and how late it comes.

    With --json: the API's answer, {"since", "until", "runs", "items": [{"name", "n", "share", "delay_s_p50", ...}]}.

    \b
    Example:
      quarterdeck outcomes summary --since -30d
    """
    window = [("since", since)] + ([("until", until)] if until else [])
    with ApiClient(url, key) as client:
        found = client.get("outcomes/summary", [*project_parameter(project), *window])
    if as_json:
        output.print_json(found)
        return
    output.remark(f"{found['runs']:,} runs are over")
    output.print_table(SUMMARY_COLUMNS, (summary_row(item) for item in found["items"]))


def summary_row(item: Mapping[str, Any]) -> list[str]:
    """One name as the cells of SUMMARY_COLUMNS."""
    return [
        item["name"],
        output.number(item["n"]),
        output.rate(item["share"]),
        output.number(item["mean"], digits=2),
        output.duration(item["delay_s_p50"]),
        output.duration(item["delay_s_p90"]),
    ]


def export(
    *,
    to: Annotated[Path, typer.Option("--to", help="File of JSON lines; one that is there is written over.")],
    url: Url = DEFAULT_URL,
    key: Key = None,
    project: Project = None,
    as_json: AsJson = False,
) -> None:
    """Write the posted outcomes of a project as JSON lines, in the form that `outcomes post` reads.

    Those that spans told are left out: the spans tell them again wherever they are imported.
    With --json: {"to", "outcomes"}.

    \b
    Example:
      quarterdeck outcomes export --to outcomes.jsonl
    """
    with ApiClient(url, key) as client:
        lines = (
            json.dumps(posted(outcome), ensure_ascii=False) + "\n"
            for outcome in client.pages("outcomes", project_parameter(project), limit=_ALL)
            if outcome["source"] == "api"
        )
        count = _write(to, lines)
    if as_json:
        output.print_json({"to": str(to), "outcomes": count})
        return
    typer.echo(f"{count:,} outcomes in {to}")


def posted(outcome: Mapping[str, Any]) -> dict[str, Any]:
    """An outcome as it may be posted again."""
    return {name: outcome[name] for name in COLUMNS_POSTED if outcome[name] is not None}


def _write(path: Path, lines: Iterable[str]) -> int:
    """Whole or not at all; answers how many lines. Raises BadFile."""
    beside, count = path.with_name(f"{path.name}.part"), 0
    try:
        with beside.open("w", encoding="utf-8") as file:
            for line in lines:
                file.write(line)
                count += 1
        beside.replace(path)
    except OSError as error:
        raise BadFile(str(path), f"cannot be written: {error.strerror}") from error
    return count
