"""Who is woken is decided again while an alert fires: once more when more of it is known, never twice, never after its end."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from quarterdeck.model.alerts import AlertEvent
from quarterdeck.model.runs import Run
from quarterdeck.model.signals import Finding
from quarterdeck.observe.watch.ports import Patrols

from .patrols import CountingPatrol, make_run
from .story import Story


class Growing(CountingPatrol):
    """The first failing run reaches with five runs, the sixth with 39 in another stream; a good one ends all."""

    def take(self, run: Run) -> list[Finding]:
        self.taken.append(run.run_id)
        at = len(self.taken)
        first = replace(self.finding("reached", run), signal="tokens", stream_id="tokens", run_ids=())
        second = replace(self.finding("reached", run), signal="cost", stream_id="cost", n=39, run_ids=())
        if not run.failed:
            return [replace(one, state="recovered") for one in ((first, second) if at > 6 else (first,))]
        return {1: [first], 6: [second]}.get(at, [])


class Thin(Story):
    def patrols(self) -> Patrols:
        return Patrols(Growing, Growing.load)


@pytest.fixture
def thin(tmp_path: Path) -> Thin:
    story = Thin(tmp_path)
    story.watch.tick(story.clock.now_ns())
    return story


def test_what_was_too_thin_pages_when_more_of_it_joins(thin: Thin) -> None:
    thin.runs(5, 1.0)
    assert thin.oncall.class_of(thin.alert()) == "wobble"
    assert thin.told == []
    thin.runs(1, 1.0)
    assert thin.told == [(thin.alert().alert_id, "firing")]
    assert [what for what in thin.events() if what in ("listed", "paged")] == ["listed", "paged"]
    thin.runs(3, 1.0)
    assert thin.events().count("paged") == 1


def test_what_is_over_does_not_page_later(thin: Thin) -> None:
    thin.runs(5, 1.0)
    thin.runs(1, 0.0)
    assert thin.alert().state == "resolved"
    thin.pass_time(60)
    assert "paged" not in thin.events()
    assert thin.told == []


def test_what_begins_and_ends_within_one_look_wakes_nobody(thin: Thin) -> None:
    thin.runs(5, 1.0)
    now_ns = thin.clock.now_ns()
    runs = [make_run(100, failed=True, last_seen_ns=now_ns + 1), make_run(101, last_seen_ns=now_ns + 2)]
    thin.store.put_runs(runs, [], settled_seq=0)
    thin.pass_time(1)
    assert thin.alert().state == "resolved"
    assert "paged" not in thin.events()
    assert thin.told == []


def test_many_events_do_not_make_a_second_page_of_one_firing(thin: Thin) -> None:
    thin.runs(6, 1.0)
    alert = thin.alert()
    for number in range(300):
        event = AlertEvent(thin.clock.now_ns() + number, "snoozed", "somebody looks")
        thin.watch.note("default", alert.alert_id, event)
    thin.pass_time(60)
    assert thin.events().count("paged") == 1
    assert thin.told == [(alert.alert_id, "firing")]
    assert len(thin.events()) <= 200
