"""Runs a probe: pair after pair until there is a verdict, each pair kept before the next begins.

The sides take turns in who goes first, so that a cache that the first one warms favours neither. Refuses: to count what a
rate limit stopped. Waiting, the clock and keeping are the caller's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from quarterdeck.model.ports import ProbeTarget
from quarterdeck.model.probes import Pair, Probe, ProbeCase, ProbeReply
from quarterdeck.probes.checks import Check, failed
from quarterdeck.probes.pairs import weigh

_WAIT_S_MAX = 60.0

Pause = Callable[[float], None]
"""Waits that many seconds; raises where it must not wait (any longer)."""


class Sides(NamedTuple):
    """What is compared."""

    candidate: ProbeTarget
    baseline: ProbeTarget


class Ways(NamedTuple):
    """`keep` makes a probe durable; `case_of` is what pair n (from 0) is given; `now_ns` is the wall clock."""

    keep: Callable[[Probe], None]
    pause: Pause
    now_ns: Callable[[], int]
    case_of: Callable[[int], ProbeCase]
    check: Check | None = None


def run(probe: Probe, sides: Sides, ways: Ways) -> Probe:
    """The probe with its verdict; goes on after the pairs that it has. Raises what targets, `keep` and `pause` raise."""
    while (verdict := weigh(probe.pairs, probe.pairs_max).verdict) is None:
        probe, pair = _pair(probe, sides, ways)
        probe = replace(probe, state="running", because=None, pairs=(*probe.pairs, pair))
        if weigh(probe.pairs, probe.pairs_max).verdict is None:
            ways.keep(probe)
    ended = replace(probe, state="done", verdict=verdict, because=None, ended_ns=ways.now_ns(), input=None)
    ways.keep(ended)
    return ended


def _pair(probe: Probe, sides: Sides, ways: Ways) -> tuple[Probe, Pair]:
    n = len(probe.pairs)
    case = ways.case_of(n)
    replies: dict[str, ProbeReply] = {}
    for side in ("candidate", "baseline") if n % 2 == 0 else ("baseline", "candidate"):
        probe, replies[side] = _reply(probe, side, getattr(sides, side), case, ways)
    bad = {side: failed(reply, ways.check, case.error_class) for side, reply in replies.items()}
    classes = {side: replies[side].error_class if bad[side] else None for side in replies}
    return probe, Pair(bad["candidate"], bad["baseline"], classes["candidate"], classes["baseline"])


def _reply(probe: Probe, side: str, target: ProbeTarget, case: ProbeCase, ways: Ways) -> tuple[Probe, ProbeReply]:
    """The first answer that no rate limit stopped."""
    tries = 0
    while (reply := target.ask(case)).limited:
        told = reply.again_after_s
        seconds = min(_WAIT_S_MAX, 2.0**tries) if told is None else told
        probe = replace(probe, state="waiting", because=f"a rate limit of the {side}; again in {seconds:.0f} s")
        ways.keep(probe)
        ways.pause(seconds)
        tries = min(tries + 1, 10)
    return probe, reply
