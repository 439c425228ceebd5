"""The patrol: every run that is over once, in order; what got worse comes out, at the promised rate of false alarms.

Pure: runs in, findings out; the same runs in the same order give the same evidence, bit for bit. Time is that of the
runs. Three lanes share one budget: the whole fleet, each cohort, each new version. Bounded by cohorts and signals.
Refuses: to know the clock, and to take a run back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from quarterdeck.errors import NotFound
from quarterdeck.model.outcomes import Outcome
from quarterdeck.model.runs import Run
from quarterdeck.model.signals import Deploy, Finding, Keys, Point, Promise, SliceScore, StreamNow
from quarterdeck.observe.signals import budget, conditions, mix, state
from quarterdeck.observe.signals.blocks import Block, Blocks, Item
from quarterdeck.observe.signals.clustering import Clustering
from quarterdeck.observe.signals.columns import Bools, Columns
from quarterdeck.observe.signals.days import Days
from quarterdeck.observe.signals.deploys import Deploys
from quarterdeck.observe.signals.kinds import SIGNALS
from quarterdeck.observe.signals.line import Held, Line
from quarterdeck.observe.signals.newest import Newest, Told
from quarterdeck.observe.signals.options import SignalsOptions
from quarterdeck.observe.signals.outcomes_known import OutcomesKnown
from quarterdeck.observe.signals.records import Record, record_of
from quarterdeck.observe.signals.scope import BETS, QUIET, Crossing, Scope
from quarterdeck.observe.signals.seasons import Seasons
from quarterdeck.observe.signals.signal import Signal
from quarterdeck.observe.signals.strata import OTHERS, Strata
from quarterdeck.observe.signals.tolerances import Tolerances
from quarterdeck.observe.signals.views import Stage, Views, id_of
from quarterdeck.observe.signals.where import slices_of
from quarterdeck.stats import Ranks
from quarterdeck.stats.bets import Floats

WHOLE: Keys = ()
_BUDGET_EVERY = 32
"""A stream's threshold follows its traffic in steps of this many runs."""
_EACH_RUN, _POINT_EVERY = 60, 5
"""Runs of a stage that may each be a point of its course; later ones in steps of so many."""
_AHEAD_NS, _AHEAD_RUNS = 86_400 * 10**9, 3
"""One run that is a day ahead of all others has a wrong clock; with three in a row the fleet had been silent."""
_LONGEST = 0.99
"""The longest usual run: a hundredth of all runs last longer, and come after their turn."""
_TOP = 1 - 1e-9
"""A rate that would lie above 1 with the tolerance on top cannot get worse: nothing is bet."""


