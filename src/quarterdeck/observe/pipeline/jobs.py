"""One request on its way from a door to its commit, and what its sender is told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from quarterdeck.model.reports import Rejection, UnmappedKey
from quarterdeck.observe.ingest.checks import NOTES
from quarterdeck.observe.ingest.decode import Encoding
from quarterdeck.observe.ingest.door import Receipt
from quarterdeck.observe.pipeline.traces import Pair


class Job:
    """Made by the event loop, filled by the decoder, committed by the writer. `part` is what the store prepared of `pairs`."""

    __slots__ = (
        "arrived_s",
        "body",
        "encoding",
        "error",
        "future",
        "pairs",
        "part",
        "project",
        "rejections",
        "size",
        "unmapped",
    )

    def __init__(self, project: str, body: bytes, encoding: Encoding, future: Any, arrived_s: float) -> None:
        self.project = project
        self.body = body
        self.encoding = encoding
        self.future = future
        self.arrived_s = arrived_s
        self.size = len(body)
        self.pairs: list[Pair] = []
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
            job.future.set_result(Receipt(len(job.pairs), refused, summary(job.rejections)))
