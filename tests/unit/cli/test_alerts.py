"""`quarterdeck alerts` against a running API that keeps two alerts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from quarterdeck.api.routes.alerts import _ALERT, SHOWN
from quarterdeck.cli.alerts import row
from quarterdeck.cli.alerts_show import finding_line, lines
from quarterdeck.cli.alerts_triage import calibration_lines, handover_lines

FIRING = _ALERT.alert_id


def test_list_is_a_line_each(quarterdeck: Callable[..., Any], url: str) -> None:
    answer = quarterdeck("alerts", "list", "--url", url)
    assert answer.code == 0
    assert "firing" in answer.out
    assert _ALERT.title in answer.out
    found = quarterdeck("alerts", "list", "--state", "resolved", "--url", url, "--json").document
    assert [item["alert_id"] for item in found["items"]] == ["over"]
    assert quarterdeck("alerts", "list", "--kind", "burn", "--url", url).err == "no alert matches\n"


def test_show_has_evidence_and_events(quarterdeck: Callable[..., Any], url: str) -> None:
    answer = quarterdeck("alerts", "show", FIRING, "--url", url)
    assert answer.code == 0
    assert answer.out.startswith(_ALERT.title)
    assert "evidence 31,020 of 12,000" in answer.out
    assert "notified: firing to webhook hooks.example.com: HTTP 200" in answer.out
    assert quarterdeck("alerts", "show", FIRING, "--url", url, "--json").document["alert_id"] == FIRING


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("list", "--state", "open"), "state"),
        (("show", "nothing"), "no alert has the id 'nothing'"),
        (
            ("close", FIRING, "--by", "ann", "--reason", "v7 was rolled back"),
            "asks for reason, by\nerror[bad_input]: --as is missing",
        ),
        (("close", FIRING, "--by", "ann", "--as", "fixed"), "--reason is missing"),
        (("close", FIRING, "--by", "ann", "--as", "fixed", "--reason", ""), "reason"),
        (
            ("close", FIRING, "--by", "ann", "--as", "fixed", "--reason", "the model was weird"),
            "only that the model was odd",
        ),
        (("list", "--order", "age"), "order"),
        (("mute", "--hours", "99", "--owner", "ann", "--reason", "the provider migrates tonight"), "at most 72"),
        (("mute", "--hours", "1", "--owner", "ann", "--reason", "a b c d", "--where", "agent"), "NAME=VALUE"),
        (("wake", FIRING, "--by", "ann"), "does not sleep"),
        (("forecast", FIRING, "1.5", "--by", "ann"), "less than or equal to 1"),
        (("handover", "--hours", "0"), "hours"),
    ],
)
def test_what_cannot_be_is_named(quarterdeck: Callable[..., Any], url: str, words: tuple[str, ...], says: str) -> None:
    answer = quarterdeck("alerts", *words, "--url", url)
    assert (answer.code, answer.out) == (3, "")
    assert says in answer.err


def test_an_alert_that_is_over_says_why_and_who() -> None:
    over = SHOWN | {"resolution": "known", "resolved_at": "2026-11-24T08:00:00.000000Z"}
    over["events"] = [{"at": "2026-11-24T08:00:00.000000Z", "what": "closed", "words": "known", "by": "ann"}]
    told = list(lines(over))
    assert "resolved 2026-11-24 08:00:00: known" in told
    assert "2026-11-24 08:00:00  closed (ann): known" in told
    assert any(line.startswith("run 9f86d081") and "(worst)" in line for line in told)
    assert "wasted $4.20" in told


def test_a_row_is_one_line_and_unknown_values_are_dashes() -> None:
    alert = SHOWN | {"title": "two\nlines", "fired_at": None}
    assert row(alert) == ["firing", "2026-11-24 06:59:40", FIRING, "two lines"]
    finding = alert["findings"][0] | {"now": {"value": None}, "threshold": 12.0}
    assert finding_line(finding).startswith("failing runs (deploy, reached): — against 0.12 share of runs, n=212")


def test_the_inbox_says_paging_class_size_and_what_to_do_first(quarterdeck: Callable[..., Any], url: str) -> None:
    answer = quarterdeck("alerts", "list", "--order", "urgency", "--url", url)
    assert answer.code == 0
    assert "capability" in answer.out
    assert "0.12 to 0.31" in answer.out
    assert "n=212" in answer.out
    assert "Probe the worst run on v7 and v6" in answer.out


def test_choices_show_prices_and_why_not(quarterdeck: Callable[..., Any], url: str) -> None:
    told = quarterdeck("alerts", "choices", FIRING, "--url", url).out.splitlines()
    assert told[0].startswith("normal_swing: For 7 days a change of less than")
    assert told[1] == "  changes tolerance of the alert's streams; asks for reason, by; ends after 7 days"
    assert any(line.startswith("  not now: wobble takes a probe") for line in told)
    document = quarterdeck("alerts", "choices", FIRING, "--url", url, "--json").document
    assert document["items"][0]["kind"] == "normal_swing"


def test_a_closing_is_listed_and_taken_back(quarterdeck: Callable[..., Any], url: str) -> None:
    swing = ("--as", "normal_swing", "--reason", "the weekly batch import runs on Tuesdays", "--by", "ann")
    closed = quarterdeck("alerts", "close", FIRING, *swing, "--url", url)
    assert closed.code == 0, closed.err
    assert "closed as normal_swing by ann, until" in closed.out
    listed = quarterdeck("alerts", "dispositions", "--standing", "--url", url)
    assert "normal_swing" in listed.out
    assert FIRING in listed.out
    back = quarterdeck(
        "alerts", "reopen", FIRING, "--by", "bob", "--reason", "it was the prompt after all", "--url", url
    )
    assert back.code == 0, back.err
    assert "before: normal_swing by ann" in back.out
    again = quarterdeck("alerts", "close", FIRING, *swing, "--url", url)
    assert again.code == 3
    assert "within variance 1 times" in again.err
    assert quarterdeck("alerts", "dispositions", "--standing", "--url", url).err == "no disposition matches\n"


def test_a_mute_is_made_listed_and_ended(quarterdeck: Callable[..., Any], url: str) -> None:
    asked = ("--signal", "failing", "--where", "agent=nobody", "--hours", "2", "--owner", "ann")
    made = quarterdeck("alerts", "mute", *asked, "--reason", "the provider migrates tonight", "--url", url, "--json")
    mute_id = made.document["mute_id"]
    assert "failing of agent nobody" in quarterdeck("alerts", "mutes", "--url", url).out
    assert "mute of failing" in quarterdeck("alerts", "handover", "--url", url).out
    over = quarterdeck("alerts", "unmute", mute_id, "--by", "bob", "--url", url)
    assert "over: ended by bob" in over.out


def test_sleep_forecast_calibration_and_handover(quarterdeck: Callable[..., Any], url: str) -> None:
    slept = quarterdeck("alerts", "snooze", FIRING, "--by", "ann", "--url", url)
    assert slept.code == 0, slept.err
    assert "asleep until the version changes" in slept.out
    assert "asleep" not in quarterdeck("alerts", "wake", FIRING, "--by", "ann", "--url", url).out
    said = quarterdeck("alerts", "forecast", FIRING, "0.8", "--by", "ann", "--url", url)
    assert said.out == f"ann expects with 80 % that {FIRING} is real\n"
    told = quarterdeck("alerts", "calibration", "--url", url).out.splitlines()
    assert told[1] == "said aloud from 100 decided ones on: 100 more"
    assert quarterdeck("alerts", "handover", "--markdown", "--url", url).out.startswith("# Handover ")
    assert quarterdeck("alerts", "handover", "--url", url, "--json").document["quality"]["defects"] == []


def test_calibration_and_handover_in_words() -> None:
    tenth = {
        "low": 0.8,
        "high": 0.9,
        "n": 24,
        "stated": 0.83,
        "real": 0.5,
        "real_low": 0.31,
        "real_high": 0.69,
        "found": "too high",
    }
    found = {"stated": 131, "decided": 112, "needed": 0, "brier": 0.14, "tenths": [tenth]}
    assert list(calibration_lines(found))[1:] == [
        "Brier score 0.140",
        "0.8 to 0.9: stated 83%, real 50% (31% to 69%), n=24: too high",
    ]
    waited = {"alert": {"alert_id": "a2", "title": "costs more"}, "reason": "2 pages in this shift already"}
    shift = {
        "in_words": "a shift", "paged": [], "batched": [waited], "held": [], "drills": [], "expiring": [],
        "refuted": [{"alert_id": "a1", "kind": "normal_swing", "by": "ann", "ended_because": "refuted: more came"}],
        "incidents": [{"incident_id": "i1", "severity": None, "state": "open", "title": "t"}],
    }  # fmt: skip
    assert list(handover_lines(shift)) == [
        "a shift",
        "batched a2: costs more (2 pages in this shift already)",
        "refuted a1: normal_swing by ann, refuted: more came",
        "incident i1 (not graded, open): t",
    ]
