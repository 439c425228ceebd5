"""The handover's document."""

from __future__ import annotations

from quarterdeck.reports import handover, to_html, to_markdown

ALERT = {
    "alert_id": "al-1",
    "title": "support fails more than before",
    "state": "firing",
    "where": {"agent": "support"},
    "first_action": {"text": "Compare v7 with v6.", "link": "https://wiki.test/v7"},
}
ANSWER = {
    "since": "2026-11-24T07:00:00Z",
    "until": "2026-11-24T19:00:00Z",
    "in_words": "One page, one in the digest.",
    "paged": [ALERT],
    "batched": [{"alert": ALERT | {"alert_id": "al-2"}, "reason": "2 pages in this shift already"}],
    "held": 3,
    "refuted": [{"kind": "normal_swing", "reason": "load test", "by": "ann", "alert_id": "al-3", "ended_because": "refuted after 40 runs"}],
    "expiring": [],
    "incidents": [{"incident_id": "inc-1", "title": "Invented citations", "severity": 1, "state": "open"}],
    "quality": {"defects": [{"title": "no first action", "alert_id": "al-4"}], "false_pages_expected": 0.016},
    "drills": [{"drill_id": "d1", "in_words": "found after 45 runs"}],
    "markdown": "",
}  # fmt: skip


def test_every_section_is_said_and_an_empty_one_says_none() -> None:
    text = to_markdown(handover(ANSWER))
    for part in ("One page, one in the digest.", "first: Compare v7 with v6.", "2 pages in this shift already", "3", "refuted after 40 runs", "sev-1", "found after 45 runs", "no first action", "0.016"):  # fmt: skip
        assert part in text
    assert "## Runs out soon\n\nNone." in text
    assert "2026-11-24 07:00 UTC" in text
    assert "<a" not in to_html(handover(ANSWER))


def test_what_the_answer_lacks_is_left_out() -> None:
    bare = {
        "since": ANSWER["since"],
        "until": ANSWER["until"],
        "in_words": "Quiet.",
        "paged": [],
        "quality": {"defects": 2},
    }
    text = to_markdown(handover(bare))
    assert "## Drills" not in text
    assert "Defects: 2." in text
