"""With what an alert may be closed: one parameter each, evidence, a price said beforehand, an expiry.

Pure. Refuses: a reason that says only that the model is odd; a swing without its statistic; the second dismissal of one thing in a week
without an investigation.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from quarterdeck.errors import BadInput, InvestigationRequired
from quarterdeck.model.alerts import Alert
from quarterdeck.model.oncall import Disposition, DispositionKind, Evidence
from quarterdeck.model.signals import Finding, Keys
from quarterdeck.observe.oncall.level import level_words
from quarterdeck.observe.oncall.options import OncallOptions

DAY_NS = 86_400 * 10**9
REASON_MAX = 2_000
_WITHIN_VARIANCE = frozenset({"normal_swing", "wobble"})
_ODD_WORDS = """
a ai agent again and be been being bit blip flaky flake glitch hallucinated hallucination hallucinating had has hiccup hmm is it its just
kind llm llms lol model models moment noise noisy nothing odd of off one ok only probably quirk quirky random randomness seems silly so
some sort strange that the then thing this usual variance was weird weirdness were wonky
"""
_ODD = frozenset(_ODD_WORDS.split())
"""Words that say nothing about a cause. A reason of these alone is no reason."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody asks for. `window_s` and the statistic come from the alert's own finding."""

    kind: DispositionKind
    reason: str
    by: str
    other_alert_id: str | None = None
    probe_id: str | None = None
    probe_verdict: str | None = None
    probe_at_ns: int | None = None
    incident_id: str | None = None
    approver: str | None = None
    days: float | None = None


def disposition_of(
    asked: Asked, alert: Alert, past: Sequence[Disposition], now_ns: int, options: OncallOptions
) -> Disposition:
    """The disposition as it is recorded. Raises BadInput, and InvestigationRequired for a repeat. `past`: of this project."""
    reason = checked_reason(asked.reason)
    _check_evidence(asked, alert)
    _check_repeat(asked, alert, past, now_ns, options)
    evidence = evidence_of(alert)
    tolerance = tolerance_of(alert, options) if asked.kind == "normal_swing" else None
    expires_ns = _expiry(asked, now_ns, options)
    return Disposition(
        project=alert.project,
        disposition_id=f"{alert.alert_id}.{now_ns}",
        alert_id=alert.alert_id,
        signature=alert.signature,
        signals=tuple(dict.fromkeys(held.signal for held in alert.findings)),
        where=alert.where,
        kind=asked.kind,
        reason=reason,
        by=asked.by.strip(),
        at_ns=now_ns,
        expires_ns=expires_ns,
        evidence=evidence,
        price=price_of(asked.kind, alert, options),
        tolerance=tolerance,
        other_alert_id=asked.other_alert_id,
        probe_id=asked.probe_id,
        incident_id=asked.incident_id,
        approver=asked.approver,
    )


def checked_reason(reason: str) -> str:
    """The reason on one line. Raises BadInput for one that is too short, or says only that the model is odd."""
    flat = " ".join(reason.split())
    words = re.findall(r"[^\W_]+", flat.lower())
    if len(words) < 3 or len(flat) > REASON_MAX:
        raise BadInput("a reason takes three words or more", mend="say what it was, and how you know")
    if not [word for word in words if word not in _ODD]:
        raise BadInput(
            f"{flat!r} says only that the model was odd, which explains nothing",
            mend="choose a disposition with evidence, or probe the worst run",
        )
    return flat


def evidence_of(alert: Alert) -> Evidence | None:
    """The statistic of the finding that the alert is about; None when it has no interval."""
    lead = alert.findings[0]
    now = lead.now
    if now.value is None or now.low is None or now.high is None or now.n < 1:
        return None
    window_s = max(0, lead.at_ns - alert.opened_ns) / 1e9
    return Evidence(lead.signal, now.value, now.low, now.high, now.n, window_s)


def tolerance_of(alert: Alert, options: OncallOptions) -> float:
    """What would have to be tolerated for this alert not to have fired: its relative size, at most the limit."""
    lead = alert.findings[0]
    if lead.now.value is None or not lead.before.value or lead.before.value <= 0:
        return options.tolerance_max
    return min(options.tolerance_max, max(0.0, lead.now.value / lead.before.value - 1))


