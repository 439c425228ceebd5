"""Amounts that several processes share: the words between an admission engine and whoever keeps the buckets for all.

A process leases slices of every bucket and decides inside them alone. Vectors are in the order of the six dimensions
(requests, input, output, total, concurrency, cost_usd). Refuses: knowing which server keeps them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

Vector = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """What a process says of one bucket whenever it speaks.

    limits: as configured, None for none. measured: as this process measured its part. burst_s: seconds of the limit that a bucket
    holds. known: it has met this bucket before. give: what it returns. purse, held: what it keeps unspent, and in calls.
    used: of concurrency and of the day's money, all that it has.
    """

    scope: str
    limits: tuple[float | None, ...]
    measured: tuple[float | None, ...]
    burst_s: Vector
    streamed: tuple[int, ...]
    known: bool
    give: Vector
    purse: Vector
    held: Vector
    used: Vector


class Word(NamedTuple):
    """What the provider said of one dimension `age_s` ago. `before`: all that was taken when the call began, `own` of it the call's."""

    dimension: int
    limit: float | None
    remaining: float | None
    age_s: float
    before: float | None
    own: float


class Standing(NamedTuple):
    """One bucket as it stands for all. `held`: in calls of every process; `taken`: all that was ever leased."""

    limits: tuple[float | None, ...]
    level: Vector
    held: Vector
    taken: Vector
    processes: int


class Lack(NamedTuple):
    """Why nothing was leased: which report's bucket, which dimension; `wait_s` inf when only an end of our own calls helps."""

    bucket: int
    dimension: int
    wait_s: float
    never: bool


class Leased(NamedTuple):
    """The answer: every bucket as it stands, and what was leased of each, or what lacks. Neither when nothing was asked for."""

    standings: tuple[Standing, ...]
    granted: tuple[Vector, ...] | None
    lack: Lack | None


class SharedAmounts(Protocol):
    """Buckets of one account for many processes. Every answer may be None: it cannot be reached now.

    `now` is the caller's time, which a keeper with a clock of its own leaves aside.
    """

    @property
    def place(self) -> str:
        """Where they are kept, without secrets, for people."""
        ...

    def lease(
        self, now: float, reports: Sequence[Report], need: Sequence[float], want: Sequence[Sequence[float]]
    ) -> Leased | None:
        """Take at least `need` of every bucket, up to `want` of each, or nothing."""
        ...

    def sync(self, now: float, reports: Sequence[Report]) -> Leased | None:
        """Say what we have, give back, be known to be alive."""
        ...

    def hear(self, now: float, report: Report, words: Sequence[Word], drained: Sequence[int] | None) -> Leased | None:
        """Pass on the provider's word on the account. `drained`: it refused, and these are empty; none named when it did not say."""
        ...
