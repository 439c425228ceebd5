"""On call, as people use it: alerts closed with consequences, mutes with canaries, snoozes, forecasts.

Takes the watch's lock. Every act is a document and a record before it changes anything. Refuses what `observe.oncall` refuses.
"""

from __future__ import annotations

from collections.abc import Iterable
from threading import RLock

from quarterdeck.clock import Clock
from quarterdeck.errors import BadInput, NotFound
from quarterdeck.model.alerts import Alert, AlertEvent
from quarterdeck.model.oncall import (
    Action,
    AlertClass,
    Disposition,
    Forecast,
    Mute,
    Paging,
    Snooze,
)
from quarterdeck.model.signals import Keys
from quarterdeck.observe.oncall import OncallOptions
from quarterdeck.observe.oncall.dispositions import DAY_NS, Asked, checked_reason, disposition_of
from quarterdeck.observe.oncall.mutes import mute_of
from quarterdeck.observe.watch import levels
from quarterdeck.observe.watch.alerting import Alerting
from quarterdeck.observe.watch.effects import Effects
from quarterdeck.observe.watch.gauges import WatchGauges
from quarterdeck.observe.watch.intake import Intake
from quarterdeck.observe.watch.pager import Pager, muted_words, paging_of
from quarterdeck.observe.watch.papers import Paper, Papers
from quarterdeck.observe.watch.ports import Patrolling
from quarterdeck.observe.watch.words import WordNow


