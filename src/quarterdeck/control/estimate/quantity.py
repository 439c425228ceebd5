"""One quantity's way from history to quantiles: a middle from the rungs, a width from their doubt, a curve, an online correction.

All in natural logarithms. Refuses: zero and less (not reported), and knowing what its quantity means.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import Any, NamedTuple

from quarterdeck.control.estimate.cells import KINDS, Cell, Key
from quarterdeck.control.estimate.correction import Correction
from quarterdeck.control.estimate.place import Place
from quarterdeck.control.estimate.rules import Rules
from quarterdeck.control.estimate.shape import Cohort, Common, Fallen, Shape, Stand
from quarterdeck.control.estimate.words import Words
from quarterdeck.model.estimates import LEVELS

_KIND = {kind: at for at, kind in enumerate(KINDS)}
_COHORT = 1
"""Of the levels of a place."""
_TASK, _OWN = _KIND["t"], _KIND["c"]
_NORMAL = NormalDist()
_REFITS = 400.0
"""Runs that the learned variances remember."""
_REFITS_FROM = 30.0
_SMALLEST = 1e-3
_VIEW_LAG = 8
_VIEWS_MAX = 4_000
_WORDS_UNTIL = 4
"""Runs of a task from which its words no longer matter."""
_STANDS_APART = 0.5
_NONE = [0.0] * len(LEVELS)

Rungs = Sequence[tuple[int, Cell | None]]
"""From wide to narrow: the kind's number, and the cell where there is history."""


class Found(NamedTuple):
    """Cells of a place."""

    place: Place
    everything: Cell | None
    levels: Rungs
    tasks: Rungs
    task: Cell | None


class Middle(NamedTuple):
    """Where a run is expected: the cohort's level and the task's distance from it, each with the variance of what is not known."""

    level: float
    level_var: float
    words: float
    task: float
    task_var: float


class View(NamedTuple):
    """What the curves say for one cohort and stand, until the next refit. `at`, `runs`: of all and of the cohort, then. The rest by level.

    `lines`: factors of the middle and of one standard deviation, a constant, and a factor of the level, with the shares already in.
    `top`: no quantile is put above.
    """

    at: int
    runs: int
    residuals: list[float]
    owns: list[tuple[float, float]]
    lines: list[tuple[float, float, float, float]]
    top: float


class Reading(NamedTuple):
    """A prediction with its parts; `apart`: by how much the hierarchy's quantiles are above the cohort's own."""

    quantiles: list[float]
    middle: Middle
    sd: float
    stand: Stand
    apart: list[float]


