"""Prompt hashes that are no version: found, said, and taken back when prompts settle."""

from __future__ import annotations

from quarterdeck.observe.runs.prompt_churn import AGENTS_MAX, FLAG, JUDGED_FROM, WINDOW, PromptChurn

from .spans import one, span


def run(number, version, agent="support"):
    made = one(span("a", "", "agent", 0, 9, agent_name=agent, prompt_version=version))
    return made.__class__(**{name: getattr(made, name) for name in made.__slots__} | {"run_id": f"r{number}"})


def versions(churn, *runs):
    return [found.prompt_version for found in churn.settle(runs)]


def test_a_hash_for_every_run_is_left_out_and_said():
    churn = PromptChurn()
    seen = churn.settle([run(n, f"sha:{n}") for n in range(30)])
    known = [found.prompt_version is not None for found in seen]
    assert known == [True] * (JUDGED_FROM - 1) + [False] * (31 - JUDGED_FROM)
    assert (seen[0].flags, seen[-1].flags) == ((), (FLAG,))


def test_few_versions_stay_and_so_do_those_that_somebody_gave():
    churn = PromptChurn()
    assert versions(churn, *(run(n, f"sha:{n // 10}") for n in range(60)))[-1] == "sha:5"
    assert versions(churn, *(run(n, f"v{n}") for n in range(60)))[-1] == "v59"
    assert versions(churn, *(run(n, None) for n in range(60)))[-1] is None


def test_a_run_that_is_built_often_counts_once():
    churn = PromptChurn()
    assert versions(churn, *(run(1, "sha:x") for _ in range(90)), run(2, "sha:y")) == ["sha:x"] * 90 + ["sha:y"]
    assert versions(churn, *(run(n % 10, f"sha:{n % 10}") for n in range(90)))[-1] == "sha:9"


def test_agents_are_told_apart_and_prompts_may_settle():
    churn = PromptChurn()
    versions(churn, *(run(n, f"sha:{n}") for n in range(WINDOW)))
    assert versions(churn, run(0, "sha:a", "research")) == ["sha:a"]
    assert versions(churn, *(run(100 + n, "sha:same") for n in range(WINDOW)))[-1] == "sha:same"


def test_only_so_many_agents_are_remembered():
    churn = PromptChurn()
    versions(churn, *(run(n, f"sha:{n}") for n in range(WINDOW)))
    churn.settle([run(1, "sha:1", f"agent {n}") for n in range(AGENTS_MAX)])
    assert versions(churn, run(7, "sha:7")) == ["sha:7"]
