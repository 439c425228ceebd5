"""What a run says to an estimator: its task, its identity, what it took; and what its own agent promised of it.

Pure. Refuses to take a part for the whole: a run that was cut, or whose usage is partly reported, is known from below.
"""

from __future__ import annotations

import math

import orjson

from quarterdeck.model.estimates import QUANTITIES, Ended, Estimate, Identity, Quantity, Spread, Task
from quarterdeck.model.runs import Run


def task_of(run: Run) -> Task:
    """Without a text: bodies are not read for an estimate."""
    return Task(run.task_key, None, run.task_class, run.feature, run.tenant)


def identity_of(run: Run) -> Identity:
    return Identity(
        run.agent, run.model, run.agent_version, run.prompt_version, run.toolset_hash, run.config_hash
    )  # fmt: skip


def is_whole(run: Run) -> bool:
    """Whether what it took is known exactly, and not from below."""
    return run.lifecycle == "finished" and run.status != "error" and run.tokens.coverage != "partial"


def ending_ns(run: Run) -> int:
    """When it ended, else was last seen."""
    return run.last_seen_ns if run.ended_at_ns is None else run.ended_at_ns


def ended_of(run: Run) -> Ended:
    """The run as history."""
    return Ended(
        task_of(run), identity_of(run), _told(run), is_whole(run), run.started_at_ns / 1e9, ending_ns(run) / 1e9
    )  # fmt: skip


def _told(run: Run) -> dict[Quantity, float]:
    """What producers report may be anything; only amounts can be learned from."""
    return {name: value for name, value in run.spent.items() if math.isfinite(value) and value >= 0}


def own_estimate(run: Run) -> Estimate | None:
    """What the agent's own spans promised; None when they did not."""
    if run.promised is None:
        return None
    told = orjson.loads(run.promised)
    spreads = {name: Spread(*told[name]) for name in QUANTITIES if name in told}
    return Estimate(spreads, "medium", cold=False, basis=(), why="the agent's own spans said it")
