"""`quarterdeck admission`: what providers' limits leave now (`status`), and a policy tried on a virtual clock (`simulate`)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from quarterdeck.cli import output
from quarterdeck.cli.client import DEFAULT_URL, ApiClient, AsJson, Key, Project, Url, project_parameter
from quarterdeck.errors import BadInput

OURS = "quarterdeck"


def register(app: typer.Typer) -> None:
    group = typer.Typer(
        help="Show what providers' limits leave now and who waits, or try a token ledger on recorded calls.",
        no_args_is_help=True,
    )
    group.command("status")(status)
    group.command("simulate")(simulate)
    app.add_typer(group, name="admission")


File = Annotated[
    Path,
    typer.Argument(
        metavar="FILE",
        help="Model calls as CSV, JSON lines or Parquet (also .gz): tokens_input, tokens_output, and if known "
        "arrived_s, tokens_cached, tenant, lane, task.",
    ),
]
Meter = Annotated[
    str,
    typer.Option(
        help="The provider's rule: openai, azure, anthropic, bedrock_runtime, bedrock_mantle, gemini, generic."
    ),
]
Policy = Annotated[
    str,
    typer.Option(
        help="quarterdeck, or a peer's: sdk_retry, semaphore, window, window_wake, leaky, aiolimiter, cookbook, adaptive."
    ),
]
Limits = Annotated[
    str | None,
    typer.Option(metavar="JSON", help='Per minute: {"requests": 4000, "input": 450000, "output": 90000, "total": …}.'),
]
Arrivals = Annotated[Literal["backlog", "recorded"], typer.Option(help="All at once, or at their recorded times.")]


def status(*, url: Url = DEFAULT_URL, key: Key = None, project: Project = None, as_json: AsJson = False) -> None:
    """Show what each provider account has left, who waits for what, and what was turned away.

    With --json: the document of GET /api/v1/limits.

    \b
    Examples:
      quarterdeck admission status
      quarterdeck admission status --json
    """
    from quarterdeck.cli.limits_words import limits_words

    with ApiClient(url, key) as client:
        found = client.get("limits", project_parameter(project))
    if as_json:
        output.print_json(found)
        return
    typer.echo("\n".join(limits_words(found)))


def simulate(
    file: File,
    *,
    meter: Meter = "anthropic",
    policy: Policy = OURS,
    limits: Limits = None,
    arrivals: Arrivals = "backlog",
    agents: Annotated[int, typer.Option(min=1, max=100_000, help="How many take jobs, one after the other.")] = 256,
    max_tokens: Annotated[int, typer.Option(min=1, max=10_000_000, help="What every caller asks for.")] = 4096,
    seed: Annotated[int, typer.Option(min=0, help="Of delays on the wire; the same seed gives the same numbers.")] = 7,
    as_json: AsJson = False,
) -> None:
    """Try what a token ledger in front of a provider makes of its limits.

    With --json: {"completed", "fraction_of_limit", "rejections_per_request", "truncated_fraction", "wait_s": {"p50", "p95",
    "p99"}, "jain_tenants", ...}. The limit is what physics needs for a backlog, (sum − burst) ÷ rate, and a scheduler that
    knows every answer for recorded arrivals.

    \b
    Examples:
      quarterdeck admission simulate calls.csv --meter anthropic --policy sdk_retry
      quarterdeck admission simulate calls.csv --meter openai --limits '{"total": 540000}' --json
    """
    from quarterdeck.light.simulate import simulate_file

    found = simulate_file(
        file,
        meter=meter,
        policy=policy,
        limits=_limits(limits),
        recorded=arrivals == "recorded",
        agents=agents,
        max_tokens=max_tokens,
        seed=seed,
        progress=_Progress(),
    )
    if as_json:
        output.print_json(found)
        return
    typer.echo(_words(found))


def _limits(text: str | None) -> dict[str, float] | None:
    if text is None:
        return None
    try:
        given = json.loads(text)
        return {str(name): float(value) for name, value in given.items()}
    except (ValueError, TypeError, AttributeError) as error:
        raise BadInput(
            f"--limits is not a JSON object of numbers: {error}",
            mend='write it as \'{"input": 450000, "output": 90000}\'',
        ) from error


class _Progress:
    """A line at every tenth of the calls."""

    def __init__(self) -> None:
        self._told = 0

    def __call__(self, done: int, of: int) -> None:
        tenth = done * 10 // max(of, 1)
        if tenth > self._told:
            self._told = tenth
            output.remark(f"{done:,} of {of:,} calls are done")


def _words(found: Mapping[str, Any]) -> str:
    share = output.UNKNOWN if found["fraction_of_limit"] is None else f"{found['fraction_of_limit']:.1%}"
    wait = found["wait_s"]
    lines = [
        f"{output.number(found['completed'])} of {output.number(found['requests'])} calls completed in "
        f"{output.duration(found['makespan_s'])}: {share} of the limit.",
        f"{found['rejections_per_request']:.4f} rejections a request, {found['truncated_fraction']:.2%} of answers cut.",
        f"Wait: {output.duration(wait['p50'])} in the middle, {output.duration(wait['p99'])} at the 99th percentile.",
    ]
    if found["jain_tenants"] is not None:
        lines.append(f"Fairness among tenants (Jain): {found['jain_tenants']:.3f}.")
    if found["not_completed"]:
        lines.append(f"Not completed: {', '.join(f'{why} {n}' for why, n in found['not_completed'].items())}.")
    return "\n".join(lines)
