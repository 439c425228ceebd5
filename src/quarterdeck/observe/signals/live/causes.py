"""Which live runs show which cause: looping, stuck, running away. Pure; one pass over the runs.

Refuses: to judge a run that waits on a human or a queue by its silence.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from quarterdeck.model.runs import Run
from quarterdeck.observe.signals.live.baselines import Baselines, Spending, Usual, cohort_of, spending_of
from quarterdeck.observe.signals.live.options import LiveOptions

CauseKind = Literal["loop", "stuck", "runaway"]
LOOP_FLAGS = frozenset({"loop", "oscillation", "stale_growth"})


class Cause(NamedTuple):
    """What makes two runs one alert."""

    project: str
    kind: CauseKind
    agent: str | None
    prompt_version: str | None


class Suspect(NamedTuple):
    """One run that shows a cause. `size`: seconds of silence, or times its cohort's usual pace; 1 for a loop.

    `usual` is what its cohort usually spends; `wasted_usd` what this run spent above it, None = not known.
    """

    run: Run
    size: float
    spent: Spending
    usual: Usual
    wasted_usd: float | None


class Sighting(NamedTuple):
    """All live runs that show one cause now, worst first; `live` runs of that agent and prompt there are in all."""

    cause: Cause
    suspects: Sequence[Suspect]
    live: int

    @property
    def wasted_usd(self) -> float | None:
        known = [suspect.wasted_usd for suspect in self.suspects if suspect.wasted_usd is not None]
        return sum(known) if known else None


def sightings(runs: Sequence[Run], now_ns: int, usual: Baselines, options: LiveOptions) -> list[Sighting]:
    """Every cause that a live run shows, the most wasteful first."""
    live = Counter((run.project, run.agent, run.prompt_version) for run in runs)
    found: dict[Cause, list[Suspect]] = {}
    for run in runs:
        for kind, size in _causes(run, now_ns, usual, options):
            cause = Cause(run.project, kind, run.agent, run.prompt_version)
            found.setdefault(cause, []).append(_suspect(run, size, now_ns, usual))
    seen = [
        Sighting(cause, sorted(suspects, key=_rank), live[cause.project, cause.agent, cause.prompt_version])
        for cause, suspects in found.items()
    ]
    return sorted(seen, key=lambda sighting: (-(sighting.wasted_usd or 0.0), _order(sighting.cause)))


def tells(sighting: Sighting, options: LiveOptions) -> bool:
    """Whether it is enough to tell somebody. A run that runs away is, by itself: its floor is in dollars already."""
    kind, n = sighting.cause.kind, len(sighting.suspects)
    if kind == "runaway":
        return True
    if (sighting.wasted_usd or 0.0) >= options.wasted_usd_min > 0:
        return True
    if n < options.share_min * sighting.live:
        return False
    longest_s = max(suspect.size for suspect in sighting.suspects)
    return kind == "loop" or n >= options.stuck_runs or longest_s >= options.stuck_after_s


def _causes(run: Run, now_ns: int, usual: Baselines, options: LiveOptions) -> Iterable[tuple[CauseKind, float]]:
    if not LOOP_FLAGS.isdisjoint(run.flags):
        yield "loop", 1.0
    if run.lifecycle == "stalled":
        yield "stuck", max(0, now_ns - run.last_seen_ns) / 1e9
    pace = _pace(spending_of(run, now_ns), usual.usual(cohort_of(run)).spending, options)
    if pace is not None and pace > options.runaway_factor:
        yield "runaway", pace


def _pace(spent: Spending, usual: Spending, options: LiveOptions) -> float | None:
    """How many times the usual it spends; None while that is not known or the sum is too small to matter.

    In dollars where the run's cost and its cohort's are known, else in tokens.
    """
    if spent.usd is not None and usual.usd is not None:
        return _times(spent.usd_per_min, usual.usd_per_min, spent.usd - usual.usd >= options.runaway_usd_min)
    if spent.tokens is not None and usual.tokens is not None:
        enough = spent.tokens - usual.tokens >= options.runaway_tokens_min
        return _times(spent.tokens_per_min, usual.tokens_per_min, enough)
    return None


def _times(pace: float | None, usual: float | None, enough: bool) -> float | None:
    """Nothing is a multiple of 0: a cohort that usually spends nothing has no pace."""
    return pace / usual if enough and pace is not None and usual else None


def _suspect(run: Run, size: float, now_ns: int, baselines: Baselines) -> Suspect:
    spent, usual = spending_of(run, now_ns), baselines.usual(cohort_of(run))
    known = spent.usd is not None and usual.spending.usd is not None
    wasted = max(0.0, (spent.usd or 0.0) - (usual.spending.usd or 0.0)) if known else None
    return Suspect(run, size, spent, usual, wasted)


def _rank(suspect: Suspect) -> tuple[float, float, str]:
    return -(suspect.wasted_usd or 0.0), -suspect.size, suspect.run.run_id


def _order(cause: Cause) -> tuple[str, ...]:
    return tuple(part or "" for part in cause)
