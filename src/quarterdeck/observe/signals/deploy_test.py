"""One deploy: for every signal the evidence that the new version is worse than the old one.

Rates: pairs with old runs beside the new ones; else with old runs of the same age from before; else, when those have run
out, bets against a cautious bound of the old rate. Which of the three a run goes to is decided by times alone, each run
goes to one, and the evidence is their product. Amounts: the rank among old runs of the same age, with a margin for how
many there are, as it stands and sharpened (its ninth power, for changes that put most runs above the old ones).
"""

from __future__ import annotations

import numpy as np

from quarterdeck.model.signals import Deploy, Keys, Lane
from quarterdeck.observe.signals.columns import Bools, Columns
from quarterdeck.observe.signals.controls import Controls
from quarterdeck.observe.signals.history import History
from quarterdeck.observe.signals.pairs import Pairs, log_mean
from quarterdeck.observe.signals.recent import Recent, wilson_bounds
from quarterdeck.observe.signals.records import Record
from quarterdeck.observe.signals.recovery import Recovery
from quarterdeck.observe.signals.scope import BETS, FELL, PACE_RUNS, QUIET, REACHED, RISE, RISING, Crossing
from quarterdeck.stats.bets import Floats
from quarterdeck.stats.processes import LOG_MAX

POWERS = (1.0, 9.0)
"""A rank u is bet on as u and as u^9: means 1/2 and 1/10 while nothing changes."""
REFERENCE_MIN = 8
BOUND_MIN = 20
"""Old runs without which nothing is bet against their rate."""
BESIDE_SHARE = 0.25
"""With so many of the new runs compared beside old ones, the others are not compared with earlier ones."""
BESIDE_MIN = 30
_TOP = 0.95
"""A rate that may have been higher cannot be shown to be worse."""
UNITS_MAX = 10_000
LEVEL_MIN = 1.2
"""What was reached is taken for at least this much worse than before when its end is awaited."""


