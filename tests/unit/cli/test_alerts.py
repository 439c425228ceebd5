"""`quarterdeck alerts` against a running API that keeps two alerts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from quarterdeck.api.routes.alerts import _ALERT, _EXEMPLARS
from quarterdeck.api.wire.alert import alert_dict
from quarterdeck.cli.alerts import finding_line, lines, row

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
        (("close", FIRING), "--reason"),
        (("close", FIRING, "--reason", ""), "reason"),
        (("close", "over", "--reason", "x"), "resolved already: rolled back"),
    ],
)
def test_what_cannot_be_is_named(quarterdeck: Callable[..., Any], url: str, words: tuple[str, ...], says: str) -> None:
    answer = quarterdeck("alerts", *words, "--url", url)
    assert (answer.code, answer.out) == (3, "")
    assert says in answer.err


def test_an_alert_that_is_over_says_why_and_who() -> None:
    over = alert_dict(_ALERT, _EXEMPLARS) | {"resolution": "known", "resolved_at": "2026-11-24T08:00:00.000000Z"}
    over["events"] = [{"at": "2026-11-24T08:00:00.000000Z", "what": "closed", "words": "known", "by": "ann"}]
    told = list(lines(over))
    assert "resolved 2026-11-24 08:00:00: known" in told
    assert "2026-11-24 08:00:00  closed (ann): known" in told
    assert any(line.startswith("run 9f86d081") and "(worst)" in line for line in told)
    assert "wasted $4.20" in told


def test_a_row_is_one_line_and_unknown_values_are_dashes() -> None:
    alert = alert_dict(_ALERT) | {"title": "two\nlines", "fired_at": None}
    assert row(alert) == ["firing", "2026-11-24 06:59:40", FIRING, "two lines"]
    finding = alert["findings"][0] | {"now": {"value": None}, "threshold": 12.0}
    assert finding_line(finding).startswith("failing runs (deploy, reached): — against 0.12 share of runs, n=212")
