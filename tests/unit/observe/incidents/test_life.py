"""An incident's life: grades are appended, a milder one has its price, and nothing closes with anything missing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from quarterdeck.errors import BadInput, DowngradeRefused, IncidentIncomplete
from quarterdeck.model.incidents import (
    FIELD_NAMES,
    TRIAGE_STEPS,
    ActionItem,
    Clock,
    Facts,
    FieldValue,
    Harm,
    Incident,
    RootCause,
    Running,
    Seen,
    Triage,
)
from quarterdeck.observe.incidents import load_rubric
from quarterdeck.observe.incidents.life import (
    closed,
    contained,
    graded,
    missing,
    opened,
    recomputes,
    replays_for,
    triaged,
    with_cause,
    with_field,
)

RUBRIC = load_rubric()
GRAVE = Facts(
    id="i1",
    title="refunds to strangers",
    harms=(Harm("financial", True, "partly", "serious"),),
    rate=Seen(30, 100),
    traffic_per_day=9_000,
    affected_users=2_300,
    autonomy="acted",
    caught_by="outsider",
    undetected_hours=30,
    domain="financial",
    ongoing=True,
    confidence="high",
)
MILD = replace(GRAVE, harms=(Harm("financial", True, "yes", "minor"),))


def incident(earlier: tuple[str, ...] = ()) -> Incident:
    return opened(Incident("p", "i1", "refunds to strangers", "open", 0, "ann", signature="sig"), earlier)


def grade(one: Incident, facts: Facts, **asked: Any) -> Incident:
    return graded(one, facts, RUBRIC, **{"by": "ann", "at_ns": 1, "approver": None, "replays": None, **asked})


def complete(one: Incident) -> Incident:
    one = grade(one, GRAVE)
    for step in TRIAGE_STEPS:
        one = triaged(one, Triage(step, "ruled_out", "logs of the hour", "ann", 2))
    for name in FIELD_NAMES:
        one = with_field(one, FieldValue(name, "v7", "runs", "ann"), 2)
    one = with_cause(one, RootCause("single", "the prompt named the wrong account", "high"), by="ann", at_ns=2)
    return replace(one, actions=(ActionItem("a1", "people approve refunds", "bob"),))


def test_grades_are_appended_and_each_can_be_computed_again() -> None:
    one = grade(grade(incident(), MILD), GRAVE)
    assert [given.grade.severity for given in one.grades] == [3, 0]
    assert one.severity == 0
    assert all(recomputes(given, RUBRIC) for given in one.grades)
    changed = replace(one.grades[0], facts=GRAVE)
    assert recomputes(changed, RUBRIC) is False
    assert recomputes(replace(changed, rubric_digest="another"), RUBRIC) is None


def test_that_it_stopped_lowers_nothing() -> None:
    one = contained(grade(incident(), GRAVE), "the tool is off", by="ann", at_ns=2)
    assert one.severity == 0
    assert one.state == "contained"
    assert grade(one, replace(GRAVE, ongoing=False)).severity == 0


@pytest.mark.parametrize(
    ("approver", "replays", "words"),
    [
        (None, Seen(0, 300), "a named approver"),
        (" ", Seen(0, 300), "a named approver"),
        ("eve", Seen(0, 5), "the rate may still be 45"),
        ("eve", Seen(100, 300), "may still be"),
    ],
)
def test_a_milder_grade_takes_a_bound_and_a_name(approver: str | None, replays: Seen, words: str) -> None:
    with pytest.raises(DowngradeRefused) as caught:
        grade(grade(incident(), GRAVE), MILD, approver=approver, replays=replays)
    assert words in caught.value.message
    assert grade(grade(incident(), GRAVE), MILD, approver="eve", replays=Seen(0, 20)).severity == 3


def test_nine_replays_for_30_percent_and_299_for_one() -> None:
    assert replays_for(grade(incident(), GRAVE)) == 9
    assert replays_for(grade(incident(), replace(GRAVE, rate=Seen(1, 100)))) == 299
    assert replays_for(incident()) == 299, "nobody counted"


def test_not_reproduced_is_refused_below_the_replays_that_the_rate_demands() -> None:
    one = complete(incident())
    with pytest.raises(IncidentIncomplete, match="9 replays, 8 were made"):
        closed(replace(one, replays=Seen(0, 8)), by="ann", at_ns=3, not_reproduced=True)
    assert closed(replace(one, replays=Seen(0, 9)), by="ann", at_ns=3, not_reproduced=True).state == "closed"


def test_all_that_is_missing_is_named_at_once() -> None:
    lacking = list(missing(incident(("i0",))))
    assert len(lacking) == 1 + 6 + 4 + 1 + 1 + 1
    with pytest.raises(IncidentIncomplete) as caught:
        closed(incident(), by="ann", at_ns=3)
    assert "judge configuration" in caught.value.message
    assert list(missing(complete(incident()))) == []


@pytest.mark.parametrize("name", FIELD_NAMES)
def test_no_incident_closes_without_each_of_the_six_fields(name: str) -> None:
    one = complete(incident())
    one = replace(one, fields=tuple(field for field in one.fields if field.name != name))
    with pytest.raises(IncidentIncomplete):
        closed(one, by="ann", at_ns=3)


def test_the_second_of_a_signature_and_a_running_duty_hold_it_open() -> None:
    one = complete(incident(("i0",)))
    assert list(missing(one)) == ["a structural review"]
    duty = Running(Clock("gdpr_33", "a breach", 72, "awareness", "why"), 0)
    assert duty.due_ns == 72 * 3_600 * 10**9
    assert list(missing(replace(one, reviewed="the tool takes no account", clocks=(duty,)))) == [
        "an answer to the duty a breach"
    ]


def test_a_distributional_cause_takes_rate_and_factors() -> None:
    with pytest.raises(BadInput, match="the factors"):
        with_cause(incident(), RootCause("distributional", "long orders", "low"), by="ann", at_ns=1)
    cause = RootCause("distributional", "long orders", "low", Seen(3, 10), ("length", "model"))
    assert with_cause(incident(), cause, by="ann", at_ns=1).root_cause == cause


def test_a_closed_incident_takes_nothing_more() -> None:
    one = closed(complete(incident()), by="ann", at_ns=3)
    with pytest.raises(BadInput, match="closed"):
        grade(one, GRAVE)
