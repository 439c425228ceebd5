"""The end of a shift, from the answer of `GET handover`: what paged, what waited, what was refuted, what runs out.

Refuses: to leave anything out that the answer has. A section without items says "none".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from quarterdeck.reports.tree import Block, Heading, Items, Paragraph, Report
from quarterdeck.reports.words import moment, slice_words

_SECTIONS = (
    ("paged", "Paged"),
    ("batched", "Waited for the digest"),
    ("held", "Held"),
    ("refuted", "Dismissals that turned out wrong"),
    ("expiring", "Runs out soon"),
    ("incidents", "Incidents"),
    ("drills", "Drills"),
)


def handover(answer: Mapping[str, Any]) -> Report:
    """`answer`: as of GET handover, without its `markdown`."""
    title = f"Handover {moment(answer['since'])} to {moment(answer['until'])}"
    blocks: list[Block] = [Paragraph(answer["in_words"])]
    for name, words in _SECTIONS:
        if answer.get(name) is not None:
            blocks += _section(words, answer[name])
    return Report(title, (*blocks, *_quality(answer.get("quality") or {})))


def _section(title: str, found: Any) -> Iterator[Block]:
    yield Heading(title)
    if isinstance(found, Mapping):
        found = [found] if found else []
    if isinstance(found, (int, float)):
        yield Paragraph(f"{found:,}")
    elif found:
        yield Items(tuple(map(_line, found)))
    else:
        yield Paragraph("None.")


def _line(one: Any) -> str:
    """Of an alert, a batched one with its reason, a disposition, a mute, an incident or a drill: whatever of them it has."""
    if not isinstance(one, Mapping):
        return str(one)
    if isinstance(one.get("alert"), Mapping):
        return f"{_line(one['alert'])} — {one.get('reason', '')}"
    parts = list(_parts(one))
    return "; ".join(parts)


def _parts(one: Mapping[str, Any]) -> Iterator[str]:
    if one.get("severity") is not None:
        yield f"sev-{one['severity']}"
    yield str(one.get("in_words") or one.get("title") or one.get("words") or _disposition(one))
    if "where" in one and one["where"] is not None and not one.get("title"):
        yield slice_words(one["where"])
    for name in ("state", "reason", "by", "owner"):
        if one.get(name):
            yield f"{name} {one[name]}" if name in ("by", "owner") else str(one[name])
    for name, words in (("expires_at", "until"), ("until", "until"), ("ended_because", "ended:")):
        if one.get(name):
            yield f"{words} {moment(one[name]) if words == 'until' else one[name]}"
    yield from _action(one.get("first_action"))
    yield from (str(one[name]) for name in ("alert_id", "incident_id", "drill_id") if one.get(name))


def _disposition(one: Mapping[str, Any]) -> str:
    return str(one.get("kind") or one.get("signal") or "unnamed").replace("_", " ")


def _action(action: Mapping[str, Any] | None) -> Iterator[str]:
    if action:
        yield f"first: {action['text']}" + (f" ({action['link']})" if action.get("link") else "")


def _quality(quality: Mapping[str, Any]) -> Iterator[Block]:
    yield Heading("Quality of alerts")
    defects: Sequence[Any] | int = quality.get("defects") or ()
    yield Paragraph(f"Defects: {defects:,}." if isinstance(defects, int) else f"Defects: {len(defects):,}.")
    if not isinstance(defects, int) and defects:
        yield Items(tuple(map(_line, defects)))
    expected = quality.get("false_pages_expected")
    if expected is not None:
        yield Paragraph(f"False pages to be expected in this time if nothing had changed: {expected:.2g}.")
