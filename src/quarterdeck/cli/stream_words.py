"""Streams, the promise and the mix as lines and cells: shared by verbs that show what the watch knows.

Refuses: evidence as a probability. It stands beside its threshold.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from quarterdeck.cli import output

COLUMNS = (
    ("signal", "left"),
    ("of", "left"),
    ("now", "right"),
    ("before", "right"),
    ("evidence", "right"),
    ("threshold", "right"),
    ("state", "left"),
    ("stream", "id"),
)
_HOLDS = {True: "holds", False: "does not hold", None: "is not known yet"}


def row(stream: Mapping[str, Any]) -> list[str]:
    """One stream as the cells of COLUMNS."""
    return [
        stream["title"],
        of(stream),
        measured(stream["now"], stream),
        measured(stream["before"], stream),
        output.number(stream["evidence"]),
        output.number(stream["threshold"]),
        state(stream),
        stream["stream_id"],
    ]


def of(stream: Mapping[str, Any]) -> str:
    """`the whole fleet`, `support-agent production`, or `support-agent production, prompt_version v6 → v7`."""
    cohort = named(stream["cohort"]) or "the whole fleet"
    deploy = stream["deploy"]
    if deploy is None:
        return cohort
    return f"{cohort}, {deploy['part']} {deploy['old'] or '(none)'} → {deploy['new']}"


def named(keys: Mapping[str, str | None]) -> str:
    """The values of attributes one after the other; "" for the whole fleet."""
    return " ".join(value or f"({name} unknown)" for name, value in keys.items())


def state(stream: Mapping[str, Any]) -> str:
    """The state, and while nothing is known how many runs it takes."""
    if stream["state"] == "learning" and stream["runs_needed"]:
        return f"learning, {stream['runs_needed']:,} more runs to see a change"
    return str(stream["state"])


def measured(value: Mapping[str, Any], stream: Mapping[str, Any]) -> str:
    """`31 % (26–36 %, n=212)`, `12,400 tokens/run (n=212)`, or why there is no value."""
    if value["value"] is None:
        return value["reason"] or output.UNKNOWN
    if stream["kind"] == "rate":
        low, high = value["low"], value["high"]
        within = (
            "" if low is None or high is None else f"{output.percent(low).removesuffix(' %')}–{output.percent(high)}, "
        )
        return f"{output.percent(value['value'])} ({within}n={value['n']:,})"
    return f"{amount(value['value'])} {stream['unit']} (n={value['n']:,})"


def amount(value: float) -> str:
    """Three digits that count: `12,400`, `3.41`, `0.0123`."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def promise_line(promise: Mapping[str, Any]) -> str:
    """`1 false alarm a month is allowed; 0.4 to be expected since 2026-11-12 if nothing ever changed. 2 of 3 conditions hold.`"""
    allowed = promise["alarms_per_month"]
    alarms = "1 false alarm" if allowed == 1 else f"{allowed:g} false alarms"
    conditions = promise["conditions"]
    holding = sum(one["holds"] is True for one in conditions)
    return (
        f"{alarms} a month {'is' if allowed == 1 else 'are'} allowed; {promise['expected_so_far']:.2g} to be expected since "
        f"{promise['since'][:10]} if nothing ever changed. {holding} of {len(conditions)} conditions "
        f"{'holds' if holding == 1 else 'hold'}."
    )


def condition_lines(promise: Mapping[str, Any]) -> Iterator[str]:
    """`clustering holds: ...`, one a condition."""
    for one in promise["conditions"]:
        yield f"{one['name'].replace('_', ' ')} {_HOLDS[one['holds']]}: {one['because']}"


def mix_lines(shifts: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """`mix: triage billing is 31 % of runs, 22 % before`."""
    for one in shifts:
        now, before = (output.percent(one[side]["value"]) for side in ("now", "before"))
        yield f"mix: {named(one['where'])} is {now} of runs, {before} before"


def stream_lines(stream: Mapping[str, Any]) -> Iterator[str]:
    """One stream in full, but for its history."""
    yield f"{stream['title']} of {of(stream)}: {stream['state']}"
    yield f"now {measured(stream['now'], stream)}, before {measured(stream['before'], stream)}"
    yield f"evidence {output.number(stream['evidence'])} of {output.number(stream['threshold'])}, {stream['runs']:,} runs"
    yield from _foresight(stream)
    for deploy in stream["deploys"]:
        yield f"{_moment(deploy['at'])}  {deploy['part']} {deploy['old'] or '(none)'} → {deploy['new']} ({named(deploy['cohort'])})"
    for alert in stream["alerts"]:
        until = f" to {_moment(alert['to'])}" if alert["to"] else ""
        yield f"{_moment(alert['from'])}{until}  alert {alert['alert_id']} {alert['state']}"
    for exemplar in stream["exemplars"]:
        yield f"run {exemplar['run_id']} ({exemplar['role']}): {exemplar['because']}"


def history_rows(stream: Mapping[str, Any]) -> Iterator[list[str]]:
    """(at, value, evidence), oldest first."""
    for point in stream["history"]:
        value = output.UNKNOWN
        if point["value"] is not None:
            value = output.percent(point["value"]) if stream["kind"] == "rate" else amount(point["value"])
        yield [_moment(point["at"]), value, output.number(point["evidence"])]


def _foresight(stream: Mapping[str, Any]) -> Iterator[str]:
    if stream["runs_needed"] is not None:
        yield f"{stream['runs_needed']:,} more runs until a change of the size that is looked for would be told"
    if stream["sees"] is not None:
        shown = (
            output.percent(stream["sees"]) if stream["kind"] == "rate" else f"{amount(stream['sees'])} {stream['unit']}"
        )
        yield f"as many runs again would tell {shown} or more"


def _moment(text: str) -> str:
    return text[:19].replace("T", " ")