def price_of(kind: DispositionKind, alert: Alert, options: OncallOptions) -> str:
    """What the choice costs, in words, before it is made."""
    lead = alert.findings[0]
    if kind == "normal_swing":
        return _swing_price(lead, tolerance_of(alert, options), options)
    if kind == "accepted_change":
        known = lead.now.value
        level = "the level of now" if known is None else level_words(known, lead.unit, lead.signal)
        return f"{level} becomes normal; a further worsening is measured from there."
    if kind == "duplicate":
        return "It pages only through the other alert, until this is undone."
    if kind == "harmless":
        return f"Nobody is woken by this for {options.harmless_days:g} days; it stays in the list."
    if kind == "wobble":
        return "None now; in at most one of ten cases a real regression is taken for a wobble by the probe."
    return "None: it counts as real."


def _swing_price(lead: Finding, tolerance: float, options: OncallOptions) -> str:
    """Evidence grows with the square of the margin (Kullback-Leibler near zero), so half the margin takes four times the runs."""
    before, now = lead.before.value, lead.now.value
    if before is None or now is None or before <= 0:
        return f"For {options.swing_days:g} days changes of up to {tolerance * 100:.0f} % are not looked for."
    seen = level_words(before * (1 + tolerance), lead.unit, lead.signal)
    return (
        f"For {options.swing_days:g} days a change of less than {tolerance * 100:.0f} % (to {seen}) is not looked for, and "
        f"twice that is seen after about four times as many runs ({lead.n * 4:,} instead of {lead.n:,})."
    )


def _check_evidence(asked: Asked, alert: Alert) -> None:
    if not asked.by.strip():
        raise BadInput("by takes the name of who closes it")
    missing = _missing(asked, alert)
    if missing is not None:
        raise BadInput(
            f"{asked.kind} takes {missing}", mend="another disposition may fit, or probe the worst run first"
        )


def _missing(asked: Asked, alert: Alert) -> str | None:
    if asked.kind == "normal_swing" and evidence_of(alert) is None:
        return "a statistic with its interval and n, and this alert has none"
    if asked.kind == "duplicate" and asked.other_alert_id in (None, "", alert.alert_id):
        return "the id of the other alert"
    if asked.kind == "harmless" and not (asked.approver or "").strip():
        return "an approver"
    if asked.kind == "wobble" and asked.probe_verdict != "wobble":
        return "a probe whose verdict is wobble"
    return None


def _check_repeat(asked: Asked, alert: Alert, past: Sequence[Disposition], now_ns: int, options: OncallOptions) -> None:
    if asked.kind not in _WITHIN_VARIANCE or asked.incident_id:
        return
    since = now_ns - int(options.repeat_days * DAY_NS)
    before = [one for one in past if one.kind in _WITHIN_VARIANCE and one.at_ns >= since and same_thing(one, alert)]
    if not before:
        return
    newest = max(one.at_ns for one in before)
    probed = asked.probe_verdict in ("wobble", "regression", "undecided") and (asked.probe_at_ns or 0) > newest
    if not probed:
        raise InvestigationRequired(
            f"it was dismissed as within variance {len(before)} times in {options.repeat_days:g} days",
            mend="probe the worst run, or open an incident, and attach it",
        )


def same_thing(one: Disposition, alert: Alert) -> bool:
    """Whether a disposition was about this: its signature, or one of its signals in a slice that overlaps."""
    if one.signature == alert.signature:
        return True
    shared = set(one.signals) & {held.signal for held in alert.findings}
    return bool(shared) and overlap(one.where, alert.where)


def overlap(one: Keys, other: Keys) -> bool:
    """Whether some run may lie in both slices: no attribute has two values."""
    values = dict(one)
    return all(values.get(name, value) == value for name, value in other)


def _expiry(asked: Asked, now_ns: int, options: OncallOptions) -> int | None:
    most = {"normal_swing": options.swing_days, "wobble": options.swing_days, "harmless": options.harmless_days}
    days = most.get(asked.kind)
    if days is None:
        return None
    if asked.days is not None and not 0 < asked.days <= 30:
        raise BadInput(f"days takes a number above 0 and at most 30, got {asked.days:g}")
    return now_ns + int((days if asked.days is None else asked.days) * DAY_NS)
