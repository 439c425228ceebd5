"""A post-mortem from an incident, as `GET incidents/{id}` answers it: what is recorded, in an order that is read.

Refuses: to add anything. What is not known is said to be not known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from quarterdeck.reports.tree import Block, Heading, Interval, Intervals, Items, Paragraph, Report, Table
from quarterdeck.reports.words import moment, named, share, slice_words

_WELL = ("went_well", "well")
_BADLY = ("went_badly", "badly")


def postmortem(incident: Mapping[str, Any], head: Mapping[str, Any] | None) -> Report:
    """`incident`: the API's document; `head`: {seq, hash} of the ledger when it was written."""
    parts = (
        _summary, _severity, _exposure, _timeline, _walk, _cause, _fields, _lessons, _actions, _clocks
    )  # fmt: skip
    blocks = [block for part in parts for block in part(incident)]
    return Report(f"Post-mortem: {incident['title']}", (*blocks, *_record(incident, head)))


def _summary(incident: Mapping[str, Any]) -> Iterator[Block]:
    yield Paragraph(" ".join(_sentences(incident)))
    if incident["state"] != "closed":
        lacking = incident.get("to_close") or ()
        yield Paragraph(
            "A draft: the incident is not closed yet." + (f" It lacks {', '.join(lacking)}." if lacking else "")
        )


def _sentences(incident: Mapping[str, Any]) -> Iterator[str]:
    severity = incident["severity"]
    graded = "not graded" if severity is None else f"sev-{severity} (0 is the worst, 4 the least)"
    yield f"{incident['incident_id']} is {graded} and {incident['state']}."
    yield f"It was opened {moment(incident['opened_at'])} by {incident['by'] or 'somebody'}" + (
        f" and closed {moment(incident['closed_at'])}." if incident["closed_at"] else "."
    )
    if incident.get("where"):
        yield f"It concerns {slice_words(incident['where'])}."
    exposure = incident.get("exposure") or {}
    if exposure.get("failing"):
        yield f"{share(exposure['failing'])} of the runs in its window failed."
    cause = incident.get("root_cause")
    yield "No root cause is recorded." if cause is None else f"Root cause: {cause['text']}"


def _severity(incident: Mapping[str, Any]) -> Iterator[Block]:
    yield Heading("Severity and why")
    if not incident["grades"]:
        yield Paragraph("It was not graded.")
    for grade in incident["grades"]:
        yield Heading(f"sev-{grade['severity']}, {moment(grade['at'])}, {named(grade['by'])}", 3)
        yield Items(tuple(grade["because"]))
        checks = {
            True: "computed again from its facts: the same",
            False: "computed again from its facts: ANOTHER",
            None: "its rubric is not the one in force",
        }
        approved = f"; approved by {grade['approver']}" if grade.get("approver") else ""
        yield Paragraph(
            f"Rubric {grade['rubric_version']} ({grade['rubric_digest'][:12]}); {checks[grade.get('recomputes')]}{approved}."
        )


def _exposure(incident: Mapping[str, Any]) -> Iterator[Block]:
    yield Heading("Who was exposed")
    exposure = incident.get("exposure")
    if not exposure:
        yield Paragraph("Not known: it was opened by hand, and no runs are tied to it.")
        return
    window = incident.get("window") or {}
    until = moment(window.get("to")) if window.get("to") else "now"
    yield Paragraph(f"From {moment(window.get('from'))} to {until}.")
    names = (
        ("runs", "runs"),
        ("sessions", "sessions"),
        ("users", "users"),
        ("tenants", "tenants"),
        ("per_day", "runs a day"),
    )
    yield Table(("what", "how many"), tuple((words, _count(exposure.get(name))) for name, words in names))
    rows = tuple(_shares(incident))
    if rows:
        yield Intervals("Failing share, with its interval (95 %)", rows)


def _shares(incident: Mapping[str, Any]) -> Iterator[Interval]:
    failing = (incident.get("exposure") or {}).get("failing")
    if failing and failing.get("value") is not None and failing["low"] is not None:
        yield Interval("failing runs", failing["value"], failing["low"], failing["high"], failing["n"])


def _timeline(incident: Mapping[str, Any]) -> Iterator[Block]:
    yield Heading("Timeline")
    rows = tuple(
        (moment(one["at"]), one["what"].replace("_", " "), one["words"], one["by"] or "")
        for one in incident["timeline"]
    )
    yield Table(("when", "what", "in words", "who"), rows)


