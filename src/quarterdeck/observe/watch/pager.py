"""Who is woken: an alert, what its runs say, what people decided, and the rules of `observe.oncall.paging`.

Answers events; whoever calls writes them, then tells. Refuses: a second page for one firing of an alert; to page later what a
shift's budget had batched (the digest has it). Not thread-safe: the watch's lock stands around it.
"""

from __future__ import annotations

from collections.abc import Sequence

from quarterdeck.model.alerts import Alert, AlertEvent
from quarterdeck.model.oncall import Action, AlertClass, Disposition, Mute, PageWhat, Paging, Snooze
from quarterdeck.observe.oncall import OncallOptions
from quarterdeck.observe.oncall.classes import class_of
from quarterdeck.observe.oncall.first_action import action_of
from quarterdeck.observe.oncall.mutes import holding
from quarterdeck.observe.oncall.paging import Standing, decide
from quarterdeck.observe.watch.facts import RunFacts
from quarterdeck.observe.watch.papers import Papers
from quarterdeck.observe.watch.words import Words

HOUR_NS = 3_600 * 10**9
_EVENTS: dict[PageWhat, str] = {"page": "paged", "batch": "batched", "hold": "held", "list": "listed"}
_WHATS: dict[str, PageWhat] = {event: what for what, event in _EVENTS.items()}
_TOLD = frozenset({"paged", "notified", "notify_failed"})
"""Alerts from before there were decisions have only been told of."""
_ONLY_COUNTED = frozenset({"fixed"})
_EXEMPT = frozenset({"policy", "infrastructure"})


class Pager:
    """`decide` for an alert that fires; `pages` are counted from events, so they survive a restart."""

    def __init__(self, facts: RunFacts, papers: Papers, words: Words, options: OncallOptions) -> None:
        self._facts = facts
        self._papers = papers
        self._words = words
        self.options = options
        self._pages: dict[str, list[tuple[int, str]]] = {}

    def look(self, alert: Alert, outages: Sequence[Alert], now_ns: int) -> AlertEvent | None:
        """What is decided now of a firing alert, when that is new. `outages`: the open alerts that `is_outage`."""
        decided = _decisions(alert)
        if was_paged(alert):
            return None
        paging = self.decide(alert, outages, now_ns)
        kind = self.class_of(alert)
        last = decided[-1] if decided else None
        if last is not None and last.what == "batched" and paging.what == "page" and kind not in _EXEMPT:
            return None
        event = AlertEvent(now_ns, _EVENTS[paging.what], paging.reason)
        if last is not None and (last.what, last.words) == (event.what, event.words):
            return None
        if event.what == "paged":
            self._note_page(alert, now_ns, kind)
        return event

    def resume(self, alerts: Sequence[Alert]) -> None:
        """Count the pages that were there before the last process ended."""
        for alert in alerts:
            for event in alert.events:
                if event.what == "paged":
                    self._note_page(alert, event.at_ns, self.class_of(alert))

    def decide(self, alert: Alert, outages: Sequence[Alert], now_ns: int) -> Paging:
        """The rules, over what is known now."""
        kind = self.class_of(alert)
        mute, snooze, past = self.muted_by(alert, now_ns), self.snooze_of(alert), self.past(alert)
        merged = next((one for one in past if one.kind == "duplicate" and one.standing), None)
        harmless = next((one for one in past if one.kind == "harmless" and one.standing), None)
        return decide(
            Standing(
                state=alert.state,
                kind=kind,
                action=self.action_of(alert),
                paged=self.paged(alert.project, now_ns),
                pages_per_shift=self.options.pages_per_shift,
                muted=None if mute is None else mute.owner,
                canary_refuted=mute is not None and self._words.refuted(mute.mute_id, _signals(alert)),
                snoozed=None if snooze is None else "the version changes",
                merged_into=None if merged is None else merged.other_alert_id,
                inhibited_by=self._inhibitor(alert, kind, outages),
                harmless=None if harmless is None else harmless.reason,
                dismissed_before=sum(one.kind not in _ONLY_COUNTED for one in past),
            )
        )

    def class_of(self, alert: Alert) -> AlertClass:
        return class_of(alert, self._facts.of(alert).failures, self.options)

    def is_outage(self, alert: Alert) -> bool:
        """Whether it may explain others of its provider."""
        return alert.state == "firing" and self.class_of(alert) == "infrastructure"

    def action_of(self, alert: Alert) -> Action | None:
        return action_of(alert, self.class_of(alert), self.options)

    def past(self, alert: Alert) -> list[Disposition]:
        """Dispositions of the alert's signature, the newest first."""
        return [one for one in self._papers.all_of(alert.project, Disposition) if one.signature == alert.signature]

    def muted_by(self, alert: Alert, now_ns: int) -> Mute | None:
        return holding(self._papers.standing(alert.project, Mute), alert, now_ns)

    def snooze_of(self, alert: Alert) -> Snooze | None:
        return self._papers.find(alert.project, Snooze, alert.alert_id)

    def paged(self, project: str, now_ns: int) -> int:
        """Pages of the shift under way that count against its budget. Shifts follow each other from midnight UTC."""
        shift_ns = int(self.options.shift_hours * HOUR_NS)
        began_ns = now_ns - now_ns % shift_ns
        pages = [one for one in self._pages.get(project, ()) if one[0] >= began_ns]
        self._pages[project] = pages
        return len(pages)

    def _note_page(self, alert: Alert, at_ns: int, kind: AlertClass) -> None:
        if kind not in _EXEMPT:
            self._pages.setdefault(alert.project, []).append((at_ns, alert.alert_id))

    def _inhibitor(self, alert: Alert, kind: AlertClass, outages: Sequence[Alert]) -> str | None:
        """A firing infrastructure alert on the provider of the alert's runs; of such only one that was paged holds another."""
        if kind == "policy":
            return None
        provider = self._facts.of(alert).provider
        if provider is None:
            return None
        others = [
            other
            for other in outages
            if other.project == alert.project
            and other.alert_id != alert.alert_id
            and (was_paged(other) or kind != "infrastructure")
            and self._facts.of(other).provider == provider
        ]
        first = min(others, key=lambda other: (not was_paged(other), _place(other)), default=None)
        return None if first is None else f"the trouble of {provider} (alert {first.alert_id})"


def paging_of(alert: Alert) -> Paging | None:
    """What was decided last of this firing; None while nothing was."""
    decided = _decisions(alert)
    if not decided:
        return None
    what = _WHATS[decided[-1].what]
    return Paging(what, decided[-1].words, defect=what == "batch")


def muted_words(mute: Mute) -> str:
    """The reason that stands in the events of what a mute holds."""
    return f"muted by {mute.owner}"


def was_paged(alert: Alert) -> bool:
    """Whether people were, or are to be, told of this firing."""
    return any(event.what in _TOLD and event.at_ns >= (alert.fired_ns or 0) for event in alert.events)


def _decisions(alert: Alert) -> list[AlertEvent]:
    return [event for event in alert.events if event.what in _WHATS and event.at_ns >= (alert.fired_ns or 0)]


def _signals(alert: Alert) -> set[str]:
    return {held.signal for held in alert.findings}


def _place(alert: Alert) -> tuple[int, str]:
    return alert.fired_ns or alert.opened_ns, alert.alert_id