class OnCall:
    """Of one watch. Lists are the newest first."""

    def __init__(
        self,
        *,
        papers: Papers,
        pager: Pager,
        alerting: Alerting,
        patrols: dict[str, Patrolling],
        intake: Intake,
        lock: RLock,
        clock: Clock,
        gauges: WatchGauges,
    ) -> None:
        self._papers = papers
        self._pager = pager
        self._alerting = alerting
        self._patrols = patrols
        self._intake = intake
        self._lock = lock
        self._clock = clock
        self._effects = Effects(
            papers=papers,
            words=intake.words,
            patrols=patrols,
            alerting=alerting,
            options=pager.options,
            gauges=gauges,
        )

    @property
    def options(self) -> OncallOptions:
        return self._pager.options

    # --- the watch's own steps -------------------------------------------------------------------------------------

    def resume(self, projects: Iterable[str], now_ns: int) -> None:
        """Take up what stands."""
        with self._lock:
            self._effects.resume(projects, now_ns)

    def look(self, now_ns: int) -> None:
        """What turned out wrong ends, what expired ends, what is held is decided again. Raises StoreFailed, and goes on next time."""
        with self._lock:
            self._effects.refute(self._intake.refuted, now_ns)
            self._intake.refuted.clear()
            self._effects.pass_time(now_ns)
            self._alerting.look_again(now_ns)

    # --- what is known of an alert ---------------------------------------------------------------------------------

    def class_of(self, alert: Alert) -> AlertClass:
        """What kind of trouble it is."""
        with self._lock:
            return self._pager.class_of(alert)

    def action_of(self, alert: Alert) -> Action | None:
        """What to do first; None when nothing can be done."""
        with self._lock:
            return self._pager.action_of(alert)

    def paging_of(self, alert: Alert) -> Paging | None:
        """What was decided last of this firing; None while nothing was."""
        return paging_of(alert)

    def past(self, alert: Alert) -> list[Disposition]:
        """Dispositions of its signature."""
        with self._lock:
            return self._pager.past(alert)

    def muted_by(self, alert: Alert) -> Mute | None:
        """The mute that covers it now."""
        with self._lock:
            return self._pager.muted_by(alert, self._clock.now_ns())

    def snooze_of(self, project: str, alert_id: str) -> Snooze | None:
        """None when it does not sleep."""
        with self._lock:
            return self._papers.find(project, Snooze, alert_id)

    def test_of(self, owner: str) -> WordNow | None:
        """How a dismissal or a mute's canary stands; None where nothing is tested (any more)."""
        with self._lock:
            return self._intake.words.test_of(owner)

    # --- dispositions ----------------------------------------------------------------------------------------------

    def dispose(self, project: str, alert_id: str, asked: Asked) -> tuple[Alert, Disposition]:
        """Close an alert with a disposition, which takes effect. Raises NotFound, BadInput, InvestigationRequired, StoreFailed."""
        with self._lock:
            now_ns = self._clock.now_ns()
            alert = self._alerting.alert(project, alert_id)
            past = self._papers.all_of(project, Disposition)
            if any(one.alert_id == alert_id and one.standing and one.at_ns >= (alert.fired_ns or 0) for one in past):
                raise BadInput(f"the alert {alert_id} has a disposition already", mend="reopen it first")
            if asked.kind == "duplicate" and asked.other_alert_id:
                self._alerting.alert(project, asked.other_alert_id)
            made = disposition_of(asked, alert, past, now_ns, self.options)
            for old in past:
                if old.standing and old.signature == made.signature and old.kind != "fixed":
                    self._effects.end(old, "replaced by another disposition", made.by, now_ns, real=None)
            words = levels.of_alert(alert, self._patrols.get(project)) if made.evidence is not None else ()
            paper = Paper(made, words, tuple(dict.fromkeys((held.cohort, held.signal) for held in alert.findings)))
            self._papers.put(paper, act="disposition", by=made.by, at_ns=now_ns)
            closed = self._close(alert, made, now_ns)
            self._effects.begin(made)
            if made.kind == "fixed" or made.incident_id is not None:
                self._effects.turned_out(project, alert_id, made.kind, now_ns, real=True)
            return closed, made

    def reopen(self, project: str, alert_id: str, by: str, reason: str) -> Alert:
        """Undo the disposition: the tolerance or merge goes back, and the alert fires again. Raises NotFound, BadInput."""
        with self._lock:
            now_ns = self._clock.now_ns()
            self._alerting.alert(project, alert_id)
            found = [one for one in self._papers.standing(project, Disposition) if one.alert_id == alert_id]
            if not found:
                raise BadInput(f"no disposition of the alert {alert_id} stands")
            why = checked_reason(reason)
            for one in found:
                self._effects.end(one, f"undone: {why}", _named(by), now_ns, real=None)
            return self._alerting.reopen(project, alert_id, AlertEvent(now_ns, "reopened", why, by))

    def dispositions(self, project: str, *, standing: bool = False, alert_id: str | None = None) -> list[Disposition]:
        """All, or what stands, or those of one alert."""
        with self._lock:
            found = (
                self._papers.standing(project, Disposition) if standing else self._papers.all_of(project, Disposition)
            )
        return [one for one in found if alert_id in (None, one.alert_id)]

    # --- mutes and snoozes -----------------------------------------------------------------------------------------

    def mute(self, project: str, *, signal: str | None, where: Keys, owner: str, reason: str, hours: float) -> Mute:
        """Hold pages for a time; its canaries begin. Raises BadInput."""
        with self._lock:
            now_ns = self._clock.now_ns()
            past = self._papers.all_of(project, Mute)
            made = mute_of(
                project, signal=signal, where=where, owner=owner, reason=reason, hours=hours, past=past,
                now_ns=now_ns, options=self.options,
            )  # fmt: skip
            words = levels.of_mute(made, self._patrols.get(project), now_ns)
            self._papers.put(Paper(made, words), act="mute", by=made.owner, at_ns=now_ns)
            self._effects.begin_mute(made)
            return made

    def end_mute(self, project: str, mute_id: str, by: str) -> Mute:
        """Before its time. Raises NotFound, BadInput for one that is over."""
        with self._lock:
            found = self._papers.find(project, Mute, mute_id)
            if found is None:
                raise NotFound(f"there is no mute {mute_id!r}")
            if found.ended_ns is not None:
                raise BadInput(f"the mute {mute_id} is over: {found.ended_because}")
            now_ns = self._clock.now_ns()
            over = self._effects.end_mute(found, f"ended by {_named(by)}", by, now_ns)
            self._alerting.look_again(now_ns)
            return over

    def mutes(self, project: str) -> list[Mute]:
        """Those that are over too."""
        with self._lock:
            return self._papers.all_of(project, Mute)

    def held_by(self, mute: Mute) -> int:
        """Alerts of the newest 500 whose page it holds or held."""
        until_ns = mute.until_ns if mute.ended_ns is None else mute.ended_ns
        words = muted_words(mute)
        with self._lock:
            alerts = self._alerting.newest(mute.project)
        return sum(
            any(e.what == "held" and e.words == words and mute.at_ns <= e.at_ns <= until_ns for e in alert.events)
            for alert in alerts
        )

    def snooze(self, project: str, alert_id: str, by: str) -> Snooze:
        """Until the version of its cohort changes. Raises NotFound, BadInput for an alert that does not fire, or is about policy."""
        with self._lock:
            now_ns = self._clock.now_ns()
            alert = self._alerting.alert(project, alert_id)
            if alert.state != "firing" or self._pager.class_of(alert) == "policy":
                raise BadInput(
                    f"the alert {alert_id} is {alert.state}; only one that fires, and is not about policy, may sleep"
                )
            until_ns = now_ns + int(self.options.snooze_days_max * DAY_NS)
            made = Snooze(project, alert_id, levels.version_of(alert), _named(by), now_ns, until_ns)
            self._papers.put(Paper(made), act="snooze", by=made.by, at_ns=now_ns)
            self._effects.note_project(project)
            self._alerting.note(project, alert_id, AlertEvent(now_ns, "snoozed", "until the version changes", made.by))
            self._alerting.acknowledge(alert)
            return made

    def wake(self, project: str, alert_id: str, by: str) -> None:
        """End a snooze. Raises NotFound."""
        with self._lock:
            found = self._papers.find(project, Snooze, alert_id)
            if found is None:
                raise NotFound(f"the alert {alert_id!r} does not sleep")
            now_ns = self._clock.now_ns()
            body = {"alert_id": alert_id}
            self._papers.record(project, act="woken", about=alert_id, by=_named(by), body=body, at_ns=now_ns)
            self._papers.forget(found)
            self._alerting.look_again(now_ns)

    # --- what was expected -----------------------------------------------------------------------------------------

    def forecast(self, project: str, alert_id: str, by: str, probability: float) -> Forecast:
        """What somebody expects at triage: the probability that it is real. Raises NotFound, BadInput."""
        if not 0 <= probability <= 1:
            raise BadInput(f"probability takes a number from 0 to 1, got {probability:g}")
        with self._lock:
            self._alerting.alert(project, alert_id)
            made = Forecast(project, alert_id, _named(by), probability, self._clock.now_ns())
            self._papers.put(Paper(made), act="forecast", by=made.by, at_ns=made.at_ns)
            return made

    def forecasts(self, project: str) -> list[Forecast]:
        """`observe.oncall.calibration.calibration_of` takes them."""
        with self._lock:
            return self._papers.all_of(project, Forecast)

    def incident(self, project: str, alert_id: str, incident_id: str) -> None:
        """An incident was opened from an alert: it was real."""
        with self._lock:
            now_ns = self._clock.now_ns()
            self._effects.turned_out(project, alert_id, f"incident {incident_id}", now_ns, real=True)

    # --- inside ----------------------------------------------------------------------------------------------------

    def _close(self, alert: Alert, made: Disposition, now_ns: int) -> Alert:
        if alert.state != "resolved":
            return self._alerting.close(alert.project, alert.alert_id, made.reason, made.by, now_ns)
        event = AlertEvent(now_ns, "closed", made.reason, made.by)
        self._alerting.note(alert.project, alert.alert_id, event)
        return self._alerting.alert(alert.project, alert.alert_id)


def _named(by: str) -> str:
    if not by.strip():
        raise BadInput("by takes the name of who does it")
    return by.strip()
