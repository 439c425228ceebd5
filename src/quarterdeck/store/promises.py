"""Promises in a store: what was estimated for a run, written once, and gone with its run.

What for: protocols, and what every engine does in the same way (the stored form of an estimate, the words of a filter).
Refuses I/O, and a promise of a run that is not stored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

import orjson

from quarterdeck.errors import StoreFailed
from quarterdeck.model.estimates import QUANTITIES, Basis, Estimate, Promise, Spread
from quarterdeck.model.runs import Run

PROMISE_WORDS = ("over_budget", "within_budget", "estimated")
"""Words of `RunFilter.has` that need the promise: above its q90 of tokens; over and not above it; there is one."""


class PromiseStore(Protocol):
    """Promises by run. They go when their run goes."""

    def put_promises(self, promises: Sequence[Promise]) -> int:
        """Write those of runs that are stored and have none yet; answers how many. The first of several for one run stands."""
        ...

    def promises_of(self, project: str, run_ids: Sequence[str]) -> Mapping[str, Promise]:
        """By run id; runs without a promise are left out."""
        ...


class PromiseFeed(Protocol):
    """Runs to promise, and runs whose promise can be judged."""

    def unpromised(self, *, after_seq: int, limit: int) -> tuple[Sequence[Run], int]:
        """Runs of all projects, live or over, that were written after `after_seq` and have no promise, as `RunFeed.runs_over`."""
        ...

    def kept_promises(self, project: str, since_ns: int, until_ns: int, *, limit: int) -> Sequence[Run]:
        """The newest runs that are over, have a promise and started in the window (half open), oldest first."""
        ...


class Promises(PromiseStore, PromiseFeed, Protocol):
    """Both: what a store has of them."""


def estimate_bytes(estimate: Estimate) -> bytes:
    """The stored form: JSON, quantiles to five digits."""
    return orjson.dumps(
        {
            "s": {name: [_short(value) for value in spread] for name, spread in estimate.spreads.items()},
            "c": estimate.confidence,
            "k": estimate.cold,
            "b": estimate.basis,
            "y": estimate.why,
            "w": estimate.warnings,
        },
        default=tuple,
    )


def estimate_of(data: bytes) -> Estimate:
    """Raises StoreFailed for bytes that `estimate_bytes` did not make."""
    try:
        row: dict[str, Any] = orjson.loads(data)
        spreads = {name: Spread(*row["s"][name]) for name in QUANTITIES if name in row["s"]}
        basis = tuple(Basis(*one) for one in row["b"])
        return Estimate(spreads, row["c"], row["k"], basis, row["y"], tuple(row["w"]))
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise StoreFailed(f"a stored estimate is not readable: {error}") from error


def same_digits(promise: Promise) -> Promise:
    """The promise as it will be read."""
    return promise._replace(estimate=estimate_of(estimate_bytes(promise.estimate)))


def with_promise(run: Run, promise: Promise | None) -> Run:
    return run if promise is None and run.estimate is None else replace(run, estimate=promise)


def promise_words(run: Run) -> set[str]:
    """Which of PROMISE_WORDS the run answers to."""
    if run.estimate is None:
        return set()
    over = {True: {"over_budget"}, False: {"within_budget"}, None: set()}[run.over_budget]
    return {"estimated", *over}


def _short(value: float) -> float:
    return float(f"{value:.5g}")