class QuantityModel:
    """`index`: of the quantity in every cell. `prior`: (logarithm of the median, variance)."""

    def __init__(self, index: int, rules: Rules, prior: tuple[float, float]) -> None:
        self._index = index
        self._rules = rules
        self._prior = prior
        self.noise = rules.noise
        self.variances = list(rules.variances)
        self._refits = [_REFITS_FROM] * (len(KINDS) + 1)
        self.n = 0
        self._shape = Shape(rules)
        self._correction = Correction(rules)
        self._words = Words(rules)
        self._views: dict[tuple[Cohort, Stand], View] = {}
        self._common: dict[Stand, Common] = {}

    def predict(self, found: Found) -> list[float]:
        """Logarithms of the quantiles `LEVELS`."""
        level, level_var = self._level(found)
        _, task, task_var = self._task(found)
        sd, stand = self._sd(found, level_var, task, task_var)
        return _cross(self._view(found, stand), level, level + task, sd)

    def _level(self, found: Found) -> tuple[float, float]:
        """The cohort's level and its variance."""
        mean, var = self._lean(self._prior[0], self._prior[1], ((-1, found.everything),))
        if found.levels[0][1] is None:
            # The learned variance tells of agents that are there; one that is not may be anything.
            var += self._rules.variances[0] + self._rules.variances[1]
        return self._lean(mean, var, found.levels)

    def _task(self, found: Found) -> tuple[float, float, float]:
        """What its words say of a task, then how far all that is known puts it from its cohort's level, and the variance."""
        words, doubt = 0.0, 0.0
        place, task = found.place, found.task
        if place.words and (task is None or task.weights[self._index] < _WORDS_UNTIL):
            words, doubt = self._words.lean(place.words)
        mean, var = self._lean(words, doubt, found.tasks)
        if place.task is None:
            var += self.variances[_TASK] + self.variances[_OWN]
        return words, mean, var

    def _sd(self, found: Found, level_var: float, task: float, task_var: float) -> tuple[float, Stand]:
        """One standard deviation of the next run, and where it stands among its cohort's tasks."""
        index, cell, noise = self._index, found.task, self.noise
        var = noise + level_var + task_var
        known = False
        if cell is not None:
            known = cell.weights[index] > 0.0
            prior = self._rules.spread_prior
            var *= (cell.odd[index] + prior) / (cell.odd_n[index] + prior)
        apart = task / math.sqrt(self.variances[_TASK] + 0.2 * noise)
        return math.sqrt(var), (known, 0 if apart < -_STANDS_APART else 2 if apart > _STANDS_APART else 1)

    def _lean(self, mean: float, var: float, rungs: Rungs) -> tuple[float, float]:
        noise, index, variances = self.noise, self._index, self.variances
        for kind, cell in rungs:
            if kind >= 0:
                var += variances[kind]
            if cell is not None:
                weight = cell.weights[index]
                if weight:
                    gain = var / (var + noise / weight)
                    mean += gain * (cell.means[index] - mean)
                    var *= 1.0 - gain
        return mean, var

    def gains(self, rungs: Rungs, *, above: Cell | None = None) -> list[tuple[int, float, Cell]]:
        """How far each rung with history pulls the middle to itself, the narrowest first. `above`: what the widest leans on."""
        var = self._lean(*self._prior, ((-1, above),))[1] if above is not None else 0.0
        told = []
        for kind, cell in rungs:
            var += self.variances[kind]
            if cell is not None and cell.weights[self._index]:
                gain = var / (var + self.noise / cell.weights[self._index])
                var *= 1.0 - gain
                told.append((kind, gain, cell))
        return told[::-1]

    def trust(self, everything: Cell) -> float:
        """The same of everything, against the prior."""
        weight = everything.weights[self._index]
        return self._prior[1] / (self._prior[1] + self.noise / weight) if weight else 0.0

    def _read(self, found: Found) -> Reading:
        level, level_var = self._level(found)
        words, task, task_var = self._task(found)
        sd, stand = self._sd(found, level_var, task, task_var)
        view = self._view(found, stand)
        apart = [
            level + task + sd * residual - (constant + factor * level)
            for residual, (constant, factor) in zip(view.residuals, view.owns, strict=True)
        ]
        quantiles = _cross(view, level, level + task, sd)
        return Reading(quantiles, Middle(level, level_var, words, task, task_var), sd, stand, apart)

    def _view(self, found: Found, stand: Stand) -> View:
        cohort, cell = found.place.cohort, found.levels[_COHORT][1]
        runs = 0 if cell is None else cell.n
        view = self._views.get((cohort, stand))
        if view is None or not (_fresh(self.n, view.at) and _fresh(runs, view.runs)):
            view = self._look(cohort, stand, runs)
            if len(self._views) > _VIEWS_MAX:
                self._views.clear()
            self._views[(cohort, stand)] = view
        return view

    def _look(self, cohort: Cohort, stand: Stand, runs: int) -> View:
        """What all have in common is looked up once for all cohorts, then this cohort's own part is laid over it."""
        common = self._common.get(stand)
        if common is None or not _fresh(self.n, common.at):
            at = [self._correction.level(index) for index in range(len(LEVELS))]
            shape = self._shape
            common = Common(self.n, at, [shape.residual(one, stand) for one in at], [shape.around(one) for one in at])
            self._common[stand] = common
        residuals, owns, top = self._shape.laid_over(common, cohort)
        shares = self._correction.shares(cohort) if self._shape.knows(cohort) else _NONE
        lines = [
            (1 - share, (1 - share) * residual, share * constant, share * factor)
            for share, residual, (constant, factor) in zip(shares, residuals, owns, strict=True)
        ]
        return View(self.n, runs, residuals, owns, lines, top)

    def learn(self, found: Found, value: float, *, finished: bool) -> None:
        """A run is over. `value`: logarithm of what it took, or of what it had taken when it was cut. The cells of `found` are moved."""
        reading = self._read(found)
        middle, cohort = reading.middle, found.place.cohort
        mean = middle.level + middle.task
        residual = (value - mean) / reading.sd
        self._correct(reading, cohort, value, residual, finished=finished)
        self._shape.add(Fallen(value, middle.level, residual, reading.sd, finished), cohort, reading.stand)
        self.n += 1
        if not finished:
            residual = _beyond(residual)
        clip = self._rules.clip
        residual = max(-clip, min(clip, residual))
        self._move(found, reading, mean + residual * reading.sd, residual)
        self._refit_noise(residual * reading.sd, reading.sd)

    def _correct(self, reading: Reading, cohort: Cohort, value: float, residual: float, *, finished: bool) -> None:
        enough = finished and self.n >= 10
        cut = None if finished else (self._shape.cuts_count(cohort), 1.0 - _NORMAL.cdf(residual))
        for index, quantile in enumerate(reading.quantiles):
            self._correction.miss(index, value, quantile, cut=cut)
            if enough:
                self._correction.weigh(
                    index, cohort, value - quantile, quantile - reading.middle.level, reading.apart[index]
                )

    def _move(self, found: Found, reading: Reading, value: float, residual: float) -> None:
        """What a run says of its levels is what its task does not explain, and the other way round."""
        index, noise, memories, middle = self._index, self.noise, self._rules.memories, reading.middle
        everything = found.everything
        weight = noise / (noise + middle.task_var)
        if everything is not None:
            everything.add(index, value - middle.task, weight, self._rules.level_memory)
        for kind, cell in found.levels:
            if cell is not None:
                cell.add(index, value - middle.task, weight, memories[kind])
                self._watch(cell, found.place.cohort, residual)
        if found.task is not None and found.task.n > 1:
            found.task.odd_n[index] += 1.0
            found.task.odd[index] += residual * residual
        weight = noise / (noise + middle.level_var)
        for kind, cell in found.tasks:
            if cell is not None:
                cell.add(index, value - middle.level, weight, memories[kind])
        if found.place.words and (found.task is None or found.task.n <= _WORDS_UNTIL):
            self._words.learn(found.place.words, value - middle.level, noise + middle.level_var + self.variances[_TASK])
        self._refit(found.levels, *self._lean(self._prior[0], self._prior[1], ((-1, everything),)))
        self._refit(found.tasks, middle.words, 0.0)

    def _watch(self, cell: Cell, cohort: Cohort, residual: float) -> None:
        rules, index = self._rules, self._index
        cell.moved[index] += rules.drift_share * (residual - cell.moved[index])
        if abs(cell.moved[index]) > rules.drift_at and cell.weights[index] > rules.drift_keeps:
            cell.weights[index] = rules.drift_keeps
            cell.moved[index] = 0.0
            self._shape.moved(cohort, int(rules.drift_keeps))

    def _refit_noise(self, off: float, sd: float) -> None:
        """Expected square of a run's own part, given all that is known (one step of EM)."""
        total = sd * sd
        seen = (off * self.noise / total) ** 2 + self.noise - self.noise**2 / total
        self._refits[-1] += 1.0
        self.noise = max(_SMALLEST, self.noise + (seen - self.noise) / min(self._refits[-1], _REFITS))

    def _refit(self, rungs: Rungs, mean: float, var: float) -> None:
        """The same for what a rung differs from the one above it."""
        index = self._index
        for kind, cell in rungs:
            if cell is None or not cell.weights[index]:
                continue
            own, doubt = self.variances[kind], self.noise / cell.weights[index]
            total, off = var + own + doubt, cell.means[index] - mean
            seen = (own / total * off) ** 2 + own * (1 - own / total)
            self._refits[kind] += 1.0
            self.variances[kind] = max(_SMALLEST, own + (seen - own) / min(self._refits[kind], _REFITS))
            gain = (var + own) / total
            mean, var = mean + gain * off, (var + own) * (1 - gain)

    def moved(self, cohort: Cohort, keep: int) -> None:
        """A cohort's level is said to be another: its own quantiles keep the newest `keep` runs."""
        self._shape.moved(cohort, keep)
        self._views.clear()
        self._common.clear()

    def dump(self) -> dict[str, Any]:
        """As JSON would have it."""
        return {
            "noise": self.noise,
            "variances": self.variances,
            "refits": self._refits,
            "n": self.n,
            "shape": self._shape.dump(),
            "correction": self._correction.dump(),
            "words": self._words.dump(),
        }

    def load(self, told: dict[str, Any]) -> None:
        """Take over what `dump` told of."""
        self.noise, self.n = float(told["noise"]), int(told["n"])
        self.variances, self._refits = list(told["variances"]), list(told["refits"])
        self._shape = Shape.load(self._rules, told["shape"])
        self._correction = Correction.load(self._rules, told["correction"])
        self._words = Words.load(self._rules, told["words"])


def _fresh(now: int, then: int) -> bool:
    """Whether what was made at `then` runs still stands: at first each run counts, later one in eight."""
    return now - then <= min(_VIEW_LAG, now // 32)


def _cross(view: View, level: float, mean: float, sd: float) -> list[float]:
    """The quantiles, in order."""
    quantiles = [u * mean + v * sd + w + x * level for u, v, w, x in view.lines]
    quantiles.sort()
    if quantiles[-1] > view.top:
        return [min(value, view.top) for value in quantiles]
    return quantiles


def kind_of(key: Key) -> int:
    """The number of a key's kind."""
    return _KIND[str(key[0])]


def _beyond(residual: float) -> float:
    """Where a run that was cut at `residual` standard deviations is expected, by a normal curve."""
    left = max(1e-9, 1.0 - _NORMAL.cdf(residual))
    return max(residual, _NORMAL.pdf(residual) / left)
