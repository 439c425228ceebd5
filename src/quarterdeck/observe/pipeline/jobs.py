"""One request on its way from a door to its commit, and what its sender is told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from quarterdeck.model.raw import RawLog
from quarterdeck.model.reports import Rejection, UnmappedKey
from quarterdeck.observe.ingest.checks import NOTES
from quarterdeck.observe.ingest.decode import Encoding, Signal
from quarterdeck.observe.ingest.door import Receipt
from quarterdeck.observe.pipeline.traces import Pair


class Job:
    """Made by the event loop, filled by the decoder, committed by the writer.

    `part` is what the store prepared of `pairs`; `others` counts log records that are no GenAI events.
    """

    __slots__ = (
        "arrived_s",
        "body",
        "encoding",
        "error",
        "future",
        "logs",
        "others",
        "pairs",
        "part",
        "project",
        "rejections",
        "signal",
        "size",
        "unmapped",
    )

    def __init__(  # noqa: PLR0917 - one place makes it
        self, project: str, body: bytes, encoding: Encoding, signal: Signal, future: Any, arrived_s: float
    ) -> None:
        self.project = project
        self.body = body
        self.encoding = encoding
        self.signal = signal
        self.future = future
        self.arrived_s = arrived_s
        self.size = len(body)
        self.pairs: list[Pair] = []
        self.logs: list[RawLog] = []
        self.others = 0
        self.part: Any = None
        self.unmapped: list[UnmappedKey] = []
        self.rejections: list[Rejection] = []
        self.error: Exception | None = None


def summary(rejections: Sequence[Rejection]) -> str:
    """What the sender is told of rejected or cut spans: counts by reason, and the first detail of each."""
    if not rejections:
        return ""
    reasons: dict[str, list[Rejection]] = {}
    for rejection in rejections:
        reasons.setdefault(rejection.reason, []).append(rejection)
    return "; ".join(f"{len(found)} × {reason}: {found[0].detail}"[:400] for reason, found in reasons.items())


def resolve(jobs: Sequence[Job]) -> None:
    """On the event loop: tell each sender."""
    for job in jobs:
        if job.future.done():  # the sender hung up
            continue
        if job.error is not None:
            job.future.set_exception(job.error)
        else:
            refused = sum(1 for r in job.rejections if r.reason not in NOTES)
            told = "; ".join(filter(None, (summary(job.rejections), _of_others(job.others))))
            job.future.set_result(Receipt(len(job.pairs) + len(job.logs), refused + job.others, told))


def _of_others(others: int) -> str:
    return f"{others} log records are no GenAI events of a span: counted and not stored" if others else ""
