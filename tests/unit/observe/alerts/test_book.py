"""One cause, one alert: how findings find it, its states, and who is told."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest

from quarterdeck.errors import BadInput
from quarterdeck.model.alerts import Alert, AlertEvent
from quarterdeck.model.signals import Deploy, Finding
from quarterdeck.observe.alerts import AlertOptions, Book, Change

from .findings import COHORT, NOW_NS, SECOND, V7, about, cohort, finding, live, pooled, tokens

OPTIONS = AlertOptions()
HOUR = 3_600 * SECOND
DAY = 24 * HOUR


class Kept:
    """A book whose alerts are kept, and a log of what changed."""

    def __init__(self, options: AlertOptions = OPTIONS) -> None:
        self.alerts: dict[str, Alert] = {}
        self.told: list[tuple[str, str]] = []
        self.book = Book(options, self._recall)
        self.now_ns = NOW_NS

    def _recall(self, project: str, signature: str) -> Alert | None:
        found = [
            a for a in self.alerts.values() if (a.project, a.signature, a.state) == (project, signature, "resolved")
        ]
        return max(found, key=lambda alert: alert.opened_ns, default=None)

    def take(self, *findings: Finding, after_s: int = 1) -> list[str]:
        """Hand over findings, a second apart; answers the events."""
        events = []
        for one in findings:
            self.now_ns += after_s * SECOND
            events += [self.keep(change) for change in self.book.handle(one, self.now_ns)]
        return events

    def keep(self, change: Change) -> str:
        self.alerts[change.alert.alert_id] = change.alert
        if change.tell:
            self.told.append((change.alert.alert_id, change.event))
        return change.event

    @property
    def only(self) -> Alert:
        assert len(self.alerts) == 1, [alert.title for alert in self.alerts.values()]
        return next(iter(self.alerts.values()))


@pytest.fixture
def kept() -> Kept:
    return Kept()


def test_evidence_rises_fires_and_recovers(kept: Kept) -> None:
    assert kept.take(finding("rising", evidence=200.0)) == ["pending"]
    assert kept.told == []
    assert kept.only.fired_ns is None
    assert kept.take(finding()) == ["firing"]
    assert kept.only.fired_ns == kept.now_ns
    assert kept.take(finding("recovered", evidence=20.0)) == ["resolved"]
    assert [event for _, event in kept.told] == ["firing", "resolved"]
    assert [event.what for event in kept.only.events] == ["pending", "firing", "resolved"]
    held = kept.only.findings[0]
    assert (held.state, held.evidence) == ("recovered", 31_020.0)  # what was seen when it reached stays


def test_an_alert_goes_on_saying_what_it_was_about_when_it_fired(kept: Kept) -> None:
    kept.take(finding(), tokens())
    title = kept.only.title
    better = finding("recovered").before
    assert kept.take(finding("recovered", now=better), finding("rising", now=better, evidence=200.0)) == ["changed"]
    assert kept.take(tokens("recovered")) == ["resolved"]
    assert kept.only.title == title
    assert kept.only.resolution == "over: tokens: 9,400 against 3,100 tokens/run"


def test_what_a_firing_alert_explains_does_not_crowd_it_before_it_reaches(kept: Kept) -> None:
    kept.take(finding())
    assert kept.take(pooled("rising"), cohort("rising"), tokens("rising")) == ["changed"]
    assert [held.stream_id for held in kept.only.findings] == ["deploy-failing", "deploy-tokens"]
    assert kept.take(pooled()) == ["joined"]


def test_evidence_that_falls_back_is_told_to_nobody(kept: Kept) -> None:
    assert kept.take(finding("rising"), finding("fell")) == ["pending", "resolved"]
    assert kept.told == []
    assert kept.only.resolution is not None
    assert "fell back" in kept.only.resolution


def test_the_sentence_has_who_what_how_much_and_how_sure(kept: Kept) -> None:
    kept.take(finding())
    assert kept.only.title == (
        "support-agent in production with prompt v7 fails more than v6: 31 % against 12 % "
        "(+14 to +24 points, 212 runs, evidence 31,000 over a threshold of 12,000)"
    )


def test_all_signals_of_a_deploy_are_one_alert_in_any_order() -> None:
    signals = [finding(), tokens(), finding(stream_id="d3", signal="cost", title="cost", unit="$/run")]
    for order in permutations(signals):
        kept = Kept()
        assert kept.take(*order) == ["firing", "joined", "joined"]
        assert {held.signal for held in kept.only.findings} == {"failing", "tokens", "cost"}
        assert len(kept.told) == 1


def test_a_joined_signal_is_named_in_the_sentence_and_its_dollars_count_once(kept: Kept) -> None:
    kept.take(finding(wasted_usd=3.0), tokens(wasted_usd=4.5))
    assert kept.only.title.endswith("; also tokens")
    assert kept.only.wasted_usd == 4.5


@pytest.mark.parametrize(
    "later",
    [
        cohort(),
        pooled(),
        pooled(where=(("prompt_version", "v7"),)),
        pooled(signal="tokens", title="tokens", where=V7.where),
        pooled(where=(*V7.where, ("tenant", "acme"))),
        pooled(slices=(about(("model", "m")), about(("prompt_version", "v7"), score=7.9))),
    ],
    ids=["cohort", "whole fleet", "version", "other signal there", "narrower", "second slice"],
)
def test_a_deploy_explains_what_is_seen_of_it_from_further_away(kept: Kept, later: Finding) -> None:
    kept.take(finding())
    assert kept.take(later) == ["joined"]
    assert kept.only.where == V7.where
    assert len(kept.told) == 1


@pytest.mark.parametrize(
    "later",
    [
        pooled(where=(("agent", "coder"),)),
        pooled(slices=(about(("agent", "coder")),)),
        pooled(signal="tokens", title="tokens"),
        pooled(where=(("agent", "coder"), ("prompt_version", "v7"))),
        cohort(project="other"),
        live(),
        finding(deploy=replace(V7, new="v8"), stream_id="v8"),
        finding(deploy=replace(V7, cohort=(("agent", "coder"),)), stream_id="c"),
    ],
    ids=[
        "agent",
        "other slice",
        "other signal",
        "same word elsewhere",
        "project",
        "live",
        "next version",
        "other cohort",
    ],
)
def test_another_cause_is_another_alert(kept: Kept, later: Finding) -> None:
    kept.take(finding())
    assert kept.take(replace(later, at_ns=NOW_NS + DAY)) == ["firing"]
    assert len(kept.alerts) == 2


def test_the_deploy_takes_over_an_alert_that_saw_it_from_further_away(kept: Kept) -> None:
    kept.take(cohort())
    assert kept.take(finding()) == ["joined"]
    assert kept.only.where == V7.where
    assert "with prompt v7" in kept.only.title
    assert kept.take(tokens()) == ["joined"]
    assert kept.take(cohort("recovered")) == ["changed"]  # the deploy is what it is about
    assert kept.take(finding("recovered"), tokens("recovered")) == ["changed", "resolved"]


def test_two_parts_that_changed_in_one_release_are_one_alert(kept: Kept) -> None:
    version = Deploy(COHORT, "agent_version", "2.3", "2.4", V7.opened_ns + 5 * SECOND)
    kept.take(finding())
    assert kept.take(finding(deploy=version, stream_id="version-failing")) == ["joined"]
    later = replace(version, part="model", opened_ns=V7.opened_ns + 3_600 * SECOND)
    assert kept.take(finding(deploy=later, stream_id="model-failing")) == ["firing"]


def test_one_version_in_two_environments_is_one_alert(kept: Kept) -> None:
    staging = tuple((name, "staging" if name == "environment" else value) for name, value in COHORT)
    kept.take(finding())
    there = replace(V7, cohort=staging)
    assert kept.take(finding(deploy=there, cohort=staging, where=there.where, stream_id="staging")) == ["joined"]
    other = replace(V7, cohort=(("agent", "another"), ("environment", "production")))
    assert kept.take(finding(deploy=other, cohort=other.cohort, where=other.where, stream_id="other")) == ["firing"]


def test_an_alert_is_about_the_tool_once_the_tool_is_named(kept: Kept) -> None:
    version = (("prompt_version", "v2"),)
    tool = (("prompt_version", "v2"), ("tool", "search"))
    kept.take(pooled(signal="errors_inside", where=version, stream_id="inside"))
    assert kept.take(pooled(signal="tool_errors", where=tool, stream_id="tools")) == ["joined"]
    assert (kept.only.where, kept.only.findings[0].signal) == (tool, "tool_errors")
    kept.take(pooled(signal="tokens", where=version, stream_id="tokens"))
    assert kept.only.where == tool, "a wider slice says no more"


def test_streams_that_only_joined_do_not_hold_an_alert_open(kept: Kept) -> None:
    kept.take(finding(), pooled())
    assert kept.take(finding("recovered")) == ["resolved"]


def test_an_alert_stays_while_one_of_its_own_signals_is_there(kept: Kept) -> None:
    kept.take(finding(), tokens())
    assert kept.take(finding("recovered")) == ["changed"]
    assert kept.only.state == "firing"
    assert kept.take(tokens("recovered")) == ["resolved"]


def test_what_reached_again_is_not_told_again(kept: Kept) -> None:
    kept.take(finding())
    assert kept.take(finding("rising"), finding("fell"), finding(evidence=50_000.0)) == ["changed"]
    assert kept.only.findings[0].evidence == 50_000.0
    assert len(kept.told) == 1


def test_a_stream_whose_slice_gets_clear_while_it_rises_is_one_alert(kept: Kept) -> None:
    kept.take(pooled("rising"))
    named = (("model", "gpt-5"),)
    assert kept.take(pooled(where=named)) == ["firing"]
    assert kept.only.where == named
    assert kept.only.title.startswith("every agent with model gpt-5 fails more than usual")


def test_the_whole_fleet_takes_other_signals_for_an_hour(kept: Kept) -> None:
    kept.take(pooled())
    assert kept.take(pooled(signal="tokens", stream_id="t"), after_s=3_000) == ["joined"]
    assert kept.take(pooled(signal="duration", stream_id="d"), after_s=3_000) == ["firing"]
    assert kept.take(cohort(stream_id="again")) == ["joined"]


def test_cohorts_that_turn_out_to_be_the_whole_fleet_become_one_alert(kept: Kept) -> None:
    first, second, third = (
        cohort(where=(("agent", name),), cohort=(("agent", name),), stream_id=name) for name in ("a", "b", "c")
    )
    tokens_of_b = replace(second, signal="tokens", stream_id="bt", where=(("agent", "d"),))
    assert kept.take(first, second, replace(third, state="rising"), tokens_of_b) == [
        "firing",
        "firing",
        "pending",
        "firing",
    ]
    assert kept.take(pooled()) == ["joined", "resolved", "resolved"]
    fleet, other = [alert for alert in kept.alerts.values() if alert.state == "firing"]
    assert (fleet.where, fleet.findings[0].lane, other.findings[0].signal) == ((), "pooled", "tokens")
    assert fleet.title.startswith("the whole fleet fails more than usual")
    parts = [alert.resolution or "" for alert in kept.alerts.values() if alert.state == "resolved"]
    assert all(words.startswith(f"part of the alert {fleet.alert_id}") for words in parts)
    assert [event for _, event in kept.told] == ["firing", "firing", "firing", "resolved"]  # c never fired
    assert kept.take(replace(third, at_ns=NOW_NS + 9)) == ["joined"]
    assert kept.take(pooled("recovered")) == ["resolved"]


def test_a_slice_that_explains_the_fleet_leaves_the_cohorts_alone(kept: Kept) -> None:
    kept.take(cohort(where=(("agent", "a"),), stream_id="a"))
    assert kept.take(pooled(where=(("agent", "b"),))) == ["firing"]
    assert kept.take(pooled(where=(("agent", "a"),), stream_id="p2")) == ["joined"]
    assert len(kept.alerts) == 2


def test_facts_about_live_runs_fire_at_once_with_their_own_sentence(kept: Kept) -> None:
    assert kept.take(live()) == ["firing"]
    assert kept.only.title == live().title
    assert kept.only.kind == "loop"
    assert kept.take(live(key="coder/v1/loop", stream_id="x")) == ["firing"]
    assert kept.take(live("recovered", title="it is over")) == ["resolved"]
    assert [alert.resolution for alert in kept.alerts.values()] == ["it is over", None]


def test_the_same_cause_within_a_day_opens_the_same_alert_again(kept: Kept) -> None:
    kept.take(finding(), finding("recovered"))
    again = finding(at_ns=NOW_NS + HOUR)
    assert kept.take(again, after_s=3_600) == ["firing"]
    assert kept.only.state == "firing"
    assert kept.only.events[-1].words.startswith("fired again")
    assert [event for _, event in kept.told] == ["firing", "resolved", "firing"]
    kept.take(finding("recovered", at_ns=NOW_NS + 2 * HOUR))
    assert kept.take(finding(at_ns=NOW_NS + 3 * DAY), after_s=2 * 86_400) == ["firing"]
    assert len(kept.alerts) == 2


def test_evidence_that_rises_again_waits_in_the_same_alert(kept: Kept) -> None:
    kept.take(finding(), finding("recovered"))
    rising = finding("rising", at_ns=NOW_NS + HOUR)
    assert kept.take(rising, replace(rising, state="fell")) == ["pending", "resolved"]
    assert kept.only.fired_ns is not None
    assert len(kept.told) == 2


def test_what_is_heard_twice_after_a_crash_changes_nothing(kept: Kept) -> None:
    story = [finding("rising", at_ns=NOW_NS), finding(at_ns=NOW_NS + 1), tokens(at_ns=NOW_NS + 2)]
    kept.take(*story)
    again = Book(OPTIONS, kept._recall)
    again.load(kept.alerts.values())
    kept.book = again
    assert set(kept.take(*story)) <= {"changed"}
    kept.take(finding("recovered", at_ns=NOW_NS + 3), tokens("recovered", at_ns=NOW_NS + 3))
    assert kept.only.state == "resolved"
    assert kept.take(*story) == []
    assert len(kept.told) == 2


def test_closing_wants_a_reason_and_keeps_it(kept: Kept) -> None:
    kept.take(finding())
    for reason in ("", "   ", "x" * 2_001):
        with pytest.raises(BadInput, match="reason"):
            kept.book.close(kept.only, reason, "ann", kept.now_ns)
    kept.keep(kept.book.close(kept.only, " rolled back ", "ann", kept.now_ns))
    assert (kept.only.state, kept.only.resolution) == ("resolved", "rolled back")
    assert kept.only.events[-1] == AlertEvent(kept.now_ns, "closed", "rolled back", "ann")
    assert [event for _, event in kept.told] == ["firing", "resolved"]
    with pytest.raises(BadInput, match="resolved already: rolled back"):
        kept.book.close(kept.only, "again", None, kept.now_ns)


def test_what_somebody_closed_is_not_opened_again_by_the_same_streams(kept: Kept) -> None:
    kept.take(finding())
    kept.keep(kept.book.close(kept.only, "accepted", None, kept.now_ns))
    assert kept.take(finding(at_ns=NOW_NS + HOUR), finding("recovered")) == []
    assert kept.take(tokens(at_ns=NOW_NS + HOUR)) == ["firing"]
    assert len(kept.alerts) == 1


def test_a_note_changes_no_state_and_an_alert_stays_bounded() -> None:
    kept = Kept(AlertOptions(events_max=10, findings_max=3))
    kept.take(finding(), *(tokens(stream_id=f"t{n}", signal=f"s{n}") for n in range(9)))
    for n in range(20):
        noted = kept.book.note(kept.only, AlertEvent(n, "notified", f"try {n}"))
        kept.alerts[noted.alert_id] = noted
    assert [held.stream_id for held in kept.only.findings] == ["deploy-failing", "t7", "t8"]
    assert [event.words for event in kept.only.events][1:] == [f"try {n}" for n in range(11, 20)]
    assert kept.only.events[0].what == "firing"
    assert kept.only.state == "firing"


def test_an_end_of_something_that_is_not_open_is_nothing(kept: Kept) -> None:
    assert kept.take(finding("fell"), finding("recovered")) == []


def test_a_stream_that_is_reached_again_with_a_wider_slice_joins_its_alert(kept: Kept) -> None:
    narrow = (("prompt_version", "v2"), ("tool", "search"))
    kept.take(pooled(where=narrow, at_ns=NOW_NS))
    assert kept.take(pooled(where=narrow[:1], at_ns=NOW_NS + 1)) == ["changed"]
    assert kept.only.where == narrow
    kept.take(pooled(where=(), at_ns=NOW_NS + 2))
    assert len(kept.alerts) == 2  # what was one slice may have become everything
