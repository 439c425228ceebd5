"""What dispositions, mutes and snoozes change, until they end: by time, by a new version, by hand, or because they turned out wrong.

Each end is written first, then its parameter goes back, then the alert opens again where it must. Not thread-safe: the watch's lock.
Refuses: to end anything without saying why.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from quarterdeck.errors import NotFound
from quarterdeck.model.alerts import AlertEvent
from quarterdeck.model.oncall import Disposition, Forecast, Mute, Snooze
from quarterdeck.model.signals import Deploy, Keys
from quarterdeck.observe.oncall import OncallOptions
from quarterdeck.observe.oncall.dispositions import overlap
from quarterdeck.observe.oncall.mutes import ended as mute_ended
from quarterdeck.observe.watch.alerting import Alerting
from quarterdeck.observe.watch.gauges import WatchGauges
from quarterdeck.observe.watch.papers import Papers
from quarterdeck.observe.watch.ports import Patrolling
from quarterdeck.observe.watch.words import Words

SYSTEM = "quarterdeck"
EXPIRED = "expired"
_TESTED = frozenset({"normal_swing", "accepted_change", "harmless", "wobble"})
_IDENTITY = frozenset({"prompt_version", "model", "toolset_hash", "agent_version", "config_hash"})


class Effects:
    """`patrols` is the watch's own dictionary."""

    def __init__(
        self,
        *,
        papers: Papers,
        words: Words,
        patrols: dict[str, Patrolling],
        alerting: Alerting,
        options: OncallOptions,
        gauges: WatchGauges,
    ) -> None:
        self._papers = papers
        self._words = words
        self._patrols = patrols
        self._alerting = alerting
        self._options = options
        self._gauges = gauges
        self._projects: set[str] = set()

    def resume(self, projects: Iterable[str], now_ns: int) -> None:
        """Take up what stands. An alert whose closing a crash cut off is closed now."""
        for project in projects:
            self._projects.add(project)
            for one in reversed(self._papers.standing(project, Disposition)):
                self._hold(one.disposition_id, self._papers.paper(one), one.kind in _TESTED)
                alert = self._alerting.open_alert(project, one.alert_id)
                if alert is not None and (alert.fired_ns or alert.opened_ns) < one.at_ns:
                    self._alerting.close(project, one.alert_id, one.reason, one.by, now_ns)
            for mute in self._papers.standing(project, Mute):
                self._hold(mute.mute_id, self._papers.paper(mute), True)
            self._tolerate(project)

    def begin(self, one: Disposition) -> None:
        """Change the parameter, and hold it to its word."""
        self._projects.add(one.project)
        paper = self._papers.paper(one)
        patrol = self._patrols.get(one.project)
        if patrol is not None:
            for cohort, signal in paper.streams:
                if one.kind == "accepted_change":
                    patrol.rebase(cohort, signal)
                elif one.kind == "normal_swing":
                    patrol.excuse(cohort, signal)
        self._tolerate(one.project)
        self._hold(one.disposition_id, paper, one.kind in _TESTED)

    def begin_mute(self, mute: Mute) -> None:
        """Its canaries begin."""
        self._projects.add(mute.project)
        self._hold(mute.mute_id, self._papers.paper(mute), True)

    def note_project(self, project: str) -> None:
        """Something is kept of it that time may end."""
        self._projects.add(project)

    def refute(self, owners: Iterable[str], now_ns: int) -> None:
        """What later runs contradicted: a dismissal ends and its alert fires again; a mute's canary lets its pages through."""
        wanted = set(owners)
        for project in self._projects if wanted else ():
            for one in self._papers.standing(project, Disposition):
                if one.disposition_id in wanted:
                    self._refuted(one, now_ns)
            for mute in self._papers.standing(project, Mute):
                test = self._words.test_of(mute.mute_id)
                if mute.mute_id in wanted and test is not None:
                    body = {"mute_id": mute.mute_id, "words": test.words}
                    act = "canary_refuted"
                    self._papers.record(project, act=act, about=mute.mute_id, by=SYSTEM, body=body, at_ns=now_ns)

    def pass_time(self, now_ns: int) -> None:
        """End what has expired, and what waited for another version."""
        for project in self._projects:
            for one in self._papers.standing(project, Disposition):
                if one.expires_ns is not None and one.expires_ns <= now_ns:
                    self.end(one, EXPIRED, SYSTEM, now_ns, real=None if one.kind == "fixed" else False)
                elif one.kind == "accepted_change" and self._new_version(project, one.where, one.at_ns):
                    self.end(one, "the version changed", SYSTEM, now_ns, real=False)
            for mute in self._papers.standing(project, Mute):
                if mute.until_ns <= now_ns:
                    self.end_mute(mute, EXPIRED, SYSTEM, now_ns)
            for snooze in self._papers.standing(project, Snooze):
                changed = self._new_version(project, self._where(snooze), snooze.at_ns)
                if changed or snooze.until_ns <= now_ns:
                    self.end_snooze(snooze, "the version changed" if changed else "it slept long enough", now_ns)

    def end(self, one: Disposition, because: str, by: str, now_ns: int, *, real: bool | None) -> None:
        """Its parameter goes back. `real`: what turned out of the alert, None = nothing did."""
        over = replace(one, ended_ns=now_ns, ended_because=because)
        paper = self._papers.paper(one)
        self._papers.put(paper._replace(noun=over), act="disposition_ended", by=by, at_ns=now_ns)
        self._words.end(one.disposition_id)
        self._tolerate(one.project)
        if real is not None:
            self.turned_out(one.project, one.alert_id, because, now_ns, real=real)

    def end_mute(self, mute: Mute, because: str, by: str, now_ns: int) -> Mute:
        """What it held is decided again at the next look."""
        over = mute_ended(mute, because, now_ns)
        paper = self._papers.paper(mute)
        self._papers.put(paper._replace(noun=over), act="mute_ended", by=by, at_ns=now_ns)
        self._words.end(mute.mute_id)
        return over

    def end_snooze(self, snooze: Snooze, because: str, now_ns: int) -> None:
        """The alert fires anew, if it still does."""
        body = {"alert_id": snooze.alert_id, "because": because}
        self._papers.record(
            snooze.project, act="woken", about=snooze.alert_id, by=SYSTEM, body=body, at_ns=now_ns
        )  # fmt: skip
        self._papers.forget(snooze)
        alert = self._alerting.open_alert(snooze.project, snooze.alert_id)
        if alert is not None and alert.state == "firing":
            self._alerting.reopen(snooze.project, snooze.alert_id, AlertEvent(now_ns, "woken", because))

    def turned_out(self, project: str, alert_id: str, because: str, now_ns: int, *, real: bool) -> None:
        """Decide what was expected of an alert."""
        for one in self._papers.standing(project, Forecast):
            if one.alert_id == alert_id:
                decided = replace(one, real=real, decided_ns=now_ns, decided_because=because)
                paper = self._papers.paper(one)
                self._papers.put(paper._replace(noun=decided), act="turned_out", by=SYSTEM, at_ns=now_ns)

    def _refuted(self, one: Disposition, now_ns: int) -> None:
        test = self._words.test_of(one.disposition_id)
        words = "" if test is None else test.words
        self.end(one, f"refuted: {words}", SYSTEM, now_ns, real=True)
        event = AlertEvent(now_ns, "refuted", f"{one.kind.replace('_', ' ')} by {one.by} is refuted: {words}")
        try:
            self._alerting.reopen(one.project, one.alert_id, event)
        except NotFound:  # it is long over and removed; what ended is recorded
            self._gauges.failures.labels("reopen").inc()

    def _hold(self, owner: str, paper: Any, tested: bool) -> None:
        if tested and not self._words.begin(
            owner, paper.noun.project, paper.words, paper.noun.at_ns, self._options.refuted_at
        ):
            self._gauges.refused.labels("oncall_words").inc()
        self._gauges.words.set(len(self._words))

    def _tolerate(self, project: str) -> None:
        patrol = self._patrols.get(project)
        if patrol is None:
            return
        given: dict[tuple[Keys, str], float] = {}
        for one in self._papers.standing(project, Disposition):
            for stream in self._papers.paper(one).streams if one.tolerance else ():
                given[stream] = max(given.get(stream, 0.0), one.tolerance or 0.0)
        patrol.tolerate(given)

    def _where(self, snooze: Snooze) -> Keys:
        alert = self._alerting.open_alert(snooze.project, snooze.alert_id)
        return () if alert is None else alert.where

    def _new_version(self, project: str, where: Keys, since_ns: int) -> bool:
        """Whether a deploy began since, in a cohort that the slice may lie in."""
        patrol = self._patrols.get(project)
        deploys: list[Deploy] = [] if patrol is None else patrol.deploys()
        slice_ = tuple(pair for pair in where if pair[0] not in _IDENTITY)
        return any(deploy.opened_ns > since_ns and overlap(deploy.cohort, slice_) for deploy in deploys)
