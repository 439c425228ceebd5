"""`quarterdeck replay PATH`: send recorded runs into a running server and wait until they are readable."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from quarterdeck.cli.client import AsJson, Key
from quarterdeck.cli.output import dollars, number, print_json, print_table, remark
from quarterdeck.errors import BadInput


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("replay")(replay_path)


def replay_path(
    path: Annotated[Path, typer.Argument(help="A file or folder of recordings.")],
    *,
    to: Annotated[
        str, typer.Option("--to", envvar="QUARTERDECK_OTLP_URL", help="OTLP/HTTP or API address.")
    ] = "http://127.0.0.1:4318",
    speed: Annotated[
        str, typer.Option("--speed", help='"max" sends recorded times at once; a factor moves them to now and paces.')
    ] = "max",
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Send recorded runs into a running server, and return when they can be read.

    PATH holds OTLP JSON lines, exported Langfuse traces, recorded Vercel AI SDK spans, or tau2 retail runs.
    With --json: what was sent: {"runs", "spans", "model_calls", "tool_calls", "tokens": {...}, "cost_usd", ...}.

    \b
    Examples:
      quarterdeck replay spans.jsonl
      quarterdeck replay ../shared/data/tau2_retail_runs/dev --to http://127.0.0.1:4318 --json
      quarterdeck replay spans.jsonl --speed 60
    """
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    from quarterdeck.simulate.replay import Progress as Step
    from quarterdeck.simulate.replay import replay

    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    terminal = Console(stderr=True)
    with Progress(*columns, console=terminal, transient=True, disable=not terminal.is_terminal) as bar:
        task = bar.add_task("reading")

        def show(step: Step) -> None:
            bar.update(task, description=f"{step.phase}: {step.spans:,} spans")

        headers = {"authorization": f"Bearer {key}"} if key else {}
        summary = replay(path, to, speed=factor(speed), headers=headers, progress=show, warn=remark)
    document = summary.as_json()
    if as_json:
        print_json(document)
        return
    tokens = summary.tokens
    rows = [(name, number(document[name])) for name in ("runs", "spans", "model_calls", "tool_calls")]
    rows += [(f"tokens {name}", number(tokens[name])) for name in tokens]
    rows += [("reported cost", dollars(summary.cost_usd)), ("repeated spans", number(summary.repeated_spans))]
    print_table([("sent", "left"), ("", "right")], rows)


def factor(text: str) -> float | None:
    """`max` is None; else a number above 0. Raises BadInput."""
    if text == "max":
        return None
    try:
        value = float(text.removesuffix("x"))
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise BadInput(f"--speed {text!r}: expected a factor above 0, or max", mend="for example --speed 60")
    return value