def _walk(incident: Mapping[str, Any]) -> Iterator[Block]:
    yield Heading("Triage")
    rows = tuple(
        (one["step"], one["finding"].replace("_", " "), one["evidence"], one["by"] or "") for one in incident["triage"]
    )
    yield Table(("step", "finding", "evidence", "who"), rows) if rows else Paragraph("Nothing was walked through.")
    plan = incident.get("replay_plan")
    if plan and plan.get("n"):
        seen = f"seen {plan['seen'] or 0:,} times in {plan['done']:,} replays" if plan.get("done") else "not replayed"
        yield Paragraph(f"A fault of this rate takes {plan['n']:,} replays to be seen once with 95 %; it was {seen}.")


def _cause(incident: Mapping[str, Any]) -> Iterator[Block]:
    yield Heading("Root cause")
    cause = incident.get("root_cause")
    if cause is None:
        yield Paragraph("None is recorded.")
        return
    yield Paragraph(f"{cause['text']} ({cause['kind']}, confidence {cause['confidence']})")
    if cause.get("share"):
        yield Paragraph(f"It happens in {share(cause['share'])} of runs; no single thing broke.")
    if cause.get("factors"):
        yield Items(tuple(cause["factors"]))


def _fields(incident: Mapping[str, Any]) -> Iterator[Block]:
    yield Heading("What ran")
    sources = {"runs": "from the runs", "typed": "typed", "not_applicable": "does not apply"}
    rows = tuple(
        (name.replace("_", " "), field["value"], sources[field["source"]])
        for name, field in incident["fields"].items()
        if field is not None
    )
    yield Table(("field", "value", "source"), rows) if rows else Paragraph("None of the six fields is filled in.")


def _lessons(incident: Mapping[str, Any]) -> Iterator[Block]:
    """Typed notes; who says nothing of a kind gets no heading for it."""
    for title, kinds in (("What went well", _WELL), ("What went badly", _BADLY)):
        said = tuple(f"{one['words']} ({named(one['by'])})" for one in incident["timeline"] if one["what"] in kinds)
        if said:
            yield Heading(title)
            yield Items(said)


def _actions(incident: Mapping[str, Any]) -> Iterator[Block]:
    yield Heading("Actions")
    rows = tuple(
        (one["text"], one["owner"], moment(one["due"]), moment(one["done_at"]) if one["done_at"] else "open")
        for one in incident["actions"]
    )
    yield Table(("what", "owner", "due", "done"), rows) if rows else Paragraph("None are recorded.")
    review = incident.get("review_required")
    if review:
        earlier = ", ".join(review["earlier"]) or "none"
        found = f"It found: {review['found']}" if review["found"] else "It is not made yet."
        yield Paragraph(f"A structural review is required: {review['why']}. Earlier: {earlier}. {found}")


def _clocks(incident: Mapping[str, Any]) -> Iterator[Block]:
    if not incident["clocks"]:
        return
    yield Heading("Duties to report")
    rows = tuple(
        (one["title"], one["starts"], moment(one["due_at"]) if one["due_at"] else "", _answered(one))
        for one in incident["clocks"]
    )
    yield Table(("duty", "starts with", "due", "answered"), rows)
    yield Paragraph("To be confirmed with counsel.")


def _answered(clock: Mapping[str, Any]) -> str:
    if clock["stopped_at"]:
        return f"{moment(clock['stopped_at'])}: {clock['note'] or ''}"
    return "open" if clock["started_at"] else "not started"


def _record(incident: Mapping[str, Any], head: Mapping[str, Any] | None) -> Iterator[Block]:
    yield Heading("The record")
    alerts: Sequence[str] = incident["alert_ids"]
    yield Paragraph(f"Alerts: {', '.join(alerts)}." if alerts else "No alert is tied to it.")
    if head is None or not head["hash"]:
        yield Paragraph("The ledger's head is not known.")
        return
    yield Paragraph(
        f"Written from {head['seq']:,} records that are chained by SHA-256; the last one's hash is {head['hash']}. "
        "The command quarterdeck incidents verify walks the chain."
    )


def _count(value: float | None) -> str:
    return "not known" if value is None else f"{value:,.0f}"
