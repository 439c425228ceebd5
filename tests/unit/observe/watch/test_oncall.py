"""On call through the watch, the real patrol and the stores: what is dismissed or muted is held against what comes after it."""

from __future__ import annotations

from pathlib import Path

import pytest

from quarterdeck.errors import BadInput, InvestigationRequired, NotFound
from quarterdeck.observe.oncall.dispositions import Asked
from quarterdeck.records import Ledger

from .story import DAY_S, Outage, Story

USUAL, SWING, BAD = 0.05, 0.25, 0.7
HOUR_S = 3_600


@pytest.fixture
def story(tmp_path: Path) -> Story:
    """Normal is known."""
    made = Story(tmp_path)
    made.watch.tick(made.clock.now_ns())
    made.runs(300, USUAL)
    assert made.all_alerts() == []
    return made


def swing(days: float | None = None) -> Asked:
    return Asked("normal_swing", "the vendor's load test of this week", "ada", days=days)


def test_a_regression_pages_once_with_its_reason(story: Story) -> None:
    story.runs(200, SWING)
    alert = story.alert()
    assert story.told == [(alert.alert_id, "firing")]
    assert story.events().count("paged") == 1
    paging = story.oncall.paging_of(alert)
    assert paging is not None
    assert (paging.what, paging.reason) == ("page", "firing, and somebody can act")
    assert story.oncall.class_of(alert) == "shift"


def test_what_was_dismissed_once_and_gets_worse_is_opened_again_and_pages(story: Story) -> None:
    """The second time nobody waves it through: the dismissal itself is refuted, over a restart in the middle."""
    story.runs(200, SWING)
    first = story.alert()
    closed, made = story.oncall.dispose("default", first.alert_id, swing())
    assert (closed.state, made.tolerance) == ("resolved", 0.5)
    story.runs(100, SWING)
    assert story.alert().state == "resolved"
    story.runs(3, BAD)
    story.watch.save()
    before = story.oncall.test_of(made.disposition_id)
    story.start()
    story.pass_time(1)
    assert story.oncall.test_of(made.disposition_id) == before
    story.runs(140, BAD)
    alert = next(one for one in story.all_alerts() if one.alert_id == first.alert_id)
    assert alert.state == "firing"
    whats = [event.what for event in alert.events]
    assert whats.count("paged") == 2
    assert whats.index("refuted") > whats.index("closed") > whats.index("paged")
    over = story.oncall.dispositions("default")[0]
    assert over.ended_because is not None
    assert over.ended_because.startswith("refuted: predicted at most")
    assert story.told[-1] == (first.alert_id, "firing")
    with pytest.raises(InvestigationRequired):
        story.oncall.dispose("default", first.alert_id, swing())


def test_a_dismissal_that_was_right_expires_unrefuted(story: Story) -> None:
    story.runs(200, SWING)
    alert = story.alert()
    story.oncall.forecast("default", alert.alert_id, "ada", 0.3)
    story.oncall.dispose("default", alert.alert_id, swing(1.0))
    story.runs(300, USUAL)
    story.pass_time(DAY_S)
    (over,) = story.oncall.dispositions("default")
    assert over.ended_because == "expired"
    assert [(one.real, one.decided_because) for one in story.oncall.forecasts("default")] == [(False, "expired")]
    assert story.alert().state == "resolved"


def test_a_mute_ends_and_what_it_held_pages(tmp_path: Path) -> None:
    """The mute that outlived its reason by three weeks cannot be made: 72 hours of a week are the most, canary or not."""
    story = Story(tmp_path, refuted_at=1e100)
    story.watch.tick(story.clock.now_ns())
    story.runs(300, USUAL)
    with pytest.raises(BadInput, match="at most 72"):
        story.mute(hours=21 * 24)
    mute = story.mute()
    story.runs(200, SWING)
    assert story.events().count("held") == 1
    assert story.told == []
    assert story.oncall.held_by(mute) == 1
    with pytest.raises(BadInput, match="already"):
        story.mute(hours=1 + 71)
    story.watch.save()
    story.start()
    story.pass_time(73 * HOUR_S)
    assert story.told == [(story.alert().alert_id, "firing")]
    assert story.oncall.mutes("default")[0].ended_because == "expired"


