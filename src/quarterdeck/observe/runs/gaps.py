"""How long agents are silent when all is well: the longest gap of each finished run, by agent and version.

A run's longest time between two neighbouring starts or ends is what a stall has to exceed. Kept as counts in logarithmic
buckets (factor 1.25, so a quantile is within 25 %), at most AGENTS_MAX agents; two books of two processes add up. Refuses: a limit
from fewer than RUNS_MIN runs, and to count one run twice.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import ceil, log
from threading import Lock
from typing import NamedTuple, Protocol

AGENTS_MAX = 1_000
"""Agents and versions remembered; the one not heard of for longest goes."""

RUNS_MIN = 30
"""Finished runs from which an agent's own gaps decide. Of fewer than a hundred the 99th percentile is the longest gap.

Chosen on recorded runs (docs/design/runs.md): with 30, 0.8 % of healthy runs are ever called stalled; with 100, 1.3 %.
"""

_WELL_KNOWN = 2_000
_SHARE = 0.99
_FACTOR = 2.0
"""A run may be silent for twice the 99th percentile of its agent's longest gaps (docs/design/runs.md has the rates)."""
_BASE = 1.25
_BUCKETS = 96
"""From 1 ms; the last holds everything above 1.6 million seconds."""
_SEEN_MAX = 20_000

Agent = tuple[str, str | None, str | None]
"""(project, agent, version); of a service as a whole, for runs whose root has not told their agent: (project, None, service)."""


class Gap(NamedTuple):
    """The longest gap of one finished run."""

    agent: Agent
    run_id: str
    seconds: float


class Gaps(Protocol):
    """What lifecycle asks."""

    def patience_s(self, agent: Agent, /) -> float | None:
        """Silence that this agent's runs do not exceed when all is well; None = not enough runs."""
        ...

    def wants(self, agent: Agent, run_id: str, /) -> bool:
        """Whether the gap of this finished run would still tell something."""
        ...


class Unlearned:
    """Nothing known of any agent, and nothing to be learned."""

    def wants(self, _agent: Agent, _run_id: str, /) -> bool:
        return False

    def patience_s(self, _agent: Agent, /) -> float | None:
        return None


def bucket_of(seconds: float) -> int:
    """0.._BUCKETS-1; bucket b holds gaps up to `bucket_end(b)`."""
    return 0 if seconds <= 1e-3 else min(_BUCKETS - 1, ceil(log(seconds / 1e-3, _BASE) - 1e-9))


def bucket_end(bucket: int) -> float:
    return float(1e-3 * _BASE**bucket)


@dataclass(slots=True)
class GapBook:
    """Safe under threads. `learn` is told of runs whenever they settle; a run counts with its first report as finished."""

    _counts: OrderedDict[Agent, Counter[int]] = field(default_factory=OrderedDict)
    _seen: OrderedDict[tuple[Agent, str], None] = field(default_factory=OrderedDict)
    _lock: Lock = field(default_factory=Lock)

    def learn(self, gaps: Sequence[Gap]) -> None:
        """Take in finished runs."""
        with self._lock:
            for gap in gaps:
                run = (gap.agent, gap.run_id)
                if run in self._seen:
                    continue
                self._seen[run] = None
                self._count(gap.agent, bucket_of(gap.seconds), 1)
            while len(self._seen) > _SEEN_MAX:
                self._seen.popitem(last=False)

    def wants(self, agent: Agent, run_id: str, /) -> bool:
        """See `Gaps`. Of well known agents one run in sixteen is enough, chosen by its id."""
        counts = self._counts.get(agent)
        return counts is None or counts.total() < _WELL_KNOWN or run_id[-1:] == "0"

    def patience_s(self, agent: Agent, /) -> float | None:
        """See `Gaps`."""
        with self._lock:
            counts = self._counts.get(agent)
            n = 0 if counts is None else counts.total()
            if counts is None or n < RUNS_MIN:
                return None
            below = 0
            for bucket in sorted(counts):
                below += counts[bucket]
                if below >= _SHARE * n:
                    return _FACTOR * bucket_end(bucket)
        return None

    def merge(self, other: GapBook) -> None:
        """Add what another process learned."""
        with other._lock:
            theirs = [(agent, dict(counts)) for agent, counts in other._counts.items()]
        with self._lock:
            for agent, counts in theirs:
                for bucket, n in counts.items():
                    self._count(agent, bucket, n)

    def _count(self, agent: Agent, bucket: int, n: int) -> None:
        self._counts.setdefault(agent, Counter())[bucket] += n
        self._counts.move_to_end(agent)
        if len(self._counts) > AGENTS_MAX:
            self._counts.popitem(last=False)
