"""What is read in the order of writing: runs that are over, outcomes. For stages that take each thing once.

Refuses code. Numbers (`seq`) rise with every write and are never used again, not after an erasure either.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from quarterdeck.model.outcomes import Outcome
from quarterdeck.model.runs import Run


class RunFeed(Protocol):
    """Runs in the order in which the store wrote them."""

    def runs_over(self, *, after_seq: int, limit: int) -> tuple[Sequence[Run], int]:
        """Runs of all projects that are finished or lost, written after `after_seq`, at most `limit`, in order of

        writing (those written together: as they ended); and the seq to go on from. A run that is written again comes
        again, once for all its writings since. Every run written has a seq of its own, so a page may end anywhere.
        """
        ...

    def last_run_seq(self) -> int:
        """The seq of the newest write, 0 in an empty store."""
        ...


class OutcomeStore(Protocol):
    """Posted outcomes."""

    def put_outcomes(self, outcomes: Sequence[Outcome]) -> None:
        """Write, replacing by (project, run_id, name, source) unless what is stored has a later `at_ns`. Durable on return.

        One that says what is stored already is not written again: the stored one keeps its `received_ns` and its seq.
        """
        ...

    def outcomes_of(self, project: str, run_ids: Sequence[str]) -> Sequence[Outcome]:
        """All outcomes of these runs, oldest first."""
        ...

    def outcomes_after(self, *, after_seq: int, limit: int) -> tuple[Sequence[Outcome], int]:
        """Outcomes of all projects in the order of writing, as `RunFeed.runs_over`."""
        ...


class OutcomeUpkeep(Protocol):
    """Outcomes go with their runs."""

    def drop_outcomes(self, project: str, run_ids: Sequence[str], *, source: str | None = None) -> int:
        """Remove all outcomes of these runs, or those of one source; answers how many."""
        ...

    def expire_outcomes(self, project: str, *, before_ns: int) -> int:
        """Remove the outcomes that came before and whose run is not stored (any more); answers how many."""
        ...


@dataclass(frozen=True, slots=True)
class OutcomeName:
    """One name of outcomes over a window. `n`: runs that have it; `scored`: those with a score, `mean` their mean.

    Delays are seconds from the end of a run until the outcome came, below 0 while it went on; None = no run has ended.
    """

    name: str
    n: int
    scored: int
    mean: float | None
    delay_s_p50: float | None
    delay_s_p90: float | None


@dataclass(frozen=True, slots=True)
class OutcomeSummary:
    """Outcomes of the runs of a window, by name; `runs`: all runs of it that are over."""

    runs: int
    names: Sequence[OutcomeName]


class OutcomeReader(Protocol):
    """What is known of outcomes as a whole."""

    def outcome_summary(self, project: str, since_ns: int, until_ns: int) -> OutcomeSummary:
        """Of runs that are over and started in the window (half open); most frequent names first."""
        ...

    def outcome_names(self, project: str) -> Sequence[str]:
        """Every name of an outcome that is stored, sorted."""
        ...


class Feeds(RunFeed, OutcomeStore, OutcomeUpkeep, OutcomeReader, Protocol):
    """All of the above: what a store has of them."""
