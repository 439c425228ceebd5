"""From what was seen of a cause to the finding that is passed on: its words, its numbers, its runs.

Refuses: numbers that nobody measured; they are unknown with the reason.
"""

from __future__ import annotations

from dataclasses import replace
from hashlib import blake2b
from typing import NamedTuple

from quarterdeck.model.measured import Measured
from quarterdeck.model.signals import Finding, FindingState, Keys
from quarterdeck.observe.signals.live.causes import Cause, CauseKind, Sighting
from quarterdeck.observe.signals.live.options import LiveOptions

RUN_IDS_MAX = 20

_UNITS: dict[CauseKind, str] = {"loop": "live runs", "stuck": "seconds of silence", "runaway": "times the usual pace"}


class Told(NamedTuple):
    """What a finding says: evidence beside its threshold, and the values."""

    title: str
    evidence: float
    threshold: float
    now: Measured
    before: Measured


def stream_id_of(cause: Cause) -> str:
    """Stable over restarts."""
    parts = "\x1f".join(("live", *("\x00" if part is None else part for part in cause)))
    return blake2b(parts.encode(), digest_size=8).hexdigest()


def where_of(cause: Cause) -> Keys:
    return ("agent", cause.agent), ("prompt_version", cause.prompt_version)


def key_of(cause: Cause) -> str:
    return "/".join((cause.agent or "", cause.prompt_version or "", cause.kind))


def finding_of(sighting: Sighting, state: FindingState, now_ns: int, options: LiveOptions) -> Finding:
    """The cause as it stands. `run_ids` are ranked by wasted dollars."""
    cause, told = sighting.cause, _told(sighting, options)
    return Finding(
        project=cause.project,
        kind=cause.kind,
        state=state,
        signal=cause.kind,
        title=told.title,
        unit=_UNITS[cause.kind],
        lane="live",
        cohort=where_of(cause),
        stream_id=stream_id_of(cause),
        evidence=told.evidence,
        threshold=told.threshold,
        at_ns=now_ns,
        n=len(sighting.suspects),
        now=told.now,
        before=told.before,
        where=where_of(cause),
        run_ids=tuple(suspect.run.run_id for suspect in sighting.suspects[:RUN_IDS_MAX]),
        wasted_usd=sighting.wasted_usd,
        key=key_of(cause),
    )


def over_of(last: Finding, now_ns: int) -> Finding:
    """That it is over, from the last finding of the cause."""
    words = last.title.split(";", 1)[0]
    return replace(last, state="recovered", at_ns=now_ns, title=f"{words}; it is over")


def said(last: Finding, words: str, now_ns: int) -> Finding:
    """The last finding of the cause with something to add."""
    return replace(last, state="reached", at_ns=now_ns, title=f"{last.title}; {words}")


def subject_of(cause: Cause) -> str:
    """Whom it is about, in words."""
    agent = cause.agent or "agents without a name"
    return agent if cause.prompt_version is None else f"{agent} with prompt {cause.prompt_version}"


def _told(sighting: Sighting, options: LiveOptions) -> Told:
    return {"loop": _loop, "stuck": _stuck, "runaway": _runaway}[sighting.cause.kind](sighting, options)


def _loop(sighting: Sighting, _options: LiveOptions) -> Told:
    n, live = len(sighting.suspects), sighting.live
    verb = "repeats" if n == 1 else "repeat"
    title = f"{n:,} of {live:,} live {_runs_of(live, sighting)} {verb} calls that bring nothing new"
    before = Measured(None, None, None, 0, reason="no healthy run does this")
    return Told(title, float(n), 1.0, Measured(float(n), None, None, live, "count"), before)


def _stuck(sighting: Sighting, options: LiveOptions) -> Told:
    n, live = len(sighting.suspects), sighting.live
    longest_s = max(suspect.size for suspect in sighting.suspects)
    title = (
        f"{n:,} of {live:,} live {_runs_of(live, sighting)} {'is' if n == 1 else 'are'} silent for longer than "
        f"this agent ever is, the longest for {_minutes(longest_s)}"
    )
    by_number = n >= options.stuck_runs
    evidence, threshold = (float(n), float(options.stuck_runs)) if by_number else (longest_s, options.stuck_after_s)
    before = Measured(None, None, None, 0, reason="each agent's own longest gaps are known to the lifecycle")
    return Told(title, evidence, threshold, Measured(longest_s, None, None, n, "longest"), before)


def _runaway(sighting: Sighting, options: LiveOptions) -> Told:
    worst = max(sighting.suspects, key=lambda suspect: suspect.size)
    spent, usual = worst.spent, worst.usual.spending
    if spent.usd_per_min is not None and usual.usd_per_min is not None:
        pace = f"${spent.usd_per_min:,.2f} a minute where ${usual.usd_per_min:,.4f} is usual"
        n_usual = worst.usual.n_usd
    else:
        pace = f"{spent.tokens_per_min or 0:,.0f} tokens a minute where {usual.tokens_per_min or 0:,.0f} are usual"
        n_usual = worst.usual.n_tokens
    n = len(sighting.suspects)
    title = f"{n:,} live {_runs_of(n, sighting)} {'runs' if n == 1 else 'run'} away: {pace}"
    sizes = [suspect.size for suspect in sighting.suspects]
    now = Measured(worst.size, min(sizes), max(sizes), n, "worst, with the range of all")
    return Told(title, worst.size, options.runaway_factor, now, Measured(1.0, None, None, n_usual, "median"))


def _runs_of(n: int, sighting: Sighting) -> str:
    return f"{'run' if n == 1 else 'runs'} of {subject_of(sighting.cause)}"


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
