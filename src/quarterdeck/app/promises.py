"""Joins the promises to their rooms: the estimator, the store, the memory in the data folder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry

from quarterdeck.clock import Clock
from quarterdeck.control.estimate import Estimator
from quarterdeck.control.promises import PromiseDesk, PromiseGauges
from quarterdeck.control.promises.ports import Learners
from quarterdeck.model.runs import RunTree
from quarterdeck.model.spans import Span
from quarterdeck.settings import Settings
from quarterdeck.store.interface import TelemetryStore

ESTIMATES_FILE = "estimates.bin"
"""What was learned of what runs take; when it is lost, it is learned anew from the newest runs."""


def promise_desk(
    settings: Settings,
    folder: Path,
    *,
    store: TelemetryStore,
    trees: Callable[[Sequence[Span]], Sequence[RunTree]],
    clock: Clock,
    registry: CollectorRegistry,
    log: Any,
) -> PromiseDesk | None:
    """Not started yet. None where the settings say so. `trees`: places spans in runs."""
    if not settings.promises.enabled:
        return None
    return PromiseDesk(
        feed=store,
        learners=Learners(Estimator, Estimator.load),
        options=settings.promises,
        gauges=PromiseGauges(registry),
        clock=clock,
        log=log,
        file=folder / ESTIMATES_FILE,
        trees=trees,
    )
