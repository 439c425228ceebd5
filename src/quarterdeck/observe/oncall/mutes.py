"""Mutes: pages are held for a time that has an end. Renewing does not outlive it.

Pure. Refuses: more than the most within a week for one thing, a mute without owner and reason, and one of policy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from quarterdeck.errors import BadInput
from quarterdeck.model.alerts import Alert
from quarterdeck.model.oncall import Mute
from quarterdeck.model.signals import Keys
from quarterdeck.observe.oncall.dispositions import DAY_NS, checked_reason, overlap
from quarterdeck.observe.oncall.options import OncallOptions

HOUR_NS = 3_600 * 10**9
WEEK_NS = 7 * DAY_NS


def mute_of(
    project: str,
    *,
    signal: str | None,
    where: Keys,
    owner: str,
    reason: str,
    hours: float,
    past: Sequence[Mute],
    now_ns: int,
    options: OncallOptions,
) -> Mute:
    """The mute as it is recorded. Raises BadInput naming what was expected."""
    if not owner.strip():
        raise BadInput("owner takes the name of who answers for the mute")
    if not 0 < hours <= options.mute_hours_max:
        raise BadInput(f"hours takes a number above 0 and at most {options.mute_hours_max:g}, got {hours:g}")
    if signal is not None and signal in options.policy_signals:
        raise BadInput(f"{signal} is about policy or harm and cannot be muted")
    used = sum(_within_week(one, now_ns) for one in past if _same(one, signal, where)) / HOUR_NS
    if used + hours > options.mute_hours_max:
        raise BadInput(
            f"it was muted for {used:.1f} hours of the last week already; {options.mute_hours_max:g} are the most",
            mend="close the alert with a disposition instead",
        )
    until_ns = now_ns + int(hours * HOUR_NS)
    return Mute(project, f"mute-{now_ns}", signal, where, owner.strip(), checked_reason(reason), now_ns, until_ns)


def ended(mute: Mute, because: str, now_ns: int) -> Mute:
    """The same mute, over."""
    return replace(mute, ended_ns=now_ns, ended_because=because)


def holding(mutes: Sequence[Mute], alert: Alert, now_ns: int) -> Mute | None:
    """The mute that holds this alert's pages now: one that covers all of its signals and its whole slice."""
    signals = {held.signal for held in alert.findings}
    for mute in mutes:
        over = mute.ended_ns is not None or not mute.at_ns <= now_ns < mute.until_ns
        if not over and mute.project == alert.project and _covers(mute, signals, alert.where):
            return mute
    return None


def _covers(mute: Mute, signals: set[str], where: Keys) -> bool:
    values = dict(where)
    inside = all(name in values and values[name] == value for name, value in mute.where)
    return inside and (mute.signal is None or signals == {mute.signal})


def _same(one: Mute, signal: str | None, where: Keys) -> bool:
    return (one.signal is None or signal is None or one.signal == signal) and overlap(one.where, where)


def _within_week(one: Mute, now_ns: int) -> int:
    end = min(one.until_ns if one.ended_ns is None else one.ended_ns, now_ns)
    return max(0, end - max(one.at_ns, now_ns - WEEK_NS))
