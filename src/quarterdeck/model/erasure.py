"""Erasure on demand: what was asked, what it removed, and what is remembered of it without naming anybody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ErasedKind = Literal["session", "user"]


@dataclass(frozen=True, slots=True)
class Tombstone:
    """A keyed hash of something erased; spans of it that come late are refused (`session`, `trace`).

    `finished_at_ns` is None while the erasure is under way: a server that finds such a one at its start goes on with it.
    `user` is only for that: spans of a user who was erased are taken again.
    """

    digest: str
    project: str
    kind: Literal["session", "trace", "user"]
    erased_at_ns: int
    finished_at_ns: int | None = None


@dataclass(frozen=True, slots=True)
class Erasure:
    """What one erasure removed. `sessions` and `traces` are counts; `traces` counts those that are gone whole."""

    project: str
    kind: ErasedKind
    sessions: int
    traces: int
    runs: int
    spans: int
    bodies: int
