"""Light records of the newest runs of each cohort: what a new version is compared with.

Bounded per cohort. Refuses: to hold a run; what is kept is when, how long, of which kind and version, and its values.
"""

from __future__ import annotations

from typing import NamedTuple

from quarterdeck.model.runs import Run
from quarterdeck.stats.bets import Floats

IDENTITY = ("prompt_version", "model", "toolset_hash", "agent_version", "config_hash")
"""Parts of the version identity that can be deployed; when several change together the first one names the deploy."""


class Record(NamedTuple):
    """One run that is over. `parts` are the values of IDENTITY, in that order."""

    run_id: str
    started_ns: int
    ended_ns: int
    stratum: int
    parts: tuple[str | None, ...]
    unit: str | None
    values: Floats

    @property
    def lasted_ns(self) -> int:
        return self.ended_ns - self.started_ns

    def part(self, name: str) -> str | None:
        return self.parts[IDENTITY.index(name)]


def unit_of(run: Run) -> str | None:
    """What makes runs alike: their session, else their user."""
    return run.session_id or run.user_hash


def record_of(run: Run, stratum: int, values: Floats) -> Record:
    """`run` as it is kept. A run without an end lasted until it was last seen; a clock that runs back counts as 0."""
    ended = run.ended_at_ns if run.ended_at_ns is not None else run.last_seen_ns
    parts = tuple(getattr(run, name) for name in IDENTITY)
    return Record(run.run_id, run.started_at_ns, max(ended, run.started_at_ns), stratum, parts, unit_of(run), values)