class Patrol:
    """State of one project."""

    def __init__(self, project: str, options: SignalsOptions, *, signals: tuple[Signal, ...] = SIGNALS) -> None:
        self.project = project
        self.options = options
        self.columns = Columns(signals, options)
        size = self.columns.size
        self.strata = Strata(self.columns, options.tolerance)
        self.scopes: dict[Keys, Scope] = {}
        self.seasons = Seasons(size)
        self.clustering = Clustering(size)
        self.blocks = Blocks(options.block_runs, int(options.block_silence_s * 1e9))
        self.fleet_deploys = Deploys(self.columns, options)
        self.newest = Newest(size)
        self.days = Days(size)
        self.known = OutcomesKnown()
        self.lasting = Ranks(0.0)
        self.cohort_of: dict[Keys, bool] = {}
        self.first_ns = self.last_ns = 0
        self.usual_ns = 0
        self.line = Line()
        self.wait_ns = int(options.wait_s_max * 1e9)
        self.first_end_ns = 0
        self.quiet_ns: int | None = None
        self.ahead = 0
        self.warm = False
        self.runs = 0
        self.expected = 0.0
        self._factor = np.where(self.columns.amount, 1.0, 1 + options.tolerance)
        self._tolerances = Tolerances(self.columns)
        self._views = Views(
            project, self.columns, self.strata, tolerance=options.tolerance, warmup=options.warmup_runs
        )  # fmt: skip

    # --- in

    def take(self, run: Run) -> list[Finding]:
        """One run that is over; answers what its evidence completed. Each run once, in order of the feed."""
        values = self.columns.read(run)
        cohort, watched = self._cohort(run)
        stratum = self.strata.index(cohort, run.task_class)
        record = record_of(run, stratum, values)
        self._time(record, run.last_seen_ns)
        self.known.add(run.failed)
        self.quiet_ns = None
        found: list[Finding] = []
        if watched:
            told = self.fleet_deploys.take(cohort, record, self.clustering.blocked, self.usual_ns)
            found += [self._say(test, crossing, threshold) for test, crossing, threshold in told]
            self._point(self.last_ns, *[test for test in self.fleet_deploys.tests if test.keys == cohort])
            if any(one.state == "reached" for one in found):
                self.line.drop(self._explained)
        if not (watched and self.fleet_deploys.explains(cohort, record)):
            self.line.add(self.line.held(run, record, self.last_ns))
        return found + self._release(self.last_ns) + self._silent_blocks(self.last_ns)

    def score(self, outcome: Outcome, run: Run) -> list[Finding]:
        """One posted outcome with its run: an observation of the signal `score:NAME`. A label alone says nothing here."""
        column = None if outcome.score is None else self.columns.score(outcome.name)
        if column is None or outcome.score is None:
            return []
        values = np.full(self.columns.size, np.nan)
        values[column] = min(1.0, max(0.0, 1.0 - outcome.score))
        cohort, watched = self._cohort(run)
        record = record_of(run, self.strata.index(cohort, run.task_class), values)
        self._time(record, outcome.received_ns)
        found: list[Finding] = []
        if watched:
            told = self.fleet_deploys.take_score(cohort, record, self.clustering.blocked)
            found += [self._say(test, crossing, threshold) for test, crossing, threshold in told]
            if self.fleet_deploys.explains(cohort, record):
                return found
        return found + self._observe(self.line.held(run, record, self.last_ns), self.last_ns)

    def pass_time(self, now_ns: int) -> list[Finding]:
        """What silence says: sessions and waits that are over, versions that no longer run.

        The time of the runs goes on by as much as passed since the first call after the newest run: what arrives late is
        not taken for silence.
        """
        self.quiet_ns = now_ns if self.quiet_ns is None else self.quiet_ns
        told = self.fleet_deploys.silent(now_ns)
        found = [self._say(test, crossing, threshold) for test, crossing, threshold in told]
        found += self._release(self.last_ns + max(0, now_ns - self.quiet_ns))
        return found + self._silent_blocks(now_ns)

    def drain(self) -> list[Finding]:
        """Takes all that waits: the history has ended, nothing that started earlier is still to come."""
        return [finding for held in self.line.due(self.last_ns) for finding in self._observe(held, held.started_ns)]

    # --- what people decided

    def tolerate(self, given: Mapping[tuple[Keys, str], float]) -> None:
        """(cohort, signal) → the share by which it may be worse than normal without news. Replaces what was given before."""
        self._tolerances.set(given)

    def excuse(self, cohort: Keys, signal: str) -> None:
        """A new version's change of this signal is known: its test awaits nothing more of it, and its runs are watched again."""
        if signal in self.columns.names:
            self.fleet_deploys.excuse(cohort, self.columns.names.index(signal))

    def rebase(self, cohort: Keys, signal: str) -> None:
        """Learn anew what is normal of this signal in a cohort (() = everywhere), from the next run on."""
        if signal not in self.columns.names:
            return
        column = self.columns.names.index(signal)
        self.excuse(cohort, signal)
        for row in self.strata.of(cohort):
            self.strata.forget(row, column)
        for keys, scope in self.scopes.items():
            if not cohort or keys in (cohort, WHOLE):
                scope.begin_anew(column)

    # --- out

    def streams(self) -> list[StreamNow]:
        """Every stream and open test, closest to its threshold first."""
        found = [stream for stage in self._stages() for stream in self._views.streams(stage)]
        return sorted(found, key=_nearest)

    def stream(self, stream_id: str) -> StreamNow:
        """Raises NotFound."""
        stage, at = self._find(stream_id)
        return next(one for one in self._views.streams(stage) if one.signal == self.columns.names[at])

    def history(self, stream_id: str) -> list[Point]:
        """The course of a stream in at most 240 points, oldest first. Raises NotFound."""
        stage, at = self._find(stream_id)
        return stage.history.column(at)

    def deploys(self) -> list[Deploy]:
        """Deploys that are remembered, newest first."""
        return sorted(self.fleet_deploys.remembered, key=lambda deploy: -deploy.opened_ns)

    def promise(self, now_ns: int) -> Promise:
        """False alarms allowed, and expected so far if nothing ever changed; and what that rests on."""
        found = conditions.all_of(self.columns, self.clustering, self.days, self.known, self.options.tolerance)
        since = self.first_ns or now_ns
        return Promise(self.options.alarms_per_month, self.expected + self.fleet_deploys.spent, since, tuple(found))

    def mix(self) -> list[mix.MixShift]:
        """Kinds of runs whose share moved."""
        return mix.shifts(self.newest, self.strata)

    def dump(self) -> bytes:
        """All that is known, to be read by `load`."""
        return state.dump(self)

    @classmethod
    def load(
        cls, project: str, options: SignalsOptions, data: bytes, *, signals: tuple[Signal, ...] = SIGNALS
    ) -> Patrol:
        """What `dump` wrote, with equal evidence. Raises BadFile for a foreign or newer form."""
        patrol = cls(project, options, signals=signals)
        state.restore(patrol, data)
        return patrol

    # --- the way of one run

    def _cohort(self, run: Run) -> tuple[Keys, bool]:
        keys = tuple((name, getattr(run, name)) for name in self.options.cohort_by)
        if keys not in self.cohort_of and len(self.cohort_of) < self.options.cohorts_max:
            self.cohort_of[keys] = True
        return (keys, True) if keys in self.cohort_of else (OTHERS, False)

    def _scopes(self, cohort: Keys, at_ns: int) -> list[Scope]:
        wanted = (WHOLE, cohort) if cohort != OTHERS else (WHOLE,)
        for keys in wanted:
            if keys not in self.scopes:
                self.scopes[keys] = Scope(keys, self.columns, at_ns)
        return [self.scopes[keys] for keys in wanted]

    def _time(self, record: Record, seen_ns: int) -> None:
        self.runs += 1
        if self.runs == 1:
            self.first_ns, self.first_end_ns = record.started_ns, record.ended_ns
        self.ahead = self.ahead + 1 if self.runs > 1 and seen_ns > self.last_ns + _AHEAD_NS else 0
        if self.ahead in (0, _AHEAD_RUNS):
            self.last_ns, self.ahead = max(self.last_ns, seen_ns), 0
        self.lasting.learn(record.lasted_ns / 1e9)
        if self.runs % _BUDGET_EVERY == 0:
            self.usual_ns = int((self.lasting.quantile(0.95) or 0.0) * 1e9)
            longest_ns = int((self.lasting.quantile(_LONGEST) or 0.0) * 1e9)
            self.wait_ns = min(longest_ns, int(self.options.wait_s_max * 1e9))

    def _release(self, newest_ns: int) -> list[Finding]:
        """Takes the runs of which all that started before are over by then."""
        self.warm = self.warm or newest_ns - self.first_end_ns >= 2 * self.wait_ns
        until_ns = newest_ns - self.wait_ns if self.warm else -1
        return [finding for held in self.line.due(until_ns) for finding in self._observe(held, held.started_ns)]

    def _explained(self, record: Record) -> bool:
        return self.fleet_deploys.explains(self.strata.names[record.stratum].cohort, record)

    def _observe(self, run: Held, at_ns: int) -> list[Finding]:
        """A run whose turn it is. Of those that were under way when the watch began only the long ones came: they are

        shown, and teach and bet nothing.
        """
        values, stratum, unit = run.values, run.stratum, run.unit
        cohort = self.strata.names[stratum].cohort
        scopes = self._scopes(cohort, at_ns)
        normal, places = self.strata.normal(stratum), self.strata.place(stratum, values)
        scale = self.seasons.factors(at_ns, self.first_ns)
        known = ~np.isnan(values)
        warm = known & (self.strata.n[stratum] >= self.options.warmup_runs)
        self.clustering.add(unit, np.where(warm, places - normal, np.nan))
        if self.strata.n[stratum].max() >= self.options.warmup_runs:
            self.seasons.learn(at_ns, places, normal, warm)
            self.days.add(at_ns, places, normal, warm)
        self.newest.add(Told(stratum, cohort, run.attributes, run.tools, run.tool_errors), places, normal)
        for scope in scopes:
            scope.see(at_ns, values, normal, run.run_id)
            if scope.runs % _BUDGET_EVERY == 1:
                self._set_thresholds(scope)
        if run.started_ns < self.first_end_ns:
            self._point(at_ns, *scopes)
            return []
        single = known if unit is None else known & ~self.clustering.blocked
        betting = self._tolerated(stratum, values, places)
        found = self._bet(stratum, betting, single, scale, scopes)
        self.strata.learn(stratum, values, single, scale)
        if unit is not None and (known & ~single).any():
            item = Item(values, betting, known & ~single, scale)
            for block in self.blocks.add(unit, stratum, run.run_id, self.last_ns, item):
                found += self._close(block)
        self._point(at_ns, *scopes)
        return found

    def _tolerated(self, stratum: int, values: Floats, places: Floats) -> Floats:
        """The ranks that are bet on: an amount within what people tolerate ranks as if it were so much less."""
        factors = self._tolerances.factors(self.strata.names[stratum].cohort)
        if factors is None:
            return places
        return np.where(self.columns.amount, self.strata.place(stratum, values / factors), places)

    def _close(self, block: Block) -> list[Finding]:
        """A session that counts as one observation: it bets with its mean, then its stratum learns its runs."""
        places, use = block.mean("places")
        scale, _ = block.mean("scale")
        cohort = self.strata.names[block.stratum].cohort
        scopes = self._scopes(cohort, self.last_ns)
        found = self._bet(block.stratum, places, use, np.where(use, scale, 1.0), scopes)
        for item in block.items:
            self.strata.learn(block.stratum, item.values, item.use, item.scale)
        return found

    def _silent_blocks(self, now_ns: int) -> list[Finding]:
        return [finding for block in self.blocks.silent(now_ns) for finding in self._close(block)]

    def _bet(self, stratum: int, places: Floats, use: Bools, scale: Floats, scopes: Iterable[Scope]) -> list[Finding]:
        if not self.warm:
            return []
        factors = self._tolerances.factors(self.strata.names[stratum].cohort)
        rates = 1.0 if factors is None else np.where(self.columns.amount, 1.0, factors)
        m = np.minimum(self.strata.normal(stratum) * self._factor * scale * rates, _TOP)
        may = use & (self.strata.n[stratum] >= self.options.warmup_runs) & (m < _TOP)
        if not may.any():
            return []
        x = np.where(may, places, 0.0)
        growth = 1 + BETS * ((x - m) / m)[:, None]
        found: list[Finding] = []
        for scope in scopes:
            self.expected += float((may / scope.thresholds).sum())
            crossings = scope.bet(growth, x, may)
            found += [self._cross(scope, one, float(m[one.column] / self._factor[one.column])) for one in crossings]
        return found

    def _cross(self, scope: Scope, crossing: Crossing, normal: float) -> Finding:
        at = crossing.column
        if crossing.state == "reached":
            scope.recovery.begin(at, normal, max(float(scope.pace[at]), normal * 1.2))
            if np.isnan(scope.recovery.level[at]):
                scope.state[at] = QUIET
        return self._say(scope, crossing, float(scope.thresholds[at]))

    def _set_thresholds(self, scope: Scope) -> None:
        cohorts = None if scope.keys == WHOLE else len(self.cohort_of)
        items = np.where(self.clustering.blocked, scope.bets, scope.items)
        elapsed_s = (scope.last_ns - scope.first_ns) / 1e9
        scope.set_thresholds(budget.thresholds(self.options, self.columns.shares, items, elapsed_s, cohorts))

    # --- words

    def _say(self, stage: Stage, crossing: Crossing, threshold: float) -> Finding:
        slices: Sequence[SliceScore] = ()
        if crossing.state == "reached" and isinstance(stage, Scope):
            slices = slices_of(self.newest, self.columns.names[crossing.column], crossing.column, stage.keys or None)
        return self._views.finding(stage, crossing, threshold, self.last_ns, slices)

    def _point(self, at_ns: int, *stages: Stage) -> None:
        for stage in stages:
            if (stage.runs < _EACH_RUN or stage.runs % _POINT_EVERY == 0) and stage.history.due(at_ns):
                value, low, high = stage.recent.summary(self.columns.rates)
                stage.history.add(at_ns, stage.evidence, value, low, high)

    def _stages(self) -> list[Stage]:
        return [*self.scopes.values(), *self.fleet_deploys.tests]

    def _find(self, stream_id: str) -> tuple[Stage, int]:
        for stage in self._stages():
            for at in np.flatnonzero(stage.items > 0):
                if id_of(stage, int(at), self.columns) == stream_id:
                    return stage, int(at)
        msg = f"there is no stream {stream_id!r}"
        raise NotFound(msg, mend="GET /api/v1/signals lists them")


def _nearest(stream: StreamNow) -> tuple[bool, float, str, str]:
    """Reached first, then the share of the way to the threshold, on a log scale."""
    far = np.log(max(1.0, stream.evidence)) / np.log(stream.threshold) if 1 < stream.threshold < np.inf else 0.0
    return stream.state != "reached", -float(far), stream.signal, repr(stream.cohort)
