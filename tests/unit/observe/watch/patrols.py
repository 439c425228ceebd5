"""A patrol that anybody can follow: three failing runs of an agent rise, the fifth reaches, five good ones recover.

It keeps the watch's tests apart from the statistics, which have their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from quarterdeck.errors import BadFile, NotFound
from quarterdeck.model.measured import Measured
from quarterdeck.model.outcomes import Outcome
from quarterdeck.model.runs import Cost, Orphans, Run, Tokens
from quarterdeck.model.signals import Deploy, Finding, FindingState, Keys, Point, Promise, StreamNow

SECOND = 10**9
NOW_NS = 1_795_503_600 * SECOND
RISES, REACHES, RECOVERS = 3, 5, 5
UNKNOWN = Measured(None, None, None, 0, None, "a test")


class CountingPatrol:
    """`bad` counts failing runs by agent, `good` those since it was reached."""

    def __init__(self, project: str, counts: dict[str, list[int]] | None = None) -> None:
        self.project = project
        self.counts = counts or {}
        self.taken: list[str] = []
        self.scores: list[tuple[str, float | None]] = []
        self.tolerated: dict[tuple[Keys, str], float] = {}
        self.excused: list[tuple[Keys, str]] = []
        self.rebased: list[tuple[Keys, str]] = []

    def take(self, run: Run) -> list[Finding]:
        if run.agent == "poison":
            msg = "this project has a run that no patrol can take"
            raise ZeroDivisionError(msg)
        self.taken.append(run.run_id)
        count = self.counts.setdefault(run.agent or "", [0, 0])
        if run.failed:
            count[:] = [count[0] + 1, 0]
            state: FindingState | None = {RISES: "rising", REACHES: "reached"}.get(count[0])
        else:
            count[1] += 1
            over = count[0] >= REACHES and count[1] == RECOVERS
            state = "recovered" if over else None
            if over:
                count[0] = 0
        return [] if state is None else [self.finding(state, run)]

    def score(self, outcome: Outcome, run: Run) -> list[Finding]:
        self.scores.append((run.run_id, outcome.score))
        return []

    def pass_time(self, now_ns: int) -> list[Finding]:
        return []

    def finding(self, state: FindingState, run: Run) -> Finding:
        where = (("agent", run.agent),)
        return Finding(
            self.project, "regression", state, "failing", "failing runs", "share of runs", "cohort", where,
            f"s-{run.agent}", 200.0, 100.0, run.last_seen_ns, 5, UNKNOWN, UNKNOWN, where, run_ids=(run.run_id,),
        )  # fmt: skip

    def streams(self) -> list[StreamNow]:
        return []

    def stream(self, stream_id: str) -> StreamNow:
        raise NotFound(stream_id)

    def history(self, stream_id: str) -> list[Point]:
        raise NotFound(stream_id)

    def deploys(self) -> list[Deploy]:
        return []

    def promise(self, now_ns: int) -> Promise:
        return Promise(1.0, 0.0, now_ns, ())

    def mix(self) -> list[Any]:
        return []

    def tolerate(self, given: Mapping[tuple[Keys, str], float]) -> None:
        self.tolerated = dict(given)

    def excuse(self, cohort: Keys, signal: str) -> None:
        self.excused.append((cohort, signal))

    def rebase(self, cohort: Keys, signal: str) -> None:
        self.rebased.append((cohort, signal))

    def dump(self) -> bytes:
        return msgspec.json.encode(self.counts)

    @classmethod
    def load(cls, project: str, data: bytes) -> CountingPatrol:
        if data == b"foreign":
            raise BadFile(project, "is foreign")
        return cls(project, msgspec.json.decode(data))


def make_run(number: int, /, *, failed: bool = False, **changes: Any) -> Run:
    """A finished run of `support`, a second after the one before."""
    at_ns = NOW_NS + number * SECOND
    values: dict[str, Any] = {
        "project": "default",
        "run_id": f"run{number}",
        "trace_ids": (f"{number:032x}",),
        "root_span_id": f"{number:016x}",
        "root_name": "support",
        "root_synthetic": False,
        **dict.fromkeys(
            ("session_id", "session_source", "tenant", "environment", "feature", "task_class", "user_hash",
             "agent_version", "prompt_version", "model", "provider", "toolset_hash", "config_hash", "error_class",
             "outcome", "residual_tokens")
        ),
        "agent": "support",
        "lifecycle": "finished",
        "status": "error" if failed else "ok",
        "started_at_ns": at_ns - SECOND,
        "ended_at_ns": at_ns,
        "last_seen_ns": at_ns,
        **dict.fromkeys(("spans", "model_calls", "tool_calls"), 1),
        **dict.fromkeys(("retries", "errors", "depth"), 0),
        "tokens": Tokens(),
        "cost": Cost(),
        "orphans": Orphans(),
    }  # fmt: skip
    return Run(**(values | changes))
