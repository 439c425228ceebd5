"""What is known of a session, which evidence counts, and where it belongs."""

from __future__ import annotations

import pytest
from tests.unit.observe.sampling.sessions import KEY, SECOND, START_NS, WINDOW, run

from quarterdeck.observe.sampling.facts import facts_of, sessions_of
from quarterdeck.observe.sampling.options import KEEP_RULES, SamplingOptions
from quarterdeck.observe.sampling.priority import priority
from quarterdeck.observe.sampling.rules import evidence
from quarterdeck.observe.sampling.strata import cell_name, in_window, stratum_of, unknown_parts, without_window


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"status": "error"}, "error"),
        ({"outcome": "failed"}, "error"),
        ({"lifecycle": "lost", "status": "unknown"}, "error"),
        ({"status": "error", "error_class": "guardrail_block"}, "error"),
        ({"flags": ("guardrail",)}, "guardrail"),
        ({"outcome": "Thumbs-Down"}, "negative_feedback"),
        ({"flags": ("negative_feedback",)}, "negative_feedback"),
        ({"flags": ("budget_breach",)}, "budget_breach"),
        ({"run_id": "in-alert"}, "alert"),
        ({"outcome": "success"}, None),
        ({"flags": ("sampled", "loop")}, None),
    ],
)
def test_the_first_rule_that_holds_is_the_reason(changes: dict, rule: str | None) -> None:
    assert evidence(run(1, **changes), KEEP_RULES, {"in-alert"}) == rule


def test_only_rules_that_are_asked_for_hold() -> None:
    assert evidence(run(1, status="error"), ("guardrail",)) is None


def test_a_session_is_the_sum_of_its_runs() -> None:
    runs = [
        run(1, session_id="s", started_at_ns=START_NS + 5, agent="helper", last_seen_ns=START_NS + 9 * SECOND),
        run(2, session_id="s", started_at_ns=START_NS, status="error"),
        run(3, session_id="s", started_at_ns=START_NS + 7, lifecycle="waiting", ended_at_ns=None),
    ]
    found = facts_of(runs, KEEP_RULES)
    assert (found.session_key, found.runs, found.live, found.evidence) == ("s", 3, True, "error")
    assert found.stratum == "refund|support|1|v7|gpt|acme", "the first run names the stratum"
    assert found.last_seen_ns == START_NS + 9 * SECOND
    assert (found.cost_usd, found.tokens, found.text_bytes) == (pytest.approx(0.03), 360, 1440)


def test_a_run_without_a_session_is_one() -> None:
    assert [s.session_key for s in sessions_of([run(2), run(1)], SamplingOptions())] == ["r1", "r2"]


def test_unknown_parts_are_named_and_counted() -> None:
    lost = run(1, tenant=None, prompt_version="")
    assert stratum_of(lost) == "refund|support|1|unknown|gpt|unknown"
    assert unknown_parts(lost) == ("prompt_version", "tenant")


def test_a_part_cannot_run_into_its_neighbour() -> None:
    assert stratum_of(run(1, task_class="a|b", agent="c")) != stratum_of(run(1, task_class="a", agent="b|c"))


def test_a_decision_says_its_window() -> None:
    name = cell_name(WINDOW, 3600, "a|b")
    assert name.startswith("2027-01-15T")
    assert without_window(name) == "a|b"
    assert in_window(name, WINDOW, 3600)
    assert not in_window(name, WINDOW + 1, 3600)


def test_places_are_uniform_keyed_and_independent_by_draw() -> None:
    places = [priority(KEY, "p", f"s{n}") for n in range(4000)]
    assert all(0 < place < 1 for place in places)
    assert sum(places) / 4000 == pytest.approx(0.5, abs=0.02)
    assert priority(b"other", "p", "s1") != places[1]
    assert priority(KEY, "q", "s1") != places[1]
    assert priority(KEY, "p", "s1", draw="search") != places[1]
