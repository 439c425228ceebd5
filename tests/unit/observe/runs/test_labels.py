"""What can be no label, and the budget of those that can."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from tests.unit.observe.sampling.sessions import run

from quarterdeck.model.runs import Run
from quarterdeck.observe.runs.cardinality import FLAG, LabelBook
from quarterdeck.observe.runs.label_options import LabelOptions
from quarterdeck.observe.runs.labels import OTHER, refusal
from quarterdeck.store.interface import COHORT_KEYS, FacetCount


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("9b2f0c1e-7a3d-4c5b-8e6f-0a1b2c3d4e5f", "uuid"),
        ("agent-9b2f0c1e-7a3d-4c5b-8e6f-0a1b2c3d4e5f", "uuid"),
        ("4bf92f3577b34da6a3ce929d0e0e4736", "hex"),
        ("session_00f067aa0ba902b7", "hex"),
        ("1764000000000", "digits"),
        ("job-20261124101533", "digits"),
        ("asst_5hF7kQ2mXb9LzR4tVw8Yc1Nd", "random"),
        ("01HZY3V9K2QX8B7M4N5P6R7S8T", "random"),
        ("clh3am8hi0000qwer9z8y7x6w", "random"),
        ("ana@example.org", "email"),
        ("What is the status of my order and when will it arrive", "free_text"),
        ("two\nlines", "free_text"),
        ("x" * 129, "long"),
    ],
)
def test_ids_and_free_text_are_told_by_their_looks(value: str, reason: str) -> None:
    assert refusal(value) == reason


@pytest.mark.parametrize(
    "value",
    [
        "support-agent", "SupportAgentForRefundsAndReturns", "user_simulator", "claude-3-5-sonnet-20241022/tau2",
        "claude-sonnet-4-5-20250929", "gpt-4.1-2025-04-14", "us.anthropic.claude-sonnet-4-20250514-v1:0",
        "accounts/fireworks/models/llama-v3p1-405b-instruct", "Qwen2.5-72B-Instruct-AWQ", "ft:gpt-4o-2024-08-06:acme",
        "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-3-7-sonnet-20250219-v1:0",
        "v2.14.0-rc.1+build.77", "production", "eu-west-1", "customer support, second line", "Ünïcode – Kundendienst",
        "gpt4turbopreview20240409", "refund", "prompt v7 (short)", "ChatCompletionsAgentV2", "invoke_agent triage",
    ],
)  # fmt: skip
def test_names_are_labels(value: str) -> None:
    assert refusal(value) is None


def book(known: dict[str, Sequence[FacetCount]] | None = None, /, **options: object) -> LabelBook:
    return LabelBook(LabelOptions(**options), lambda _project: known or {})


def label(found: LabelBook, name: str, project: str = "default"):
    return next(now for now in found.now(project) if now.label == name)


def tenants(runs: Sequence[Run]) -> list[str | None]:
    return [r.tenant for r in runs]


def test_beyond_the_budget_values_are_other_and_counted_with_an_example() -> None:
    found = book(values_max=3)
    capped = found.cap_labels([run(n, tenant=f"t{n % 5}") for n in range(50)])
    assert set(tenants(capped)) == {"t0", "t1", "t2", OTHER}
    assert {FLAG in r.flags for r in capped if r.tenant == OTHER} == {True}
    assert {FLAG in r.flags for r in capped if r.tenant != OTHER} == {False}
    now = label(found, "tenant")
    assert (now.admitted, now.capacity, now.refused["cap"].runs, now.refused["cap"].example) == (3, 3, 20, "t3")
    assert now.distinct == pytest.approx(5, abs=0.1)


def test_an_id_is_other_and_its_run_keeps_all_else() -> None:
    [capped] = book().cap_labels([run(1, tenant="9b2f0c1e-7a3d-4c5b-8e6f-0a1b2c3d4e5f")])
    assert capped == replace(run(1), tenant=OTHER, flags=(FLAG,))


def test_versions_may_be_hashes_and_other_labels_where_told() -> None:
    digest = "4bf92f3577b34da6a3ce929d0e0e4736"
    [capped] = book().cap_labels([run(1, prompt_version=digest, agent_version=digest)])
    assert (capped.prompt_version, capped.agent_version) == (digest, digest)
    [named] = book(may_be_ids=("tenant",)).cap_labels([run(1, tenant=digest, agent_version=digest)])
    assert (named.tenant, named.agent_version) == (digest, OTHER)


def test_unknown_stays_unknown() -> None:
    [capped] = book(values_max=1).cap_labels([run(1, tenant=None)])
    assert capped.tenant is None


def test_a_run_that_is_settled_often_counts_once_and_when_it_is_over() -> None:
    found = book()
    found.cap_labels([run(1, lifecycle="running")])
    assert label(found, "agent").top == []
    for _ in range(3):
        found.cap_labels([run(1)])
    assert [(v.value, v.runs_low, v.runs_high) for v in label(found, "agent").top] == [("support", 1, 1)]


def test_what_the_store_knows_is_let_in_before_all_others() -> None:
    """After a restart the same values stand for themselves."""
    known = {"tenant": [FacetCount("old", 7), FacetCount(None, 3), FacetCount(OTHER, 2)]}
    found = book(known, values_max=2)
    assert tenants(found.cap_labels([run(1, tenant="new"), run(2, tenant="newer"), run(3, tenant="old")])) == [
        "new",
        OTHER,
        "old",
    ]
    assert next((v.value, v.runs_low) for v in label(found, "tenant").top) == ("old", 8)


def test_projects_have_budgets_of_their_own() -> None:
    found = book(values_max=1)
    assert tenants(found.cap_labels([run(1, tenant="a"), run(2, tenant="b", project="p")])) == ["a", "b"]


def test_rows_of_a_rollup_cannot_explode() -> None:
    """Ten thousand values in each label: what is left is bounded by the budget."""
    found = book(values_max=20)
    runs = [run(n, **dict.fromkeys(COHORT_KEYS, f"v{n}")) for n in range(10_000)]
    capped = found.cap_labels(runs)
    assert all(len({getattr(r, name) for r in capped}) == 21 for name in COHORT_KEYS)
    now = label(found, "agent")
    assert now.distinct_low <= 10_000 <= now.distinct_high
    assert found.limits()[0].current == found.limits()[0].capacity == 20


def test_sketches_outlive_a_restart() -> None:
    first = book(values_max=2)
    first.cap_labels([run(n, tenant=f"t{n}") for n in range(100)])
    second = LabelBook(LabelOptions(values_max=2), lambda _p: {"tenant": [FacetCount("t0", 1), FacetCount("t1", 1)]})
    assert second.load(first.dump())
    before, after = label(first, "tenant"), label(second, "tenant")
    assert after.refused == before.refused
    assert after.distinct == pytest.approx(before.distinct, rel=1e-6)
    assert sum(v.runs_low for v in after.top) == sum(v.runs_low for v in before.top)


def test_a_dump_keeps_projects_that_were_not_asked_for_yet() -> None:
    first = book()
    first.cap_labels([run(1, project="p")])
    second = book()
    assert second.load(first.dump())
    second.cap_labels([run(2)])
    third = book()
    assert third.load(second.dump())
    assert [v.value for v in label(third, "agent", "p").top] == ["support"]


@pytest.mark.parametrize("text", [b"", b"{}", b"[]", b'{"format": 9, "projects": {}}', b'{"format":1,"projects":{"p":{"agent":{}}}}',
                                  b'{"format":1,"projects":{"p":{"agent":{"distinct":"AAAA","top":"AAAA","refused":{}}}}}'])  # fmt: skip
def test_a_dump_that_cannot_be_read_is_left_aside(text: bytes) -> None:
    found = book()
    assert not found.load(text)
    assert tenants(found.cap_labels([run(1)])) == ["acme"]
