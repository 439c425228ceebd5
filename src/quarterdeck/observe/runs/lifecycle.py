"""Is it over, and how did it go? Pure in `now_ns`; silence is measured, nothing is scheduled.

Refuses: to rewrite times, and to call a run ok while it is not over.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from quarterdeck.model.runs import Lifecycle, RunStatus
from quarterdeck.model.spans import Span
from quarterdeck.observe.runs.columns import Columns
from quarterdeck.observe.runs.options import RunOptions

_WAIT_OPS = frozenset({"wait", "suspend", "interrupt", "human_input", "await_input"})
_WAIT_TOOLS = frozenset({
    "human_input", "ask_human", "ask_user", "request_human_input", "human_approval", "request_approval",
    "approval", "wait", "wait_for_human", "wait_for_approval", "wait_for_message",
})  # fmt: skip

_LOST = 4.0
"""A run of an agent that is known to be silent for long is lost after this many times that silence."""


class Face(NamedTuple):
    """What stands for the run in time. `span` is None for a synthetic root; `missing`: that root never came."""

    span: Span | None
    missing: bool


class Life(NamedTuple):
    lifecycle: Lifecycle
    started_at_ns: int
    ended_at_ns: int | None
    last_seen_ns: int


def life_of(face: Face, members: Columns, now_ns: int, options: RunOptions, patience_s: float | None = None) -> Life:
    """Times and state of a run from its members' times.

    `patience_s`: silence that this agent's runs do not exceed when all is well (`gaps.GapBook`); None = not learned.
    """
    latest_end = max(members.end_ns)
    last_seen = max(latest_end, members.start_ns[-1])
    all_ended = 0 not in members.end_ns
    if face.span is None:
        started, ended = members.start_ns[0], latest_end if all_ended else None
    else:
        started, ended = face.span.start_ns, face.span.end_ns or None
    silent_ns = now_ns - last_seen
    quiet = silent_ns >= max(options.finished_after_s, patience_s or 0.0) * 1e9
    # A root that has ended ends its run; a span left open below it never will.
    over = ended is not None and (all_ended or (quiet and not face.missing))
    if over and (not face.missing or quiet):
        return Life("finished", started, ended, last_seen)
    if over:
        return Life("running", started, None, last_seen)
    return Life(_open_state(members, silent_ns, options, patience_s), started, ended, last_seen)


def _open_state(members: Columns, silent_ns: int, options: RunOptions, patience_s: float | None) -> Lifecycle:
    if _waits(members):
        return "waiting" if silent_ns < options.waiting_lost_after_s * 1e9 else "lost"
    if silent_ns >= max(options.lost_after_s, _LOST * (patience_s or 0.0)) * 1e9:
        return "lost"
    if patience_s is not None:
        return "running" if silent_ns < max(options.stalled_min_s, patience_s) * 1e9 else "stalled"
    if silent_ns < options.stalled_after_s * 1e9:
        return "running"
    patience_ns = options.stalled_gap_factor * largest_gap_ns(members)
    return "running" if silent_ns < patience_ns else "stalled"


def silence_ns(members: Columns) -> int:
    """The longest time for which nothing was heard of the run: a span is heard of when it ends; 0 for a single event.

    Where a producer sends start markers the silence was shorter, so what is learned from this never makes a stall.
    """
    times = sorted([members.start_ns[0], *(end for end in members.end_ns if end)])
    return max((later - earlier for earlier, later in pairwise(times)), default=0)


def largest_gap_ns(members: Columns) -> int:
    """The longest time between two neighbouring starts or ends of the run; 0 for a single event."""
    times = sorted([*members.start_ns, *(end for end in members.end_ns if end)])
    return max((later - earlier for earlier, later in pairwise(times)), default=0)


def _waits(members: Columns) -> bool:
    """Whether the newest open span (without one, the newest span) waits. An ended tool has stopped waiting."""
    ends = members.end_ns
    still_open = [at for at, end in enumerate(ends) if end == 0]
    if not still_open:
        return members.op_name[max(range(len(ends)), key=ends.__getitem__)] in _WAIT_OPS
    at = still_open[-1]
    return members.op_name[at] in _WAIT_OPS or members.tool_name[at] in _WAIT_TOOLS


def status_of(heads: Sequence[Span], below_synthetic: Sequence[Span], lifecycle: Lifecycle) -> RunStatus:
    """`heads` are subject and top; `below_synthetic` the agents, workflows and chains right below a synthetic top.

    The outcome has no say: it is kept beside (`Run.failed` joins the two).
    """
    if any(span.status == "error" for span in (*heads, *below_synthetic)):
        return "error"
    return "ok" if lifecycle == "finished" else "unknown"
