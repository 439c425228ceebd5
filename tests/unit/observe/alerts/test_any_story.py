"""Whatever findings come in whatever order, also twice after a crash: one open alert a cause, told in turns, bounded."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.model.alerts import Alert
from quarterdeck.model.signals import Finding
from quarterdeck.observe.alerts import AlertOptions, Book

from .findings import NOW_NS, SECOND, V7, about, cohort, finding, live, pooled, tokens

STREAMS = (
    finding(),
    tokens(),
    finding(deploy=replace(V7, part="model", old="m1", new="m2"), stream_id="model"),
    finding(deploy=replace(V7, new="v8", opened_ns=V7.opened_ns + 10**12), stream_id="v8"),
    pooled(),
    pooled(stream_id="sliced", signal="cost", where=(("model", "m2"),)),
    pooled(stream_id="likely", slices=(about(("agent", "coder")),)),
    cohort(),
    cohort(stream_id="coder", where=(("agent", "coder"),)),
    live(),
)
OPTIONS = AlertOptions(findings_max=4, events_max=12)
STORY = st.lists(
    st.tuples(
        st.sampled_from(STREAMS),
        st.sampled_from(["rising", "reached", "fell", "recovered", "close", "crash"]),
        st.sampled_from([1, 60, 4_000, 90_000]),
    ),
    max_size=40,
)


class Kept:
    """Alerts as they are stored, and what people were told, by alert."""

    def __init__(self) -> None:
        self.alerts: dict[str, Alert] = {}
        self.told: dict[str, list[str]] = {}
        self.book = Book(OPTIONS, self.recall)

    def recall(self, project: str, signature: str) -> Alert | None:
        found = [one for one in self.alerts.values() if one.state == "resolved" and one.signature == signature]
        return max(found, key=lambda one: one.opened_ns, default=None)

    def step(self, one: Finding, act: str, at_ns: int, now_ns: int) -> None:
        if act == "crash":
            self.book = Book(OPTIONS, self.recall)
            self.book.load(self.alerts.values())
            return
        if act == "close":
            changes = [self.book.close(alert, "known", "ann", now_ns) for alert in self.book.open_alerts()[:1]]
        else:
            changes = self.book.handle(replace(one, state=act, at_ns=at_ns), now_ns)
        for change in changes:
            self.alerts[change.alert.alert_id] = change.alert
            if change.tell:
                self.told.setdefault(change.alert.alert_id, []).append(change.event)


@given(STORY)
def test_any_story_keeps_the_promises(story: list[tuple[Finding, str, int]]) -> None:
    kept, now_ns = Kept(), NOW_NS
    for one, act, after_s in story:
        now_ns += after_s * SECOND
        kept.step(one, act, now_ns, now_ns)
        stored = {alert.alert_id for alert in kept.alerts.values() if alert.state != "resolved"}
        assert {alert.alert_id for alert in kept.book.open_alerts()} == stored
        signatures = [alert.signature for alert in kept.book.open_alerts()]
        assert len(set(signatures)) == len(signatures)
    for alert in kept.alerts.values():
        told = kept.told.get(alert.alert_id, [])
        assert told == (["firing", "resolved"] * len(told))[: len(told)]
        assert (alert.state == "firing") == (len(told) % 2 == 1)
        assert (alert.fired_ns is not None) == bool(told)
        assert (alert.resolved_ns is not None) == (alert.state == "resolved") == (alert.resolution is not None)
        assert 1 <= len(alert.findings) <= OPTIONS.findings_max
        assert len(alert.events) <= OPTIONS.events_max
        assert alert.state != "firing" or any(held.state in ("reached", "recovered") for held in alert.findings)


@given(STORY, st.integers(1, 40))
def test_what_is_heard_again_tells_nobody(story: list[tuple[Finding, str, int]], again: int) -> None:
    """A crash: the newest findings once more, from the same state of the patrol, while the alerts know them."""
    kept, now_ns = Kept(), NOW_NS
    heard = []
    for one, act, after_s in story:
        if act in ("close", "crash"):
            continue
        now_ns += after_s * SECOND
        heard.append((one, act, now_ns))
        kept.step(*heard[-1], now_ns)
    told = {alert_id: list(events) for alert_id, events in kept.told.items()}
    kept.step(STREAMS[0], "crash", now_ns, now_ns)
    for one, act, at_ns in heard[-again:]:
        kept.step(one, act, at_ns, now_ns + SECOND)
    assert kept.told == told
