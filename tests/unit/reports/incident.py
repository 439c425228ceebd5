"""An incident as the API answers it, whole and with hostile words."""

from __future__ import annotations

from typing import Any

HOSTILE = "<script>alert(1)</script> [x](javascript:alert(1)) ![i](http://evil.test/a.png) | \u202egnp.exe # *bold* </title>\n- item"


def incident(title: str = "Invented citations in a filing", **changes: Any) -> dict[str, Any]:
    failing = {"value": 0.31, "low": 0.25, "high": 0.38, "n": 212}
    return {
        "incident_id": "inc-1",
        "title": title,
        "state": "closed",
        "severity": 1,
        "grades": [
            {
                "severity": 1,
                "rubric_version": "2026-11",
                "rubric_digest": "a" * 64,
                "because": ["legal, serious, happened: sev-1", "nobody caught it"],
                "facts": {},
                "by": "ann",
                "at": "2026-11-24T07:05:00Z",
                "approver": None,
                "recomputes": True,
            }
        ],
        "facts": {},
        "alert_ids": ["al-1"],
        "signature": "sig",
        "where": {"agent": "support", "prompt_version": "v7"},
        "window": {"from": "2026-11-24T07:00:00Z", "to": None},
        "exposure": {"runs": 240, "failing": failing, "sessions": 80, "users": None, "tenants": 5, "per_day": 8_600.4},
        "replay_plan": {"rate": 0.31, "n": 9, "done": 9, "seen": 3},
        "triage": [{"step": "generation", "finding": "cause", "evidence": "prompt v7", "by": "ann", "at": "2026-11-24T07:10:00Z"}],
        "fields": {
            "prompt_revision": {"value": "v7", "source": "runs", "by": ""},
            "judge_configuration": {"value": "no judge runs here", "source": "not_applicable", "by": "ann"},
            "traffic_mix": None,
        },
        "root_cause": {"kind": "distributional", "text": "v7 drops the order id", "rate": failing, "factors": ["long orders"], "confidence": "high"},
        "actions": [{"action_id": "a1", "text": "roll back to v6", "owner": "bo", "due": "2026-11-25T00:00:00Z", "done_at": None}],
        "clocks": [
            {"code": "gdpr", "title": "GDPR Art. 33", "starts": "awareness", "started_at": "2026-11-24T07:05:00Z", "due_at": "2026-11-27T07:05:00Z", "left_hours": 71.0, "stopped_at": None, "note": None}
        ],
        "review_required": {"why": "2 incidents of one signature", "earlier": ["inc-0"], "found": "one owner for both prompts"},
        "timeline": [
            {"at": "2026-11-24T07:05:00Z", "what": "opened", "words": title, "by": "ann"},
            {"at": "2026-11-24T07:06:00Z", "what": "went_well", "words": "the probe told it at once", "by": "ann"},
            {"at": "2026-11-24T07:07:00Z", "what": "went_badly", "words": "nobody knew who owns v7", "by": "bo"},
        ],
        "to_close": [],
        "opened_at": "2026-11-24T07:05:00Z",
        "closed_at": "2026-11-24T09:00:00Z",
        "by": "ann",
    } | changes  # fmt: skip
