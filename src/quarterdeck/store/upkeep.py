"""What upkeep asks of a store: who is named where, what grew old, skeletons mapped again, tombstones.

Protocols as in `store.interface`, which joins `Housekeeping` to the others. Errors: `StoreFailed`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from quarterdeck.model.erasure import Tombstone
from quarterdeck.model.spans import Span


class Housekeeping(Protocol):
    """Upkeep of what is stored: what names somebody, what grew old, and the canonical form of spans mapped again."""

    def projects(self) -> Sequence[str]:
        """Every project that has a span or a run stored, sorted."""
        ...

    def traces_naming(
        self, project: str, *, session_ids: Sequence[str] = (), user_hashes: Sequence[str] = ()
    ) -> Sequence[str]:
        """Traces with a span that carries one of these; sorted. One scan of two columns."""
        ...

    def put_skeletons(self, spans: Sequence[Span]) -> int:
        """Replace the canonical form of stored spans; raw forms and bodies stay. Answers how many were there."""
        ...

    def forget(self, project: str, *, session_keys: Sequence[str], trace_ids: Sequence[str]) -> None:
        """Remove what else names these: decisions about bodies, rejections, logs that wait, examples of unmapped keys."""
        ...

    def note_time(self, now_ns: int) -> None:
        """Remember that everything committed so far came before now: spans carry their own times, not that of their arrival."""
        ...

    def old_traces(self, project: str, *, arrived_before_ns: int, limit: int) -> Sequence[str]:
        """Traces whose last commit was before a noted time that is not after this one; longest stored first."""
        ...

    def earliest_start_since(self, project: str, arrived_ns: int) -> int | None:
        """The earliest start among spans that came after the last noted time before this one; None when none came."""
        ...

    def expire_runs(self, project: str, *, before_ns: int, limit: int) -> int:
        """Remove at most `limit` runs that are over, were last seen before and have no span stored, oldest first.

        Their rollups stay.
        """
        ...

    def expire_rollups(self, project: str, *, before_ns: int) -> int:
        """Remove the rollups of whole minutes that ended before; answers how many rows."""
        ...


class TombstoneStore(Protocol):
    """What was erased, by keyed hash (operational state): so that late spans of it are refused after a restart too."""

    def add_tombstones(self, tombstones: Sequence[Tombstone]) -> None:
        """Remember these; one that is known stays as it is."""
        ...

    def tombstones(self) -> Sequence[Tombstone]:
        """All of them, oldest first."""
        ...

    def finish_tombstones(self, digests: Sequence[str], at_ns: int) -> None:
        """What these stand for is gone."""
        ...

    def drop_tombstones(self, digests: Sequence[str]) -> int:
        """Forget these; answers how many there were."""
        ...
