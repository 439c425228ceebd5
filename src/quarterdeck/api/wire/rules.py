"""Rules tried over history: what the patrol would have said, and how far each stream is from saying anything."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from quarterdeck.api.times import rfc3339
from quarterdeck.api.wire.signals import (
    FindingOut,
    PromiseOut,
    StreamOut,
    finding_dict,
    promise_dict,
    stream_dict,
)
from quarterdeck.model.signals import Finding, Promise, StreamNow
from quarterdeck.observe.signals.options import SignalsOptions

STREAMS_MAX = 50
"""Streams that are answered, closest to their threshold first."""
FINDINGS_MAX = 500


class RulesTryIn(BaseModel):
    """What to change for the trial; what is left out is as in force."""

    model_config = ConfigDict(extra="forbid")

    since: str | None = None
    until: str | None = None
    alarms_per_month: Annotated[float | None, Field(gt=0, le=1_000)] = None
    tolerance: Annotated[float | None, Field(ge=0, le=10)] = None
    cohort_by: Annotated[list[str] | None, Field(min_length=1)] = None
    deploys_per_month: Annotated[float | None, Field(gt=0, le=10_000)] = None
    warmup_runs: Annotated[int | None, Field(gt=0, le=100_000)] = None


class RulesTryOut(BaseModel):
    """What would have been said, in order of time. `truncated`: older runs of the window were left out.

    `findings` holds those that would have been an alarm or its end; `rising` counts those that came to nothing or not yet.
    """

    since: str
    until: str
    runs: int
    deploys: int
    truncated: bool
    tolerance: float
    cohort_by: list[str]
    rising: int
    findings: list[FindingOut]
    streams: list[StreamOut]
    promise: PromiseOut


def rules_dict(
    findings: Sequence[Finding],
    streams: Sequence[StreamNow],
    promise: Promise,
    options: SignalsOptions,
    *,
    window: tuple[int, int],
    counts: tuple[int, int],
    truncated: bool,
) -> dict[str, Any]:
    """`counts`: runs looked at, deploys tested. The shape of `RulesTryOut`."""
    told = [finding for finding in findings if finding.state in ("reached", "recovered")]
    return {
        "since": rfc3339(window[0]),
        "until": rfc3339(window[1]),
        "runs": counts[0],
        "deploys": counts[1],
        "truncated": truncated,
        "tolerance": options.tolerance,
        "cohort_by": list(options.cohort_by),
        "rising": sum(finding.state == "rising" for finding in findings),
        "findings": [finding_dict(finding) for finding in told[:FINDINGS_MAX]],
        "streams": [stream_dict(stream) for stream in streams[:STREAMS_MAX]],
        "promise": promise_dict(promise),
    }
