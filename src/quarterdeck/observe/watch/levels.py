"""How things stand when somebody dismisses or mutes: the levels that every later run is held against.

A level is that of a stream's own runs, not of the narrower slice that an alert names: its number was measured there.
Refuses: a level without an interval; nothing is tested then.
"""

from __future__ import annotations

from quarterdeck.errors import NotFound
from quarterdeck.model.alerts import Alert
from quarterdeck.model.measured import Measured
from quarterdeck.model.oncall import Evidence, Mute
from quarterdeck.model.signals import Finding, Keys, StreamNow
from quarterdeck.observe.signals.kinds import SIGNALS
from quarterdeck.observe.watch.ports import Patrolling
from quarterdeck.observe.watch.words import Word

CANARIES_MAX = 50
"""Streams that one mute is held against, those with the most runs first."""
_AMOUNTS = frozenset(signal.name for signal in SIGNALS if signal.kind == "amount")


def of_alert(alert: Alert, patrol: Patrolling | None) -> tuple[Word, ...]:
    """The signal that the alert is about, at the higher of its finding's level and the present one."""
    lead = alert.findings[0]
    stream = _stream(lead, patrol)
    where = lead.cohort if lead.deploy is None else lead.deploy.where
    levels = [lead.now] if stream is None else [lead.now, stream.now]
    known = [one for one in (_evidence(lead.signal, level, 0.0) for level in levels) if one is not None]
    if not known:
        return ()
    rate = lead.signal not in _AMOUNTS if stream is None else stream.kind == "rate"
    return (Word(where, rate, max(known, key=lambda one: one.high)),)


def of_mute(mute: Mute, patrol: Patrolling | None, now_ns: int) -> tuple[Word, ...]:
    """The canaries: every stream inside the slice, else the narrowest around it. `now_ns` is when it begins."""
    streams = [] if patrol is None else patrol.streams()
    streams = [one for one in streams if one.deploy is None and mute.signal in (None, one.signal)]
    inside = [one for one in streams if set(mute.where) <= set(one.cohort)]
    around = [one for one in streams if set(one.cohort) < set(mute.where)]
    widest = max((len(one.cohort) for one in around), default=0)
    chosen = inside or [one for one in around if len(one.cohort) == widest]
    words = []
    for one in sorted(chosen, key=lambda one: (-one.runs, one.stream_id))[:CANARIES_MAX]:
        evidence = _evidence(one.signal, one.now, (now_ns - mute.at_ns) / 1e9)
        if evidence is not None:
            words.append(Word(one.cohort, one.kind == "rate", evidence))
    return tuple(words)


def version_of(alert: Alert) -> Keys:
    """The version that an alert is about; () when it is about none."""
    deploy = next((held.deploy for held in alert.findings if held.deploy is not None), None)
    return () if deploy is None else ((deploy.part, deploy.new),)


def _stream(lead: Finding, patrol: Patrolling | None) -> StreamNow | None:
    try:
        return None if patrol is None else patrol.stream(lead.stream_id)
    except NotFound:
        return None


def _evidence(signal: str, level: Measured, window_s: float) -> Evidence | None:
    if level.value is None or level.low is None or level.high is None or level.n < 1:
        return None
    return Evidence(signal, level.value, level.low, level.high, level.n, window_s)