class DeployTest:
    """`usual_ns`: how long the longest usual run takes (95 %); older deploys have shown all kinds of runs."""

    def __init__(self, deploy: Deploy, columns: Columns, controls: Controls, tolerance: float) -> None:
        self.deploy = deploy
        self.controls = controls
        self.columns = columns
        self.tolerance = tolerance
        size = columns.size
        self.beside, self.before = Pairs(size), Pairs(size)
        self.alone: Floats = np.zeros((size, len(BETS)))
        self.ranks: Floats = np.zeros((len(POWERS), size, len(BETS)))
        self.state = np.zeros(size, dtype=np.int8)
        self.thresholds: Floats = np.full(size, np.inf)
        self.items: Floats = np.zeros(size)
        self.pace: Floats = np.full(size, np.nan)
        self.recovery = Recovery(size)
        self.recent = Recent(size)
        self.history = History(size)
        self.units: set[str] = set()
        self.runs = self.paired = 0
        self.last_ns = deploy.opened_ns
        self.usual_ns = 0
        self._bounds: dict[int, Floats] = {}
        known = controls.values
        self.old_n = (~np.isnan(known)).sum(axis=0).astype(float)
        self.old_mean: Floats = np.asarray(np.nansum(known, axis=0) / np.maximum(self.old_n, 1))

    @property
    def keys(self) -> Keys:
        return self.deploy.cohort

    @property
    def lane(self) -> Lane:
        return "deploy"

    @property
    def reached(self) -> bool:
        """Whether any signal of this version got worse and is not over: its runs are then explained."""
        return bool((self.state == REACHED).any())

    @property
    def evidence(self) -> Floats:
        """E of each column; 1 without observations."""
        rates = sum(log_mean(logs) for logs in (self.beside.logs, self.before.logs, self.alone))
        amounts = log_mean(self.ranks.transpose(1, 0, 2).reshape(len(self.state), -1))
        return np.exp(np.minimum(np.where(self.columns.amount, amounts, rates), LOG_MAX))

    def old(self, record: Record) -> None:
        """A run of the old version."""
        self.controls.old(record)

    def new(self, record: Record, blocked: Bools) -> list[Crossing]:
        """A run of the new version. Of the columns in `blocked` only the first run of each session counts.

        The deploy's age is counted from the first start that was seen. Runs that had started before it are left out: only
        the long ones of them are still to end; and so is the run that it is taken from, which is as old as the deploy.
        """
        self.last_ns = max(self.last_ns, record.ended_ns)
        if record.started_ns <= self.deploy.opened_ns:
            return []
        x = self._once(record, blocked)
        self.runs += 1
        self.items += ~np.isnan(x)
        self.recent.add(record.values, np.broadcast_to(self.old_mean, x.shape), record.run_id)
        self._rates(record, x)
        place = self._amounts(record, x)
        use = ~np.isnan(place)
        before = np.where(np.isnan(self.pace), place, self.pace)
        np.copyto(self.pace, before + (place - before) / PACE_RUNS, where=use)
        return self._crossings(place, use)

    def _once(self, record: Record, blocked: Bools) -> Floats:
        if record.unit is None or not blocked.any():
            return record.values
        again = record.unit in self.units
        if len(self.units) < UNITS_MAX:
            self.units.add(record.unit)
        return np.where(blocked, np.nan, record.values) if again else record.values

    def _rates(self, record: Record, x: Floats) -> None:
        beside = self.controls.concurrent(record)
        if beside:
            self.paired += 1
            self.beside.update(x, np.array(beside), self.columns.rates)
            return
        if self.paired > BESIDE_SHARE * self.runs:
            return
        earlier = self.controls.earlier(record)
        if earlier:
            self.before.update(x, np.array(earlier), self.columns.rates)
        elif record.ended_ns - self.deploy.opened_ns >= 2 * self.usual_ns:
            self._alone(record, x)

    def _alone(self, record: Record, x: Floats) -> None:
        m = self._bound(record.stratum)
        use = self.columns.rates & ~np.isnan(x) & ~np.isnan(m)
        edge = (x[use] - m[use]) / m[use]
        self.alone[use] = np.minimum(self.alone[use] + np.log1p(BETS * edge[:, None]), LOG_MAX)

    def _bound(self, stratum: int) -> Floats:
        """What the old rate may have been at most: few old runs prove little. NaN where there are too few."""
        if stratum not in self._bounds:
            values = self.controls.of_stratum(stratum)
            n = (~np.isnan(values)).sum(axis=0).astype(float)
            mean = np.clip(np.nansum(values, axis=0) / np.maximum(n, 1), 0, 1)
            usual = (mean * n + 0.5) / (n + 1) * (1 + self.tolerance)
            bound = np.maximum(usual, wilson_bounds(mean, np.maximum(n, 1))[1])
            self._bounds[stratum] = np.where((n >= BOUND_MIN) & (bound <= _TOP), bound, np.nan)
        return self._bounds[stratum]

    def _amounts(self, record: Record, x: Floats) -> Floats:
        """Bets on ranks; answers all columns on the scale 0..1 (rates as they are), NaN where nothing can be said."""
        place = np.where(self.columns.amount, np.nan, x)
        # While the old version runs beside the new one, only those runs are compared: a bad hour moves both.
        beside = (
            self.paired > BESIDE_SHARE * self.runs and len(self.controls.beside.get(record.stratum, ())) >= BESIDE_MIN
        )
        reference = self.controls.reference(record, beside=beside)
        for column in self.columns.amounts:
            old = reference[:, column][~np.isnan(reference[:, column])]
            if len(old) < REFERENCE_MIN or np.isnan(x[column]):
                continue
            value = x[column] / (1 + self.tolerance)
            ties = np.sum(old == value) if value > 0 else 0  # nothing is not more than nothing
            place[column] = (np.sum(old < value) + (ties + 1) / 2) / (len(old) + 1)
            for logs, power in zip(self.ranks, POWERS, strict=True):
                m, seen = _mean_of_power(power, len(old)), place[column] ** power
                logs[column] = np.minimum(logs[column] + np.log1p(BETS * ((seen - m) / m)), LOG_MAX)
        return place

    def _crossings(self, place: Floats, use: Bools) -> list[Crossing]:
        evidence = self.evidence
        found: list[Crossing] = []
        for at in np.flatnonzero(use & (self.state != REACHED)):
            here, line = float(evidence[at]), float(self.thresholds[at])
            if here >= line**RISE and self.state[at] == QUIET:
                self.state[at] = RISING
                found.append(Crossing(int(at), "rising", here))
            elif here * FELL < line**RISE and self.state[at] == RISING:
                self.state[at] = QUIET
                found.append(Crossing(int(at), "fell", here))
            if here >= line:
                self.state[at] = REACHED
                found.append(Crossing(int(at), "reached", here))
        self._await()
        for at in np.flatnonzero(self.recovery.update(place, use)):
            self.state[at] = QUIET
            self.thresholds[at] = np.inf  # its part of the budget is spent
            found.append(Crossing(int(at), "recovered", float(evidence[at])))
        return found

    def _await(self) -> None:
        """Begin to wait for the end of what was reached, once runs of all ages were seen: only then its level is known."""
        if self.last_ns - self.deploy.opened_ns < 2 * self.usual_ns:
            return
        for at in np.flatnonzero((self.state == REACHED) & np.isnan(self.recovery.level)):
            before = 0.5 if self.columns.amount[at] else float(self.old_mean[at])
            self.recovery.begin(int(at), before, max(float(self.pace[at]), before * LEVEL_MIN))


def _mean_of_power(power: float, n: int) -> float:
    """Mean of u^power among n old runs, with two standard deviations of what n runs leave open."""
    mean = 1 / (power + 1)
    spread = (1 / (2 * power + 1) - mean * mean) ** 0.5
    return float(mean + 2 * spread / n**0.5)
