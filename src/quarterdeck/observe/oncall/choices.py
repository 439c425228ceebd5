"""What an alert may be closed with, as it stands now: each disposition with its parameter, its price, and why it is refused.

Pure. Decides nothing of its own: each choice is tried by the rules that would record it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple, get_args

from quarterdeck.errors import BadInput, InvestigationRequired
from quarterdeck.model.alerts import Alert
from quarterdeck.model.oncall import Disposition, DispositionKind
from quarterdeck.observe.oncall.dispositions import Asked, disposition_of, price_of
from quarterdeck.observe.oncall.options import OncallOptions

PARAMETERS: dict[DispositionKind, str] = {
    "normal_swing": "tolerance of the alert's streams",
    "accepted_change": "baseline: normal is learned anew from the alert's start",
    "duplicate": "signature: merged into the other alert's",
    "harmless": "severity: listed, never paged",
    "wobble": "none by itself",
    "fixed": "none: it was real",
}
_EVIDENCE: dict[DispositionKind, tuple[str, ...]] = {
    "duplicate": ("other_alert_id",),
    "harmless": ("approver",),
    "wobble": ("probe_id",),
}
_TRIED = "something with a cause that can be named"
"""Stands for the reason that is not written yet."""


class Choice(NamedTuple):
    """One disposition. `asks_for`: fields that closing takes; `expires_days` None = no end by time.

    `why_not` and `code` say why it is refused now: `bad_input`, or `investigation_required` for a second dismissal.
    """

    kind: DispositionKind
    parameter: str
    asks_for: tuple[str, ...]
    price: str
    expires_days: float | None
    allowed: bool
    why_not: str | None = None
    code: str | None = None


class ProbeFacts(NamedTuple):
    """The newest probe of the alert that came to a verdict."""

    probe_id: str
    verdict: str
    at_ns: int


class _Case(NamedTuple):
    """What a choice is tried on."""

    alert: Alert
    past: Sequence[Disposition]
    probe: ProbeFacts | None
    now_ns: int
    options: OncallOptions


def choices_of(
    alert: Alert, past: Sequence[Disposition], probe: ProbeFacts | None, now_ns: int, options: OncallOptions
) -> tuple[Choice, ...]:
    """Every disposition, in the order of the design. `past`: dispositions of this project."""
    kinds: tuple[DispositionKind, ...] = get_args(DispositionKind)
    case = _Case(alert, past, probe, now_ns, options)
    return tuple(_choice(kind, case) for kind in kinds)


def _choice(kind: DispositionKind, case: _Case) -> Choice:
    refused = _refused(kind, case)
    asks_for = ("reason", "by", *_EVIDENCE.get(kind, ()))
    if isinstance(refused, InvestigationRequired):
        asks_for = tuple(dict.fromkeys((*asks_for, "probe_id", "incident_id")))
    return Choice(
        kind=kind,
        parameter=PARAMETERS[kind],
        asks_for=asks_for,
        price=price_of(kind, case.alert, case.options),
        expires_days=_days(kind, case.options),
        allowed=refused is None,
        why_not=None if refused is None else refused.message,
        code=None if refused is None else refused.code,
    )


def _refused(kind: DispositionKind, case: _Case) -> BadInput | None:
    alert, probe = case.alert, case.probe
    if any(one.alert_id == alert.alert_id and one.standing and one.at_ns >= (alert.fired_ns or 0) for one in case.past):
        return BadInput("it has a disposition already, which would have to be taken back first")
    asked = Asked(kind, _TRIED, "somebody", other_alert_id="another", approver="somebody")
    if probe is not None:
        asked = replace(asked, probe_id=probe.probe_id, probe_verdict=probe.verdict, probe_at_ns=probe.at_ns)
    try:
        disposition_of(asked, alert, case.past, case.now_ns, case.options)
    except BadInput as refused:
        return refused
    return None


def _days(kind: DispositionKind, options: OncallOptions) -> float | None:
    days = {"normal_swing": options.swing_days, "wobble": options.swing_days, "harmless": options.harmless_days}
    return days.get(kind)
