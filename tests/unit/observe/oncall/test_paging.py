"""Which alerts page: by class, by what holds them, within the budget; and never less because one was dismissed before."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.unit.observe.oncall.alerts import alert, finding

from quarterdeck.model.oncall import Action
from quarterdeck.observe.oncall import OncallOptions
from quarterdeck.observe.oncall.classes import class_of
from quarterdeck.observe.oncall.first_action import action_of
from quarterdeck.observe.oncall.options import Runbook
from quarterdeck.observe.oncall.page_text import page_text
from quarterdeck.observe.oncall.paging import Standing, decide

OPTIONS = OncallOptions()
PLAIN = Standing("firing", "capability", Action("look"), paged=0, pages_per_shift=2)


@pytest.mark.parametrize(
    ("changed", "failures", "kind"),
    [
        ({"signal": "guardrail"}, {}, "policy"),
        ({}, {"provider_overload": 20, "tool_error": 3}, "infrastructure"),
        ({}, {"provider_overload": 3, "tool_error": 20}, "capability"),
        ({"signal": "lost"}, {}, "infrastructure"),
        ({"signal": "tool_errors", "deploy": None}, {}, "capability"),
        ({"deploy": None}, {}, "shift"),
        ({"signal": "tokens"}, {}, "shift"),
        ({"n": 12, "deploy": None}, {}, "wobble"),
        ({"n": 12}, {}, "capability"),
        ({"state": "rising"}, {}, "wobble"),
    ],
)
def test_the_class_follows_from_signals_and_failures(
    changed: dict[str, Any], failures: dict[str, int], kind: str
) -> None:
    assert class_of(alert(finding(**changed)), failures, OPTIONS) == kind


def test_the_class_rests_on_the_most_runs_of_what_reached_wherever_it_stands() -> None:
    thin = finding(signal="tokens", n=5, deploy=None)
    grown = finding(signal="cost", stream_id="cost", n=39, deploy=None)
    assert class_of(alert(thin), {}, OPTIONS) == "wobble"
    assert class_of(alert(thin, replace(grown, state="rising")), {}, OPTIONS) == "wobble"
    assert class_of(alert(thin, grown), {}, OPTIONS) == "shift"


@pytest.mark.parametrize(
    ("changed", "what", "words"),
    [
        ({}, "page", "somebody can act"),
        ({"state": "pending"}, "list", "pending"),
        ({"kind": "wobble"}, "list", "too few runs"),
        ({"action": None}, "batch", "no first action"),
        ({"muted": "ann"}, "hold", "muted by ann"),
        ({"muted": "ann", "canary_refuted": True}, "page", "through the mute"),
        ({"snoozed": "v8"}, "hold", "asleep"),
        ({"merged_into": "a2"}, "hold", "duplicate of a2"),
        ({"inhibited_by": "the outage"}, "hold", "explained by the outage"),
        ({"harmless": "by bob"}, "list", "harmless"),
        ({"paged": 2}, "batch", "2 allowed"),
        ({"paged": 2, "kind": "infrastructure"}, "page", "act"),
        ({"paged": 9, "kind": "policy", "muted": "ann", "action": None}, "page", "policy"),
    ],
)
def test_the_first_rule_that_answers_wins(changed: dict[str, Any], what: str, words: str) -> None:
    found = decide(replace(PLAIN, **changed))
    assert found.what == what
    assert words in found.reason


def test_prior_dismissals_are_said_and_change_nothing_else() -> None:
    found = decide(replace(PLAIN, dismissed_before=5))
    assert found.what == decide(PLAIN).what == "page"
    assert "dismissed 5 times before" in found.reason


def test_what_nobody_can_act_on_is_a_defect_of_alert_quality() -> None:
    nothing = OncallOptions(runbooks={"failing": Runbook(text=" ")})
    assert action_of(alert(), "capability", nothing) is None
    assert decide(replace(PLAIN, action=None)).defect
    own = OncallOptions(runbooks={"capability": Runbook(text="Call the owner.", link="https://runbooks.example.com/7")})
    assert action_of(alert(), "capability", own) == Action("Call the owner.", "https://runbooks.example.com/7")


def test_a_page_can_be_judged_without_opening_it() -> None:
    action = action_of(alert(), "capability", OPTIONS)
    text = page_text(alert(), "capability", action, (), "https://deck.example.com/alerts/a1").text
    for words in (
        "support-agent in production",
        "the prompt (v6 to v7)",
        "capability or format",
        "roll back",
        "/alerts/a1",
    ):
        assert words in text
