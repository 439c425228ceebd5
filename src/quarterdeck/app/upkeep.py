"""Joins upkeep to the pipeline's errands, the privacy room's tombstones and the present tables and prices."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from quarterdeck.app.privacy import PrivacyParts
from quarterdeck.clock import Clock
from quarterdeck.model.runs import RunTree
from quarterdeck.model.spans import Span
from quarterdeck.observe.canonical import Canonicalizer
from quarterdeck.observe.canonical.absence import without_marks
from quarterdeck.observe.canonical.hashes import Hasher
from quarterdeck.observe.pipeline import Pipeline
from quarterdeck.observe.upkeep import Eraser, Retainer
from quarterdeck.observe.upkeep.again import HistoryJobs
from quarterdeck.observe.upkeep.mapping import Canonicalize
from quarterdeck.settings import Settings
from quarterdeck.store.interface import TelemetryStore
from quarterdeck.store.upkeep import TombstoneStore


class UpkeepParts(NamedTuple):
    """Started and stopped with the server."""

    eraser: Eraser
    retainer: Retainer
    history: HistoryJobs

    def start(self) -> None:
        """The loop of retention; and what a stop interrupted of an erasure is done first."""
        self.eraser.resume()
        self.retainer.start()

    def stop(self, timeout_s: float) -> bool:
        """Answers whether both ended in time."""
        return self.retainer.stop(timeout_s) & self.history.stop(timeout_s)


def upkeep_parts(
    settings: Settings,
    *,
    store: TelemetryStore,
    pipeline: Pipeline,
    privacy: PrivacyParts,
    ledger: TombstoneStore,
    trees: Callable[[Sequence[Span]], list[RunTree]],
    hash_key: bytes,
    clock: Clock,
    log: Any,
) -> UpkeepParts:
    """Nothing runs yet."""

    def mapper() -> Canonicalize:
        return Canonicalizer(user_hash_key=hash_key).canonicalize

    eraser = Eraser(
        store,
        pipeline.errand,
        trees,
        refusing=privacy.tombstones,
        ledger=ledger,
        user_hash=Hasher(hash_key).user,
        clock=clock,
    )
    retainer = Retainer(
        store,
        pipeline.errand,
        ledger,
        forget_tombstones=privacy.tombstones.forget,
        options=settings.retention,
        clock=clock,
        log=log,
    )
    history = HistoryJobs(store, pipeline.errand, mapper=mapper, without_marks=without_marks, clock=clock, log=log)
    return UpkeepParts(eraser, retainer, history)
