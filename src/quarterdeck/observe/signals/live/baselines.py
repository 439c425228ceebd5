"""What runs of a cohort usually cost, and how quickly they usually spend: medians over the newest runs that are over.

Bounded: COHORTS_MAX cohorts, RUNS_MAX runs each. Refuses: a usual value from too few runs; a price for tokens that have none.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from statistics import median
from typing import NamedTuple

import msgspec

from quarterdeck.errors import BadFile
from quarterdeck.model.runs import Run
from quarterdeck.store.measures import cost_usd

COHORTS_MAX = 1_000
RUNS_MAX = 200
"""Newest runs of a cohort that say what is usual: a median of 200 is within a few percent of that of many more."""

_LIFE_MIN_NS = 60_000_000_000
"""A run is taken to live a minute at least, or the first call of every run would be a burst."""

Cohort = tuple[str, str | None, str | None]
"""(project, agent, environment)."""


class Spending(NamedTuple):
    """One run, or what is usual: dollars and tokens, in all and per minute of its life. None = not known."""

    usd: float | None
    usd_per_min: float | None
    tokens: float | None
    tokens_per_min: float | None


class Usual(NamedTuple):
    """Medians, and the number of runs behind those in dollars and those in tokens."""

    spending: Spending
    n_usd: int
    n_tokens: int


def spending_of(run: Run, until_ns: int) -> Spending:
    """What the run has spent by `until_ns`, which is its end when it is over."""
    minutes = max(_LIFE_MIN_NS, until_ns - run.started_at_ns) / _LIFE_MIN_NS
    usd, total = cost_usd(run), run.tokens.total
    tokens = None if total is None else float(total)
    return Spending(usd, None if usd is None else usd / minutes, tokens, None if tokens is None else tokens / minutes)


def cohort_of(run: Run) -> Cohort:
    return run.project, run.agent, run.environment


_FORM = 1
_MEND = "what is usual is learned anew"


class _Memory(msgspec.Struct, frozen=True):
    """What survives a restart."""

    form: int
    cohorts: list[tuple[Cohort, list[Spending]]]


class Baselines:
    """Learns from runs that are over. The cohort that was not heard of for longest goes first."""

    def __init__(self, runs_min: int) -> None:
        self._runs_min = runs_min
        self._seen: OrderedDict[Cohort, deque[Spending]] = OrderedDict()
        self._usual: dict[Cohort, Usual] = {}

    def learn(self, run: Run) -> None:
        cohort = cohort_of(run)
        end_ns = run.last_seen_ns if run.ended_at_ns is None else run.ended_at_ns
        self._seen.setdefault(cohort, deque(maxlen=RUNS_MAX)).append(spending_of(run, end_ns))
        self._seen.move_to_end(cohort)
        self._usual.pop(cohort, None)
        if len(self._seen) > COHORTS_MAX:
            gone, _ = self._seen.popitem(last=False)
            self._usual.pop(gone, None)

    def dump(self) -> bytes:
        """All that was learned, for `load`."""
        return msgspec.msgpack.encode(_Memory(_FORM, [(cohort, list(seen)) for cohort, seen in self._seen.items()]))

    def load(self, data: bytes) -> None:
        """Take up what `dump` gave, in the place of what was learned. Raises BadFile for another form."""
        try:
            memory = msgspec.msgpack.decode(data, type=_Memory)
        except (msgspec.DecodeError, ValueError) as error:
            raise BadFile("live rules", "are not what a watch writes", mend=_MEND) from error
        if memory.form != _FORM:
            raise BadFile("live rules", f"have form {memory.form}, expected {_FORM}", mend=_MEND)
        newest = memory.cohorts[-COHORTS_MAX:]
        self._seen = OrderedDict((cohort, deque(seen, maxlen=RUNS_MAX)) for cohort, seen in newest)
        self._usual.clear()

    def usual(self, cohort: Cohort) -> Usual:
        """Medians; a field is None while too few runs told it."""
        found = self._usual.get(cohort)
        if found is None:
            found = self._usual[cohort] = self._medians(self._seen.get(cohort, ()))
            if len(self._usual) > COHORTS_MAX:
                self._usual = {cohort: found}
        return found

    def _medians(self, seen: deque[Spending] | tuple[()]) -> Usual:
        columns: list[list[float]] = [
            [value for row in seen if (value := row[at]) is not None] for at in range(len(Spending._fields))
        ]
        medians = [median(values) if len(values) >= self._runs_min else None for values in columns]
        return Usual(Spending._make(medians), len(columns[0]), len(columns[2]))
