"""What the runs of an alert say of its kind: their error classes, and whose model they asked.

Runs that the watch takes are remembered as they go by, so that deciding about an alert reads nothing; only what is forgotten, or from
before a restart, is asked of the store. Refuses: to hold more than so many runs. Not thread-safe: the watch's lock stands around it.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Mapping
from typing import NamedTuple

from quarterdeck.errors import NotFound
from quarterdeck.model.alerts import Alert
from quarterdeck.model.runs import Run
from quarterdeck.model.signals import Finding
from quarterdeck.observe.watch.ports import Feed

RUNS_MAX = 50_000
"""Runs that are remembered: two short texts each."""
_READ_MAX = 50
"""Runs that say of what kind an alert is: those of its findings, the first ones."""
_ALERTS_MAX = 5_000


class Facts(NamedTuple):
    """`failures`: runs by error class. `provider`: of more than half of the runs."""

    failures: Mapping[str, int]
    provider: str | None


class _Brief(NamedTuple):
    error_class: str | None
    provider: str | None


class RunFacts:
    """`saw` each run that is taken; `of` an alert as it is now."""

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._runs: OrderedDict[tuple[str, str], _Brief] = OrderedDict()
        self._alerts: OrderedDict[tuple[str, str], tuple[tuple[Finding, ...], Facts]] = OrderedDict()

    def saw(self, run: Run) -> None:
        """Remember it; the oldest is forgotten."""
        self._keep(run.project, run)

    def of(self, alert: Alert) -> Facts:
        """Raises StoreFailed where the store has to be asked and cannot answer."""
        key = (alert.project, alert.alert_id)
        held = self._alerts.get(key)
        if held is not None and held[0] is alert.findings:
            return held[1]
        run_ids = dict.fromkeys(run_id for held in alert.findings for run_id in held.run_ids)
        found = self._sum(alert.project, list(run_ids)[:_READ_MAX])
        self._alerts[key] = (alert.findings, found)
        if len(self._alerts) > _ALERTS_MAX:
            self._alerts.popitem(last=False)
        return found

    def _sum(self, project: str, run_ids: list[str]) -> Facts:
        briefs = [brief for run_id in run_ids if (brief := self._brief(project, run_id)) is not None]
        failures = Counter(brief.error_class for brief in briefs if brief.error_class is not None)
        providers = Counter(brief.provider for brief in briefs if brief.provider is not None)
        provider, n = providers.most_common(1)[0] if providers else (None, 0)
        return Facts(failures, provider if n * 2 > len(run_ids) else None)

    def _brief(self, project: str, run_id: str) -> _Brief | None:
        """None for one that is erased, or not written yet."""
        brief = self._runs.get((project, run_id))
        if brief is not None:
            return brief
        try:
            return self._keep(project, self._feed.get_run(project, run_id))
        except NotFound:
            return None

    def _keep(self, project: str, run: Run) -> _Brief:
        brief = self._runs[project, run.run_id] = _Brief(run.error_class, run.provider)
        if len(self._runs) > RUNS_MAX:
            self._runs.popitem(last=False)
        return brief
