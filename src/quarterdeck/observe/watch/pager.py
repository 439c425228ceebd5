"""Who is woken: an alert, what its runs say, what people decided, and the rules of `observe.oncall.paging`.

Answers events; whoever calls writes them, then tells. Refuses: a second page for one firing of an alert; to page later what a
shift's budget had batched (the digest has it). Not thread-safe: the watch's lock stands around it.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from quarterdeck.errors import NotFound
from quarterdeck.model.alerts import Alert, AlertEvent
from quarterdeck.model.oncall import Action, AlertClass, Disposition, Mute, PageWhat, Paging, Snooze
from quarterdeck.observe.oncall import OncallOptions
from quarterdeck.observe.oncall.classes import class_of
from quarterdeck.observe.oncall.first_action import action_of
from quarterdeck.observe.oncall.mutes import holding
from quarterdeck.observe.oncall.paging import Standing, decide
from quarterdeck.observe.watch.papers import Papers
from quarterdeck.observe.watch.ports import Feed
from quarterdeck.observe.watch.words import Words

HOUR_NS = 3_600 * 10**9
_RUNS_MAX = 50
"""Runs that are read to say of what kind an alert is: those of its findings, the first ones."""
_KNOWN_MAX = 5_000
_EVENTS: dict[PageWhat, str] = {"page": "paged", "batch": "batched", "hold": "held", "list": "listed"}
_WHATS: dict[str, PageWhat] = {event: what for what, event in _EVENTS.items()}
_TOLD = frozenset({"paged", "notified", "notify_failed"})
"""Alerts from before there were decisions have only been told of."""
_ONLY_COUNTED = frozenset({"fixed"})
_EXEMPT = frozenset({"policy", "infrastructure"})


class _Facts(NamedTuple):
    """What an alert's runs say. `provider`: of more than half of them."""

    failures: Mapping[str, int]
    provider: str | None


class Pager:
    """`decide` for an alert that fires; `pages` are counted from events, so they survive a restart."""

    def __init__(self, feed: Feed, papers: Papers, words: Words, options: OncallOptions) -> None:
        self._feed = feed
        self._papers = papers
        self._words = words
        self.options = options
        self._pages: dict[str, list[tuple[int, str]]] = {}
        self._known: OrderedDict[tuple[str, ...], _Facts] = OrderedDict()

    def look(self, alert: Alert, open_alerts: Sequence[Alert], now_ns: int) -> AlertEvent | None:
        """What is decided now of a firing alert, when that is new."""
        decided = _decisions(alert)
        if was_paged(alert):
            return None
        paging = self.decide(alert, open_alerts, now_ns)
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

    def decide(self, alert: Alert, open_alerts: Sequence[Alert], now_ns: int) -> Paging:
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
                inhibited_by=self._inhibitor(alert, kind, open_alerts),
                harmless=None if harmless is None else harmless.reason,
                dismissed_before=sum(one.kind not in _ONLY_COUNTED for one in past),
            )
        )

    def class_of(self, alert: Alert) -> AlertClass:
        return class_of(alert, self._facts(alert).failures, self.options)

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

    def _inhibitor(self, alert: Alert, kind: AlertClass, open_alerts: Sequence[Alert]) -> str | None:
        """A firing infrastructure alert on the provider of the alert's runs; of such only one that was paged holds another."""
        if kind == "policy":
            return None
        provider = self._facts(alert).provider
        if provider is None:
            return None
        others = [
            other
            for other in open_alerts
            if other.project == alert.project
            and other.state == "firing"
            and other.alert_id != alert.alert_id
            and (was_paged(other) or kind != "infrastructure")
            and self.class_of(other) == "infrastructure"
            and self._facts(other).provider == provider
        ]
        first = min(others, key=lambda other: (not was_paged(other), _place(other)), default=None)
        return None if first is None else f"the trouble of {provider} (alert {first.alert_id})"

    def _facts(self, alert: Alert) -> _Facts:
        run_ids = tuple(dict.fromkeys(run_id for held in alert.findings for run_id in held.run_ids))[:_RUNS_MAX]
        key = (alert.project, *run_ids)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._read(alert.project, run_ids)
            if len(self._known) > _KNOWN_MAX:
                self._known.popitem(last=False)
        return found

    def _read(self, project: str, run_ids: Sequence[str]) -> _Facts:
        failures: Counter[str] = Counter()
        providers: Counter[str] = Counter()
        for run_id in run_ids:
            try:
                run = self._feed.get_run(project, run_id)
            except NotFound:  # erased, or not written yet
                continue
            if run.error_class is not None:
                failures[run.error_class] += 1
            if run.provider is not None:
                providers[run.provider] += 1
        provider, n = providers.most_common(1)[0] if providers else (None, 0)
        return _Facts(failures, provider if n * 2 > len(run_ids) else None)


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
