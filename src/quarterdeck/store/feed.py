"""What is read in the order of writing: runs that are over, outcomes. For stages that take each thing once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from quarterdeck.model.outcomes import Outcome
from quarterdeck.model.runs import Run


class RunFeed(Protocol):
    """Runs in the order in which the store wrote them."""

    def runs_over(self, *, after_seq: int, limit: int) -> tuple[Sequence[Run], int]:
        """Runs of all projects that are finished or lost, written after `after_seq`, at most `limit`, in order of

        (seq, ended_at_ns or last_seen_ns, run_id); and the seq to go on from. A run that is written again comes again.
        """
        ...

    def last_run_seq(self) -> int:
        """The seq of the newest write, 0 in an empty store."""
        ...


class OutcomeStore(Protocol):
    """Posted outcomes."""

    def put_outcomes(self, outcomes: Sequence[Outcome]) -> None:
        """Write, replacing by (project, run_id, name, source) unless what is stored has a later `at_ns`. Durable on return."""
        ...

    def outcomes_of(self, project: str, run_ids: Sequence[str]) -> Sequence[Outcome]:
        """All outcomes of these runs, oldest first."""
        ...

    def outcomes_after(self, *, after_seq: int, limit: int) -> tuple[Sequence[Outcome], int]:
        """Outcomes of all projects in the order of writing, as `RunFeed.runs_over`."""
        ...
