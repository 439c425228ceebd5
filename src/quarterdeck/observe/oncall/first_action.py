"""What to do first. What nobody can act on cannot page."""

from __future__ import annotations

from quarterdeck.model.alerts import Alert
from quarterdeck.model.oncall import Action, AlertClass
from quarterdeck.observe.oncall.options import OncallOptions

_BY_CLASS: dict[AlertClass, str] = {
    "policy": "Open the worst run, stop the feature if a person was harmed, and open an incident.",
    "infrastructure": "Look at the provider's status and at Limits; move traffic to the fallback if it lasts.",
    "capability": "Probe the worst run on both versions, and roll back if it fails on the new one only.",
    "shift": "Open the contrast and the three worst runs; what differs is what changed.",
    "wobble": "",
}
_ROLL_BACK = "Probe the worst run on {new} and {old}; roll back {part} {new} if it fails on the new one only."


def action_of(alert: Alert, kind: AlertClass, options: OncallOptions) -> Action | None:
    """The user's sentence by signal, then by class, else the shipped one; None when there is nothing to do."""
    for name in (alert.findings[0].signal, kind):
        own = options.runbooks.get(name)
        if own is not None:
            return Action(own.text, own.link) if own.text.strip() else None
    deploy = alert.findings[0].deploy
    if deploy is not None and kind in ("capability", "shift"):
        part = deploy.part.replace("_", " ")
        return Action(_ROLL_BACK.format(new=deploy.new, old=deploy.old or "the one before", part=part))
    text = _BY_CLASS[kind]
    return Action(text) if text else None
