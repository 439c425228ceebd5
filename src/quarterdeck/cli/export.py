"""`quarterdeck export --to FILE|DIR`: everything of a project out of a running server, in open forms.

Streams page by page and can be interrupted: a file beside the target remembers how far it is, and the same command goes on
there. Refuses to write over a finished export.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from quarterdeck.cli.client import DEFAULT_URL, ApiClient, AsJson, Key, Project, Url, project_parameter
from quarterdeck.cli.output import print_json, remark
from quarterdeck.errors import BadInput

if TYPE_CHECKING:
    from quarterdeck.cli.export_files import Target

Form = Annotated[str, typer.Option("--format", help="otlp (JSON lines) or parquet (a folder of spans and runs).")]


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("export")(export)


def export(
    *,
    to: Annotated[Path, typer.Option("--to", help="File (.jsonl, .jsonl.gz, .jsonl.zst) or folder.")],
    form: Form = "otlp",
    since: Annotated[
        str | None, typer.Option("--since", help="Only spans that started since: RFC 3339 or -24h.")
    ] = None,
    until: Annotated[str | None, typer.Option("--until", help="Only spans that started before.")] = None,
    url: Url = DEFAULT_URL,
    key: Key = None,
    project: Project = None,
    as_json: AsJson = False,
) -> None:
    """Write the spans of a project as OTLP JSON lines, or its spans, runs and outcomes as Parquet.

    OTLP lines can be read by `quarterdeck import`, `quarterdeck replay` and every collector. An export that was
    interrupted goes on where it stopped when the same command is given again.
    With --json: {"to", "format", "spans", "runs", "bytes", "resumed"}.

    \b
    Examples:
      quarterdeck export --to spans.jsonl.zst
      quarterdeck export --to export/ --format parquet --since -7d --json
    """
    from quarterdeck.cli.export_files import open_target

    if form not in ("otlp", "parquet"):
        raise BadInput(f"--format {form!r}: expected otlp or parquet")
    asked = [*project_parameter(project), *_bound("since", since), *_bound("until", until)]
    target = open_target(to, form, {"url": url, "asked": asked})
    with ApiClient(url, key) as client:
        _spans(client, target, [*asked, ("form", "spans" if form == "parquet" else "otlp")])
        runs = _runs(client, target, asked) if form == "parquet" else None
    done = target.finish()
    answer = {
        "to": str(to),
        "format": form,
        "spans": target.spans,
        "runs": runs,
        "bytes": done,
        "resumed": target.resumed,
    }
    if as_json:
        print_json(answer)
        return
    typer.echo(f"{target.spans:,} spans{'' if runs is None else f' and {runs:,} runs'} in {to} ({done:,} bytes)")


def _bound(name: str, value: str | None) -> list[tuple[str, str]]:
    return [] if value is None else [(name, value)]


def _spans(client: ApiClient, target: Target, asked: list[tuple[str, str]]) -> None:
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    terminal = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    if target.resumed:
        remark(f"going on after {target.spans:,} spans")
    with Progress(*columns, console=terminal, transient=True, disable=not terminal.is_terminal) as bar:
        task = bar.add_task("exporting")
        while not target.complete:
            cursor = [] if target.cursor is None else [("cursor", target.cursor)]
            page = client.get("export", [*asked, ("limit", "500"), *cursor])
            target.add(page["items"], page["spans"], page["next_cursor"])
            bar.update(task, description=f"exporting: {target.spans:,} spans")


def _runs(client: ApiClient, target: Target, asked: list[tuple[str, str]]) -> int:
    """All outcomes, then all runs, as the API shows them: the runs last, for they say that an export is whole."""
    target.add_outcomes(list(client.pages("outcomes", [pair for pair in asked if pair[0] == "project"], limit=10**9)))
    rows: list[dict[str, Any]] = list(client.pages("runs", [*asked, ("sort", "-started_at")], limit=10**9))
    target.add_runs(rows)
    return len(rows)
