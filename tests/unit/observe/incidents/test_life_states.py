"""Ten thousand random acts through the desk: nothing closes with anything missing, no grade falls for free, the chain always holds."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from itertools import count
from random import Random
from typing import Any

from quarterdeck.clock import FakeClock
from quarterdeck.errors import QuarterdeckError
from quarterdeck.model.incidents import (
    FIELD_NAMES,
    TRIAGE_STEPS,
    ActionItem,
    FieldValue,
    Incident,
    RootCause,
    Seen,
    Triage,
)
from quarterdeck.observe.incidents import follow_up, life, load_rubric
from quarterdeck.observe.incidents.desk import IncidentDesk
from quarterdeck.observe.incidents.grade import rate_bound
from quarterdeck.observe.incidents.opening import Draft
from quarterdeck.observe.incidents.options import IncidentOptions
from quarterdeck.store.memory import MemoryStore
from quarterdeck.store.memory.documents import MemoryDocumentStore

STEPS = 10_000
RUBRIC = load_rubric()
MAGNITUDES = ("none", "minor", "moderate", "serious", "catastrophic")


def facts(chance: Random) -> dict[str, Any]:
    trials = chance.choice((1, 10, 300))
    return {
        "harms": [
            {"type": chance.choice(("privacy", "legal", "quality")), "actual": chance.random() < 0.7,
             "reversible": "partly", "magnitude": chance.choice(MAGNITUDES)}
        ],
        "rate": None if chance.random() < 0.2 else {"events": chance.randint(0, trials), "trials": trials},
        "traffic_per_day": 1_000, "autonomy": "acted", "caught_by": "outsider", "ongoing": chance.random() < 0.5,
    }  # fmt: skip


def act(chance: Random, incident: Incident, now: int) -> Incident:
    """One act of many; a good part of them is refused."""
    who: dict[str, Any] = {"by": "ann", "at_ns": now}
    running = [one.clock.code for one in incident.clocks if one.stopped_ns is None]
    match chance.randrange(9):
        case 0 | 1:
            name = chance.choice(FIELD_NAMES)
            return life.with_field(incident, FieldValue(name, chance.choice(("v", " ")), "typed", "ann"), now)
        case 2 | 3:
            step = Triage(chance.choice(TRIAGE_STEPS), "ruled_out", chance.choice(("seen", "")), "ann", now)
            return life.triaged(incident, step)
        case 4:
            return life.with_cause(incident, RootCause("single", chance.choice(("prompt", "")), "low"), **who)
        case 5:
            return follow_up.with_action(incident, ActionItem("a", "roll back", chance.choice(("bob", ""))), **who)
        case 6:
            if running:
                return follow_up.clock_stopped(incident, running[0], note="told", **who)
            return follow_up.clock_started(incident, "gdpr_33", started_ns=now, **who)
        case 7:
            return follow_up.with_replays(incident, Seen(0, chance.randint(0, 20)), **who)
        case _:
            return life.contained(incident, "switched off", **who)


def check_closed(incident: Incident) -> None:
    assert incident.grades
    assert {one.name for one in incident.fields} == set(FIELD_NAMES)
    assert {one.step for one in incident.triage} == set(TRIAGE_STEPS)
    assert incident.root_cause is not None
    assert all(one.stopped_ns is not None for one in incident.clocks)


def check_grades(incident: Incident, replays: Seen | None) -> None:
    """The newest grade against the one before it."""
    *_, before, after = incident.grades
    if after.grade.severity <= before.grade.severity:
        return
    assert after.approver
    seen = replays or after.facts.rate
    assert seen is not None
    rested = before.facts.rate
    threshold = 0.01 if rested is None or not rested.events else rested.events / rested.trials
    bound = rate_bound(replace(after.facts, rate=seen), RUBRIC)
    assert bound is not None
    assert bound < threshold


def test_no_path_closes_unfinished_or_lowers_a_grade_for_free() -> None:
    chance, clock, ids = Random(20_261_124), FakeClock(), count(1)
    documents = MemoryDocumentStore()
    desk = IncidentDesk(
        documents, MemoryStore(), rubric=RUBRIC, options=IncidentOptions(), clock=clock, chance=lambda: f"i{next(ids)}"
    )
    current = desk.open("p", Draft("ann", "first"))
    closed = lowered = refused = 0
    for step in range(STEPS):
        clock.advance(60)
        before = current
        try:
            if (kind := chance.random()) < 0.15:
                replays = chance.choice((None, Seen(0, 3_000), Seen(2, 10)))
                approver = chance.choice((None, " ", "eve"))
                current = desk.grade(
                    "p", before.incident_id, facts(chance), by="ann", approver=approver, replays=replays
                )
                if len(current.grades) > 1:
                    check_grades(current, replays)
                    lowered += (current.severity or 0) > (before.severity or 0)
            elif kind < 0.3:
                current = desk.act("p", before.incident_id, "ann", lambda one, now: life.closed(one, by="a", at_ns=now))
                check_closed(current)
                closed += 1
                with suppress(QuarterdeckError):
                    desk.act("p", before.incident_id, "ann", lambda one, now: act(chance, one, now))
                assert desk.get("p", before.incident_id) == current
                current = desk.open("p", Draft("ann", "next"))
            else:
                current = desk.act("p", before.incident_id, "ann", lambda one, now: act(chance, one, now))
        except QuarterdeckError:
            refused += 1
            assert desk.get("p", before.incident_id) == before
        if step % 1_000 == 999:
            assert desk.verify("p").broken is None
    assert min(closed, lowered, refused) > 20
    assert all(life.recomputes(one, RUBRIC) for one in current.grades)
