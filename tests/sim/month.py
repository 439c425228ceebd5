"""A month of a fleet: runs in conversations whose outcomes are alike, on days that differ, in the order of their ends.

40 cohorts, five failure-type signals with the rates of `benchmarks/stats_promise.py`, tokens and seconds beside them.
A conversation's outcomes have the intraclass correlation .05; every day multiplies the rates of the whole fleet and of
each cohort by log-normal factors (sd 5 %). Equal arguments give equal months. Knows nothing of spans or runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

DAY_S = 86_400.0
RATES = np.array([0.10, 0.05, 0.08, 0.02, 0.20])
"""failing, errors inside, retries, guardrail blocks, cache misses."""
BLOCKED = 0.2
"""Share of the failing runs that a guardrail ended; such an end is one of the errors inside, too."""
DIFFUSE = np.array([0.25, 0.10, 0.14, 0.02, 0.20])
"""Of the two fifths of the sessions that a diffuse change makes worse: .10 → .16, .05 → .07, .08 → .104 in the whole."""
DIFFUSE_SHARE = 0.4
ICC = 0.05
DAY_SD = 0.05
IN_SESSION = 10


class Event(NamedTuple):
    """One run. `bad` has one 0 or 1 for each rate; the second is an error of the model call, beside those of guardrails."""

    number: int
    cohort: int
    session: int
    started_s: float
    ended_s: float
    bad: tuple[int, int, int, int, int]
    tokens: int


@dataclass(frozen=True, slots=True)
class Month:
    """`runs` of `cohorts` over `days`. `worse(cohort, at_s)` answers other rates (5,) for a session, None = the usual ones.

    `noise`: correlated conversations and uneven days; without it sessions are single runs and all days alike.
    """

    runs: int
    cohorts: int = 40
    days: float = 30.0
    seed: int = 1
    begins_s: float = 0.0
    noise: bool = True
    worse: Callable[[int, float, float], NDArray[np.float64] | None] | None = None

    def events(self) -> Iterator[Event]:
        """All runs, the earliest end first."""
        chance = np.random.default_rng((self.seed, round(self.begins_s)))
        size = IN_SESSION if self.noise else 1
        sessions = self.runs // size
        cohort = chance.permutation(np.arange(sessions) % self.cohorts)
        begins = np.sort(chance.uniform(0, self.days * DAY_S, sessions)) + self.begins_s
        rates = self._rates(chance, cohort, begins)
        gaps = chance.exponential(30.0, (sessions, size)).cumsum(axis=1) - 30.0
        started = begins[:, None] + np.maximum(gaps, 0.0)
        seconds = chance.lognormal(3.0, 0.5, (sessions, size))
        bad = (chance.random((sessions, size, len(RATES))) < rates[:, None]).astype(int)
        bad[..., 3] = bad[..., 0] & (chance.random((sessions, size)) < BLOCKED)
        tokens = chance.lognormal(9.0, 0.4, (sessions, size)).astype(int)
        ended = started + seconds
        for number, flat in enumerate(np.argsort(ended, axis=None, kind="stable")):
            at, place = divmod(int(flat), size)
            first, *others = (int(one) for one in bad[at, place])
            yield Event(
                number, int(cohort[at]), at, float(started[at, place]), float(ended[at, place]),
                (first, *others), int(tokens[at, place]),
            )  # fmt: skip

    def _rates(
        self, chance: np.random.Generator, cohort: NDArray[np.int64], begins: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """The rates of each session (n, 5), errors inside without those of guardrails."""
        rates = np.broadcast_to(RATES, (len(cohort), len(RATES))).copy()
        if self.worse is not None:
            lots = chance.random(len(cohort))
            for at in range(len(cohort)):
                other = self.worse(int(cohort[at]), float(begins[at]), float(lots[at]))
                if other is not None:
                    rates[at] = other
        rates[:, 1] -= RATES[0] * BLOCKED
        if not self.noise:
            return rates
        days = int(self.days + 2)
        day = ((begins - self.begins_s) // DAY_S).astype(int)
        of_fleet = np.exp(chance.normal(0, DAY_SD, (days, len(RATES))) - DAY_SD**2 / 2)
        of_cohort = np.exp(chance.normal(0, DAY_SD, (days, self.cohorts, len(RATES))) - DAY_SD**2 / 2)
        rates = np.clip(rates * of_fleet[day] * of_cohort[day, cohort], 0.0, 0.99)
        spread = 1 / ICC - 1
        return np.asarray(chance.beta(rates * spread, (1 - rates) * spread))


def one_cohort(number: int, since_s: float) -> Callable[[int, float, float], NDArray[np.float64] | None]:
    """Failing .10 → .25 in one cohort."""
    worse = RATES.copy()
    worse[0] = 0.25
    return lambda cohort, at_s, _lot: worse if cohort == number and at_s >= since_s else None


def diffuse(since_s: float) -> Callable[[int, float, float], NDArray[np.float64] | None]:
    """Two fifths of the sessions of every cohort are worse."""
    return lambda _cohort, at_s, lot: DIFFUSE if lot < DIFFUSE_SHARE and at_s >= since_s else None
