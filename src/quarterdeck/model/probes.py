"""Probes: one failing input, run again on candidate and baseline in pairs. What is asked, what came back, what it says.

Frozen. Times are ns since the epoch; None = not known. A probe holds no answer of a model and no secret.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

Verdict = Literal["regression", "wobble", "undecided"]
ProbeState = Literal["running", "waiting", "done", "failed"]
TargetKind = Literal["endpoint", "http", "command", "callable"]


class ProbeCase(NamedTuple):
    """What both sides get: the input, the system text of the run that failed (None: there was none), and how that run failed."""

    input: str
    system: str | None = None
    error_class: str | None = None


class ProbeReply(NamedTuple):
    """What one side answered. `ok`: it ended without an error of its own; `error_class` says which, or why it was cut.

    `exit_code` of a command. `limited`: it was not run, for a limit on rates, and says nothing; `again_after_s` where told.
    """

    ok: bool
    text: str = ""
    error_class: str | None = None
    exit_code: int | None = None
    limited: bool = False
    again_after_s: float | None = None


class Pair(NamedTuple):
    """Whether each side failed. The classes say how, where it is known."""

    candidate_failed: bool
    baseline_failed: bool
    candidate_class: str | None = None
    baseline_class: str | None = None


@dataclass(frozen=True, slots=True)
class Probe:
    """One probe as it stands. `input` only where somebody gave one, and until the probe ends; else it is read from the run.

    `check` is JSON, None = failure is an error or the error class of the run. `because`: why it waits, or failed.
    """

    project: str
    probe_id: str
    alert_id: str
    target: str
    by: str
    at_ns: int
    run_id: str | None = None
    input: str | None = None
    check: str | None = None
    pairs_max: int = 20
    state: ProbeState = "running"
    pairs: tuple[Pair, ...] = ()
    verdict: Verdict | None = None
    because: str | None = None
    ended_ns: int | None = None
