"""`quarterdeck runs context`: the contexts of a run's model calls, and what changed between two of them."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from quarterdeck.cli import output
from quarterdeck.cli.client import DEFAULT_URL, ApiClient, AsJson, Key, Project, Url, project_parameter, segment
from quarterdeck.errors import BadInput

CALLS_MAX = 10_000
CONSUMERS = ("tools", "system", "user", "assistant", "tool_results")

COLUMNS = (
    ("call", "id"),
    ("agent", "left"),
    ("tokens in", "right"),
    ("cache read", "right"),
    *((name.replace("_", " "), "right") for name in CONSUMERS),
    ("same as before", "right"),
    ("cut", "right"),
    ("cache", "left"),
)
CHANGES = (("change", "left"), ("what", "left"), ("characters", "right"), ("begins", "left"))
SIGNS = {"kept": "=", "added": "+", "removed": "-", "edited": "~"}

RunId = Annotated[str, typer.Argument(metavar="RUN_ID", help="A run's id, as in `runs list`.")]


def show_context(
    run_id: RunId,
    *,
    diff: Annotated[bool, typer.Option("--diff", help="Compare two model calls instead of listing all.")] = False,
    a: Annotated[str | None, typer.Option("--a", help="With --diff: span id of the earlier call.")] = None,
    b: Annotated[str | None, typer.Option("--b", help="With --diff: span id of the later call.")] = None,
    url: Url = DEFAULT_URL,
    key: Key = None,
    project: Project = None,
    as_json: AsJson = False,
) -> None:
    """Show what models were given to read: per call, or what changed between two calls.

    Without --a and --b the last call is compared with the one before it in its agent. With --json: the document of
    `runs/{run_id}/context`, or of `runs/{run_id}/context/diff`.

    \b
    Examples:
      quarterdeck runs context 0b7c1f52d7f04d0e9e3f6f0f3c1a2b4d
      quarterdeck runs context 0b7c1f52d7f04d0e9e3f6f0f3c1a2b4d --diff --b 00f067aa0ba902b7
    """
    if not diff and (a or b):
        raise BadInput("--a and --b: found without --diff, expected `--diff --a SPAN --b SPAN`")
    path = f"runs/{segment(run_id)}/context"
    with ApiClient(url, key) as client:
        if diff:
            named = [(name, value) for name, value in (("a", a), ("b", b)) if value]
            _print_diff(client.get(f"{path}/diff", [*project_parameter(project), *named]), as_json=as_json)
            return
        calls = list(client.pages(path, project_parameter(project), limit=CALLS_MAX))
    if as_json:
        output.print_json({"items": calls, "calls": len(calls), "next_cursor": None})
        return
    output.print_table(COLUMNS, (call_row(call) for call in calls))
    output.remark(f"{len(calls)} model calls; characters by consumer")


def call_row(call: dict[str, Any]) -> list[str]:
    """One line per call; what is not known is a dash."""
    chars = call["chars"] or dict.fromkeys(CONSUMERS)
    share = None if call["shared_chars"] is None else call["shared_chars"] / max(1, call["chars_total"])
    return [
        call["span_id"],
        call["agent"] or output.UNKNOWN,
        output.number(call["tokens_input"]),
        output.number(call["cache_read"]),
        *(output.number(chars[name]) for name in CONSUMERS),
        output.UNKNOWN if share is None else f"{share:.0%}",
        output.number(call["cut"]),
        call["cache"] if call["chars"] else call["content_state"].replace("_", " "),
    ]


def _print_diff(found: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        output.print_json(found)
        return
    typer.echo(found["in_words"])
    typer.echo("")
    output.print_table(CHANGES, (change_row(change) for change in found["changes"] if change["change"] != "kept"))
    if found["changes_left_out"]:
        output.remark(f"{found['changes_left_out']} further messages are in the sums only")


def change_row(change: dict[str, Any]) -> list[str]:
    """One line per message that is not the same."""
    sizes = [output.number(change[name]) for name in ("chars_a", "chars_b") if change[name] is not None]
    text = change["preview_b"] if change["preview_b"] is not None else change["preview_a"]
    what = change["consumer"].replace("_", " ")
    begins = " ".join((text or "").split())[:80]
    return [f"{SIGNS[change['change']]} {change['change']}", what, " → ".join(sizes), begins]
