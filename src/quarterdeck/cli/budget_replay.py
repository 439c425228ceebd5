"""`quarterdeck budget replay`: what a policy for the context window would have cost on recorded runs, and what it would have lost."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from quarterdeck.cli import output
from quarterdeck.cli.client import AsJson

STEP = 200
"""Runs between two remarks."""

File = Annotated[
    Path,
    typer.Argument(
        metavar="FILE",
        help='Runs as JSON lines (also .gz, .zst) or JSON: {"messages": [...]} each, or one chat message a line.',
    ),
]
Window = Annotated[int, typer.Option("--window", min=1, help="The hard limit of a prompt, in tokens.")]
PolicyName = Annotated[
    str,
    typer.Option(
        "--policy",
        help="quarterdeck, keep_everything, trim_messages, clear_tool_results, evict_half or last_n.",
    ),
]
Join = Annotated[
    int | None,
    typer.Option(min=1, help="Put runs of one model end on end until so many tokens: one long run of a worker."),
]


Head = Annotated[
    int,
    typer.Option(min=0, help="Tokens of instructions and tools ahead of each run that the file does not have; pinned."),
]


def replay(
    file: File,
    *,
    window: Window,
    policy: PolicyName = "quarterdeck",
    head: Head = 0,
    join: Join = None,
    as_json: AsJson = False,
) -> None:
    """Try a policy for the context window on recorded runs.

    With --json: {"policy", "turns", "cost_per_turn", "floor_per_turn", "cache_hit_rate", "invalid_prompts", "pins_lost",
    "reference_recall", "ms_per_turn_p50"}. Costs are in tokens that were not in the cache (read 0.1, write 1.25). The floor
    reads the whole context once and writes what is new. Recall: of the file paths, ids, order and account numbers that a
    call refers to and that were said before the user's last message, the share whose newest mention is still in the prompt.

    \b
    Examples:
      quarterdeck budget replay runs.jsonl --window 8000
      quarterdeck budget replay runs.jsonl.zst --window 40000 --head 4500 --join 80000 --policy trim_messages --json
    """
    from quarterdeck.light.budget_replay import replay_file

    found = replay_file(file, window=window, policy=policy, head=head, join=join, progress=_progress)
    if as_json:
        output.print_json(found)
        return
    typer.echo("\n".join(_words(found)))


def _progress(done: int) -> None:
    if done % STEP == 0:
        output.remark(f"{done:,} runs are done")


def _words(found: Mapping[str, Any]) -> list[str]:
    recall = output.UNKNOWN if found["reference_recall"] is None else f"{found['reference_recall']:.1%}"
    return [
        f"{found['policy']}: {output.number(found['cost_per_turn'])} tokens' worth a turn over "
        f"{output.number(found['turns'])} turns; at least {output.number(found['floor_per_turn'])} with all that fits.",
        f"{found['cache_hit_rate']:.1%} of the prompts came from the cache. Reference recall {recall}.",
        f"{output.number(found['invalid_prompts'])} prompts a provider would refuse, {output.number(found['pins_lost'])} "
        f"pins lost. {found['ms_per_turn_p50']:.3f} ms a turn.",
    ]
