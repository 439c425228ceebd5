"""What all drills together say, and whether one is due."""

from __future__ import annotations

import pytest

from quarterdeck.api.drills import rates, readiness
from quarterdeck.api.wire.drill import drill_words
from quarterdeck.model.drills import Drill, DrillKind, DrillState, is_drill

DAY_NS = 86_400 * 10**9
NOW_NS = 1_795_503_600 * 10**9


def drill(kind: DrillKind, state: DrillState, days_ago: float = 1.0) -> Drill:
    return Drill("default", "d1", kind, 0.33, state, "ann", NOW_NS - int(days_ago * DAY_NS), runs=300)


def test_rates_count_what_ended_by_its_kind() -> None:
    found = rates(
        [
            drill("regression", "found"),
            drill("regression", "found"),
            drill("regression", "missed"),
            drill("regression", "failed"),
            drill("regression", "running"),
            drill("noise", "quiet"),
            drill("noise", "escalated"),
        ]
    )
    assert (found["detection"]["value"], found["detection"]["n"]) == (2 / 3, 3)
    assert (found["false_escalation"]["value"], found["false_escalation"]["n"]) == (0.5, 2)
    assert found["detection"]["low"] < 2 / 3 < found["detection"]["high"]
    assert rates([]) == {"detection": None, "false_escalation": None}


@pytest.mark.parametrize(
    ("days_ago", "required", "due"), [(1.0, None, None), (1.0, 7.0, False), (8.0, 7.0, True), (None, 7.0, True)]
)
def test_a_drill_is_due_when_none_was_passed_in_time(days_ago: float | None, required: float | None, due: bool) -> None:
    passed = [drill("regression", "missed", 0.1)]
    passed += [] if days_ago is None else [drill("noise", "quiet", days_ago)]
    found = readiness(passed, required, NOW_NS)
    assert found["due"] is due
    assert ("it is due" in found["in_words"]) is (due is True)


def test_words_name_what_came_of_it() -> None:
    assert drill_words(drill("noise", "quiet")) == "nothing was worse; no alert fired in 300 runs, as it should be"
    assert "33 points more; not found in 300 runs" in drill_words(drill("regression", "missed"))


def test_the_projects_of_drills_are_known_by_their_name() -> None:
    assert is_drill(drill("noise", "quiet").sent_to)
    assert not is_drill("default")
