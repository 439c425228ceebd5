"""Looks every few minutes whether promises still hold, cohort by cohort, and has the estimator forget faster where not.

Once a day per cohort at most: what is learned from then on needs time to show. Refuses to judge by few runs (see
`calibration`).
"""

from __future__ import annotations

from collections.abc import Sequence

from quarterdeck.control.promises.book import Book
from quarterdeck.control.promises.calibration import CohortKey, Drift, calibrate
from quarterdeck.control.promises.gauges import PromiseGauges
from quarterdeck.control.promises.options import PromiseOptions
from quarterdeck.control.promises.ports import Feed

_DAY_NS = 86_400 * 10**9


class Judge:
    """What it found last, by project. Who calls `look` holds the book's lock."""

    def __init__(self, feed: Feed, book: Book, options: PromiseOptions, gauges: PromiseGauges) -> None:
        self._feed = feed
        self._book = book
        self._options = options
        self._gauges = gauges
        self._found: dict[str, tuple[Drift, ...]] = {}
        self._mended_ns: dict[tuple[str, CohortKey], int] = {}

    def drifts(self, project: str) -> Sequence[Drift]:
        return self._found.get(project, ())

    def look(self, project: str, now_ns: int) -> None:
        """Compare; forget what was learned of a cohort that drifted, unless it was forgotten in the last day."""
        since_ns = now_ns - int(self._options.judge_days * _DAY_NS)
        runs = self._feed.kept_promises(project, since_ns, now_ns, limit=self._options.judge_max)
        cohorts = calibrate(runs, "tokens_total", window=self._options.drift_window)
        self._found[project] = tuple(cohort.drift for cohort in cohorts if cohort.drift is not None)
        self._gauges.drifted.set(sum(map(len, self._found.values())))
        for drift in self._found[project]:
            if self._is_new(project, key := (drift.agent, drift.model), now_ns):
                self._book.forget(project, *key)
                self._mended_ns[project, key] = now_ns

    def _is_new(self, project: str, key: CohortKey, now_ns: int) -> bool:
        last_ns = self._mended_ns.get((project, key))
        return last_ns is None or now_ns - last_ns >= _DAY_NS
