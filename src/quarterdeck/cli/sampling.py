"""`quarterdeck sampling show|try|search`: which bodies are kept, what another policy would keep, and what they say."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from quarterdeck.cli import output
from quarterdeck.cli.client import DEFAULT_URL, ApiClient, AsJson, Key, Project, Url, project_parameter

_KEEP_RULES = ("error", "guardrail", "negative_feedback", "budget_breach", "alert")
_NAME_CHARS = 70
_UNITS = ("B", "kB", "MB", "GB", "TB")
_ODDS_DIGITS = 3

Since = Annotated[str, typer.Option("--since", help="RFC 3339, epoch milliseconds, or relative: -24h.")]
Until = Annotated[str | None, typer.Option("--until", help="As --since; half open; default now.")]


def register(app: typer.Typer) -> None:
    group = typer.Typer(
        rich_markup_mode=None, help="Show which bodies are kept, try another policy, or search among them."
    )
    group.command("show")(show)
    group.command("try")(try_policy)
    group.command("search")(search)
    app.add_typer(group, name="sampling")


def show(
    *,
    since: Since = "-24h",
    until: Until = None,
    url: Url = DEFAULT_URL,
    key: Key = None,
    project: Project = None,
    as_json: AsJson = False,
) -> None:
    """Show the policy in force, and what it kept by reason and stratum.

    With --json: the API's answer, {"policy", "sessions", "kept", "reasons": [...], "strata": [...], ...}.

    \b
    Examples:
      quarterdeck sampling show
      quarterdeck sampling show --since -7d --json
    """
    window = [("since", since)] + ([("until", until)] if until else [])
    with ApiClient(url, key) as client:
        found = client.get("sampling", [*project_parameter(project), *window])
    _print(found, as_json=as_json)


def try_policy(
    *,
    reservoir: Annotated[
        int | None, typer.Option("--reservoir", min=1, max=1_000_000, help="Sessions kept per stratum and window.")
    ] = None,
    keep: Annotated[
        list[str] | None,
        typer.Option(
            "--keep", metavar="RULE", help=f"Rule that keeps for certain, of {', '.join(_KEEP_RULES)}; repeatable."
        ),
    ] = None,
    top_share: Annotated[
        float | None, typer.Option("--top-share", min=0, max=1, help="Share kept for its cost, and for its duration.")
    ] = None,
    mode: Annotated[str | None, typer.Option("--mode", help="reservoir, all or off.")] = None,
    since: Since = "-24h",
    until: Until = None,
    url: Url = DEFAULT_URL,
    key: Key = None,
    project: Project = None,
    as_json: AsJson = False,
) -> None:
    """Say what a policy would keep of the stored history. Changes nothing; what is left out is as in force.

    With --json: the API's answer, as of `sampling show`; `expected_relative_error` says how good totals from it would be.

    \b
    Examples:
      quarterdeck sampling try --reservoir 50
      quarterdeck sampling try --reservoir 500 --keep error --keep alert --since -7d --json
    """
    wanted = {"reservoir": reservoir, "keep": keep or None, "top_share": top_share, "mode": mode}
    wanted |= {"since": since, "until": until}
    body = json.dumps({name: value for name, value in wanted.items() if value is not None}).encode()
    with ApiClient(url, key) as client:
        found = client.post("sampling/try", body, "application/json", project_parameter(project))
    _print(found, as_json=as_json)


def search(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="Part of a message or payload, in any case.")],
    *,
    since: Since = "-60m",
    until: Until = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=500, help="At most this many runs.")] = 20,
    url: Url = DEFAULT_URL,
    key: Key = None,
    project: Project = None,
    as_json: AsJson = False,
) -> None:
    """Find runs whose kept bodies hold a text, and estimate how many of all runs say it.

    With --json: the API's answer, {"items": [...], "matches", "truncated", "estimated": {"share", ...}, ...}.

    \b
    Examples:
      quarterdeck sampling search "refund denied"
      quarterdeck sampling search "refund denied" --since -24h --json
    """
    window = [("q", text), ("since", since), ("limit", str(limit))] + ([("until", until)] if until else [])
    with ApiClient(url, key) as client:
        found = client.get("bodies/search", [*project_parameter(project), *window])
    if as_json:
        output.print_json(found)
        return
    typer.echo(search_words(found))
    typer.echo("")
    columns = [("run", "id"), ("agent", "left"), ("started", "left"), ("text", "left")]
    output.print_table(
        columns,
        (
            [m["run_id"], m["agent"] or output.UNKNOWN, m["started_at"], " ".join(m["excerpt"].split())]
            for m in found["items"]
        ),
    )


def _print(found: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        output.print_json(found)
        return
    typer.echo(policy_words(found["policy"]))
    typer.echo(kept_words(found))
    typer.echo("")
    output.print_table(
        [("reason", "left"), ("sessions", "right"), ("kept", "right")],
        ([r["reason"], output.number(r["sessions"]), output.number(r["kept"])] for r in found["reasons"]),
    )
    columns = [("stratum", "left"), ("sessions", "right"), ("kept", "right"), ("odds", "right")]
    output.print_table(columns, (stratum_row(stratum) for stratum in found["strata"]))


def policy_words(policy: Mapping[str, Any]) -> str:
    """The policy in a sentence."""
    if policy["mode"] == "all":
        return "Every body is kept."
    if policy["mode"] == "off":
        return "Nothing is decided: bodies stay until they expire."
    always = ", ".join(policy["keep"]) or "nothing by rule"
    return (
        f"Kept for certain: {always}, and the top {percent(policy['top_share'])} by cost and by duration. "
        f"Of the rest {policy['reservoir']:,} sessions per stratum and {policy['window_s'] // 60:,} min."
    )


def kept_words(found: Mapping[str, Any]) -> str:
    """What was or would be kept, in a sentence or two."""
    there = found["kept"] + found["undecided"]
    words = f"{there:,} of {found['sessions']:,} sessions ({found['runs']:,} runs) keep their bodies"
    if found["undecided"]:
        words += f", {found['undecided']:,} of them not decided on yet"
    sizes = found["text_bytes"]
    words += f"; about {size(sizes['kept'])} of {size(sizes['all'])} of text."
    errors = {name: error for name, error in found["expected_relative_error"].items() if error}
    if errors:
        told = ", ".join(f"{name} {percent(error)}" for name, error in errors.items())
        words += f" Standard error of totals estimated from them: {told}."
    if found["unknown"]:
        told = ", ".join(f"{name} {n:,}" for name, n in found["unknown"].items())
        words += f" Sessions that do not say: {told}."
    return words + (" Only the newest runs were looked at." if found["truncated"] else "")


def stratum_row(stratum: Mapping[str, Any]) -> Sequence[str]:
    """Name, seen, kept, odds."""
    low, high = stratum["probability_low"], stratum["probability_high"]
    odds = output.UNKNOWN
    if low is not None:
        odds = f"{low:.{_ODDS_DIGITS}f}" if low == high else f"{low:.{_ODDS_DIGITS}f}–{high:.{_ODDS_DIGITS}f}"
    name = stratum["stratum"]
    shown = name if len(name) <= _NAME_CHARS else name[: _NAME_CHARS - 1] + "…"
    return [shown, output.number(stratum["seen"]), output.number(stratum["kept"]), odds]


def search_words(found: Mapping[str, Any]) -> str:
    """The estimate first, then what it rests on."""
    share = found["estimated"]["share"]
    if share is None:
        words = f"Not enough to say how many of all runs say it: {found['estimated']['insufficient']}."
    else:
        words = f"{output.rate(share)} of all {found['runs']:,} runs say it."
    words += f" {found['matches']:,} of {found['runs_read']:,} runs that were read do"
    words += f"; {found['runs_without_bodies']:,} runs have no bodies." if found["runs_without_bodies"] else "."
    if found["truncated"]:
        words += " A random part of the kept bodies was read."
    if found["estimated"]["weight_unknown"]:
        words += f" {found['estimated']['weight_unknown']:,} sessions are left out: their odds are unknown."
    return words


def percent(share: float) -> str:
    """`1.0 %`."""
    return f"{share * 100:.1f} %"


def size(count: float) -> str:
    """`1.2 MB`."""
    for unit in _UNITS[:-1]:
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} {_UNITS[-1]}"
