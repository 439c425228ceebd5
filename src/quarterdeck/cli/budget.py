"""`quarterdeck budget`: what would go into a model's context window (`plan`), and policies on recorded runs (`replay`)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from quarterdeck.cli import output
from quarterdeck.cli.budget_replay import replay
from quarterdeck.cli.client import AsJson

if TYPE_CHECKING:
    from quarterdeck.control.budget import ContextPlan

CUTS_SHOWN = 20


def register(app: typer.Typer) -> None:
    group = typer.Typer(
        help="Say what goes into a model's context window and why, or try a policy for it on recorded runs.",
        no_args_is_help=True,
    )
    group.command("plan")(plan)
    group.command("replay")(replay)
    app.add_typer(group, name="budget")


File = Annotated[
    Path,
    typer.Argument(
        metavar="FILE",
        help='Messages of the OpenAI or Anthropic shape: a JSON list, {"messages": [...], "system"?, "tools"?}, or JSON lines '
        "(.jsonl, also .gz, .zst).",
    ),
]
Window = Annotated[
    int | None, typer.Option(min=1, help="Tokens of prompt and answer. Default: 0.65 of what the model advertises.")
]
Model = Annotated[str, typer.Option(help="The model's name; common ones have a known window.")]
Reserve = Annotated[
    int | None, typer.Option(min=0, help="Tokens kept free for the answer. Default: a tenth, at most 4,096.")
]


def plan(
    file: File,
    *,
    model: Model = "",
    window: Window = None,
    reserve_output: Reserve = None,
    as_json: AsJson = False,
) -> None:
    """Say what of a conversation goes into the window of its next turn, what is left out, and why.

    With --json: {"tokens", "limit", "window", "occupancy", "crowded", "cached", "written", "cost", "recut", "turn", "consumers": {kind:
    tokens}, "breakpoints", "placed": [{"id", "kind", "form", "tokens"}], "cuts": [{"id", "kind", "form", "tokens_before",
    "tokens_after", "why"}], "warnings"}. Ids are the numbers of the messages or their parts.

    \b
    Examples:
      quarterdeck budget plan conversation.json --model gpt-4.1
      quarterdeck budget plan conversation.jsonl --window 8000 --json
    """
    from quarterdeck.light.budget_plan import plan_file

    found = plan_file(file, model=model, window=window, reserve_output=reserve_output)
    if as_json:
        output.print_json(found.describe())
        return
    _print(found)


def _print(found: ContextPlan) -> None:
    typer.echo(
        f"{output.number(found.tokens)} of {output.number(found.limit)} tokens ({output.percent(found.occupancy)}) in "
        f"{output.number(len(found.placed))} parts; {output.number(len(found.cuts))} are not there in full."
    )
    output.print_table(
        [("kind", "left"), ("tokens", "right")],
        [(kind, output.number(tokens)) for kind, tokens in sorted(found.consumers.items(), key=lambda one: -one[1])],
    )
    if found.cuts:
        output.print_table(
            [("part", "id"), ("kind", "left"), ("form", "left"), ("was", "right"), ("is", "right"), ("why", "left")],
            [
                (cut.id, cut.kind, cut.form, output.number(cut.tokens_before), output.number(cut.tokens_after), cut.why)
                for cut in found.cuts[:CUTS_SHOWN]
            ],
        )
    if len(found.cuts) > CUTS_SHOWN:
        output.remark(f"{len(found.cuts) - CUTS_SHOWN:,} more; --json has all")
    for warning in found.warnings:
        output.remark(warning)