def test_the_canary_of_a_mute_pages_through_it(tmp_path: Path) -> None:
    story = Story(tmp_path)
    story.watch.tick(story.clock.now_ns())
    story.runs(300, USUAL)
    mute = story.mute()
    story.runs(20, BAD)
    story.watch.save()
    story.start()
    story.runs(60, BAD)
    test = story.oncall.test_of(mute.mute_id)
    assert test is not None
    assert test.refuted
    alert = story.alert()
    assert set(story.told) == {(alert.alert_id, "firing")}
    assert story.events().count("paged") == 1
    assert "pages through the mute" in next(event.words for event in alert.events if event.what == "paged")
    assert story.oncall.mutes("default")[0].ended_ns is None


def test_a_mute_that_is_ended_by_hand_lets_the_page_go(story: Story) -> None:
    mute = story.mute()
    story.runs(200, SWING)
    if not story.told:
        story.oncall.end_mute("default", mute.mute_id, "bob")
    assert story.told == [(story.alert().alert_id, "firing")]
    with pytest.raises(NotFound):
        story.oncall.end_mute("default", "mute-0", "bob")


def test_a_snooze_lasts_until_the_version_changes(story: Story) -> None:
    story.runs(200, SWING, prompt_version="v1")
    alert = story.alert()
    snooze = story.oncall.snooze("default", alert.alert_id, "ada")
    assert story.oncall.snooze_of("default", alert.alert_id) == snooze
    story.runs(50, SWING, prompt_version="v1")
    assert story.told == [(alert.alert_id, "firing"), (alert.alert_id, "acknowledged")]
    story.runs(80, SWING, prompt_version="v2")
    assert story.oncall.snooze_of("default", alert.alert_id) is None
    assert "woken" in story.events()
    assert story.told.count((alert.alert_id, "firing")) == 2


def test_reopening_takes_the_tolerance_back(story: Story) -> None:
    story.runs(200, SWING)
    alert = story.alert()
    story.oncall.dispose("default", alert.alert_id, swing())
    again = story.oncall.reopen("default", alert.alert_id, "bob", "it hurt a customer")
    assert again.state == "firing"
    assert story.oncall.dispositions("default", standing=True) == []
    with pytest.raises(BadInput, match="no disposition"):
        story.oncall.reopen("default", alert.alert_id, "bob", "it hurt a customer")


def test_an_accepted_change_is_the_new_normal(story: Story) -> None:
    story.runs(200, SWING)
    alert = story.alert()
    asked = Asked("accepted_change", "longer answers were asked for", "ada")
    _, made = story.oncall.dispose("default", alert.alert_id, asked)
    story.runs(500, SWING)
    assert [one.state for one in story.all_alerts() if one.fired_ns is not None] == ["resolved"]
    assert story.oncall.dispositions("default", standing=True) == [made]


def test_every_act_is_in_the_chain(story: Story) -> None:
    story.runs(200, SWING)
    story.oncall.dispose("default", story.alert().alert_id, swing())
    story.mute()
    ledger = Ledger(story.desk, "oncall")
    assert [record.kind for record in ledger.read("default")] == ["disposition", "mute"]
    assert ledger.verify("default") is None


def test_an_outage_of_one_provider_is_one_page_however_many_agents_it_stops(tmp_path: Path) -> None:
    """Forty agents behind one provider: forty alerts, one page, and what is held pages when the outage is over."""
    outage = Outage(tmp_path)
    outage.fail(agents=40)
    alerts = outage.story.all_alerts()
    whats = [event.what for alert in alerts for event in alert.events]
    assert len(alerts) == 40
    assert (whats.count("paged"), whats.count("held")) == (1, 39)
    assert len(outage.story.told) == 1
    outage.story.start()
    outage.story.pass_time(1)
    assert len({alert_id for alert_id, _ in outage.story.told}) == 1


def test_ten_thousand_findings_of_one_cause_are_one_page(tmp_path: Path) -> None:
    outage = Outage(tmp_path)
    outage.fail(agents=1, findings=10_000)
    assert [event.what for event in outage.story.alert().events].count("paged") == 1
    assert len(outage.story.told) == 1
