"""The incident that the API's document shows: refunds to strangers, graded once."""

from __future__ import annotations

from quarterdeck.api.wire.incident import incident_dict
from quarterdeck.model.incidents import ActionItem, Exposure, Facts, FieldValue, Harm, Incident, Seen, Triage
from quarterdeck.observe.incidents.follow_up import clock_started, measured, with_action
from quarterdeck.observe.incidents.life import graded, opened, triaged
from quarterdeck.observe.incidents.rubric import load_rubric

_AT = 1_795_503_600_000_000_000
_MINUTE = 60 * 10**9
_FACTS = Facts(
    id="4b7d0c9a51e8f263", title="refunds went to strangers", harms=(Harm("financial", True, "partly", "serious"),),
    rate=Seen(66, 212), traffic_per_day=9_000.0, affected_users=2_300, autonomy="acted", caught_by="outsider",
    undetected_hours=6.0, domain="financial", ongoing=True, confidence="high",
)  # fmt: skip
_OPENED = Incident(
    project="default", incident_id=_FACTS.id, title=_FACTS.title, state="open", opened_ns=_AT, by="ann",
    signature="c1d8a0b4f7e92365c1d8a0b4f7e92365", alert_ids=("0d4f2b7a91c35e68",), from_ns=_AT - 360 * _MINUTE,
    where=(("agent", "support-agent"), ("environment", "production"), ("prompt_version", "v7")),
)  # fmt: skip


def _example() -> Incident:
    made = graded(
        opened(_OPENED, ()), _FACTS, load_rubric(), by="ann", at_ns=_AT + _MINUTE, approver=None, replays=None
    )
    told = (FieldValue("prompt_revision", "prompt version v7 100 % of 2,250 runs", "runs", "ann"),)
    exposure = Exposure(2_250, 700, 2_240, 1_900, 1_850, 12, 9_000.0)
    words = "700 of 2,240 judged runs failed"
    made = measured(made, exposure, told, words=words, by="ann", at_ns=_AT + _MINUTE)
    step = Triage("retrieval", "ruled_out", "the same passages as before the deploy", "ann", _AT + 9 * _MINUTE)
    made = triaged(made, step)
    action = ActionItem("5d1e7c20", "roll back to v6", "bob", _AT + 60 * _MINUTE)
    made = with_action(made, action, by="ann", at_ns=_AT + 10 * _MINUTE)
    return clock_started(made, "gdpr_33", started_ns=_AT, by="ann", at_ns=_AT + 11 * _MINUTE)


EXAMPLE = incident_dict(_example(), load_rubric(), _AT + 12 * _MINUTE)
