"""Where it got worse: the slice that explains it, as narrow as the evidence, and none for a uniform rise."""

from __future__ import annotations

import numpy as np
import pytest

from quarterdeck.observe.signals.localise import SLICES_MAX, localise
from quarterdeck.observe.signals.tool_items import tool_items, tool_normals

SIZES = {"d0": 2, "d1": 5, "d2": 6, "d3": 7, "d4": 8}
"""Five attributes: 28 values and 299 pairs, 327 slices."""


def drawn(rng: np.random.Generator, n: int) -> dict[str, np.ndarray]:
    return {name: rng.integers(size, size=n) for name, size in SIZES.items()}


def texts(columns: dict[str, np.ndarray]) -> dict[str, list[str]]:
    return {name: [str(value) for value in values] for name, values in columns.items()}


@pytest.mark.parametrize(("factor", "n"), [(1.3, 4_000), (1.5, 4_000), (2.0, 1_000), (6.0, 3_000)])
def test_a_uniform_rise_names_no_slice(factor: float, n: int) -> None:
    rng = np.random.default_rng(int(factor * 10))
    for _ in range(12):
        found = localise(rng.random(n) < 0.1 * factor, 0.1, texts(drawn(rng, n)))
        assert found[0].where == ()
        assert found[0].n == n


def _named(rng: np.random.Generator, ways: int) -> bool:
    """Items come in hundreds until the strongest slice reaches log(12,000); is it the one that changed, at the top?"""
    chosen = rng.choice(list(SIZES), ways, replace=False)
    bad = {name: int(rng.integers(SIZES[name])) for name in chosen}
    columns, x = drawn(rng, 0), np.zeros(0)
    while True:
        new = drawn(rng, 100 * ways)
        hit = np.all([new[name] == value for name, value in bad.items()], axis=0)
        x = np.append(x, rng.random(100 * ways) < np.where(hit, 0.30, 0.10))
        columns = {name: np.append(columns[name], new[name]) for name in SIZES}
        found = localise(x, 0.10, texts(columns))
        if max(one.score for one in found) >= np.log(12_000):
            return dict(found[0].where) == {name: str(value) for name, value in bad.items()}


@pytest.mark.parametrize("ways", [1, 2])
def test_a_single_slice_is_named_first_at_detection(ways: int) -> None:
    rng = np.random.default_rng(ways)
    assert np.mean([_named(rng, ways) for _ in range(20)]) >= 0.95


def versions(rng: np.random.Generator, n: int) -> dict[str, list[str | None]]:
    """Two agents; the support agent has v6 and v7, which came with a toolset of its own; the other has v1."""
    agent = rng.choice(["support", "research"], n)
    version = np.where(agent == "support", rng.choice(["v6", "v7"], n), "v1")
    return {
        "environment": rng.choice(["production", "staging"], n).tolist(),
        "tenant": [None if one < 0.2 else "acme" for one in rng.random(n)],
        "agent": agent.tolist(),
        "agent_version": ["2.5" if one == "v7" else "2.4" for one in version],
        "prompt_version": version.tolist(),
    }


def test_the_version_that_changed_is_named_and_not_its_agent_nor_what_came_with_it() -> None:
    rng = np.random.default_rng(3)
    columns = versions(rng, 2_000)
    hit = np.array(columns["prompt_version"]) == "v7"
    found = localise(rng.random(2_000) < np.where(hit, 0.31, 0.12), 0.12, columns)
    assert found[0].where == (("prompt_version", "v7"),)
    assert found[0].mean > 0.2 > found[0].expected
    assert (("agent_version", "2.5"),) in [one.where for one in found]
    assert all(len(one.where) < 2 for one in found), "a pair that does not beat its parts is not named"


def test_a_whole_agent_is_named_as_the_agent() -> None:
    rng = np.random.default_rng(4)
    columns = versions(rng, 2_000)
    hit = np.array(columns["agent"]) == "support"
    found = localise(rng.random(2_000) < np.where(hit, 0.24, 0.12), 0.12, columns)
    assert found[0].where == (("agent", "support"),)


def test_unknown_is_a_value_like_others() -> None:
    rng = np.random.default_rng(5)
    columns = versions(rng, 2_000)
    hit = np.array([one is None for one in columns["tenant"]])
    found = localise(rng.random(2_000) < np.where(hit, 0.5, 0.12), 0.12, columns)
    assert found[0].where == (("tenant", None),)


def test_no_change_names_nothing_and_no_items_say_nothing() -> None:
    rng = np.random.default_rng(6)
    found = localise(rng.random(1_000) < 0.1, 0.11, texts(drawn(rng, 1_000)))
    assert [one.where for one in found] == [()]
    assert localise([], 0.1, {"agent": []}) == ()


def _calls(rng: np.random.Generator, n: int, factor: float) -> tuple[list[dict[str, int]], list[dict[str, int]], dict]:
    """Runs with their calls a tool; `search` always fails often; `refund` under v7 fails `factor` times as often."""
    columns = versions(rng, n)
    rates = {"lookup": 0.02, "refund": 0.03, "search": 0.2}
    calls, errors = [], []
    for version in columns["prompt_version"]:
        made = {tool: int(rng.integers(0, 6)) for tool in rates}
        bad = {
            tool: int(rng.binomial(count, rates[tool] * (factor if (tool, version) == ("refund", "v7") else 1)))
            for tool, count in made.items()
        }
        calls.append(made)
        errors.append({tool: count for tool, count in bad.items() if count})
    return calls, errors, columns


def test_eightfold_errors_of_one_tool_under_one_prompt_are_named_as_that() -> None:
    for seed in range(8):
        rng = np.random.default_rng(seed)
        calls, errors, _ = _calls(rng, 600, 1.0)
        normals = tool_normals(calls, errors, tolerance=0.1)
        assert normals["search"] > 5 * normals["lookup"]
        calls, errors, columns = _calls(rng, 240, 8.0)
        items = tool_items(calls, errors, columns, normals=normals, otherwise=0.05)
        found = localise(items.x, items.m, items.attributes, repeats=items.repeats)
        assert dict(found[0].where) == {"tool": "refund", "prompt_version": "v7"}
        assert found[0].n == sum(
            made["refund"] for made, v in zip(calls, columns["prompt_version"], strict=True) if v == "v7"
        )


def test_a_tool_among_those_that_a_run_used_can_be_the_slice() -> None:
    rng = np.random.default_rng(7)
    used = [tuple(tool for tool in ("lookup", "refund", "search") if rng.random() < 0.5) for _ in range(1_500)]
    hit = np.array(["refund" in one for one in used])
    found = localise(
        rng.random(1_500) < np.where(hit, 0.3, 0.1),
        0.1,
        {"tool": used, "agent": rng.choice(["a", "b"], 1_500).tolist()},
    )
    assert found[0].where == (("tool", "refund"),)
    assert found[0].n == hit.sum()


def test_a_change_far_beyond_the_cap_of_a_process_is_still_told_apart() -> None:
    rng = np.random.default_rng(8)
    columns = versions(rng, 4_000)
    hit = np.array(columns["prompt_version"]) == "v7"
    found = localise(rng.random(4_000) < np.where(hit, 0.95, 0.05), 0.05, columns)
    assert found[0].where == (("prompt_version", "v7"),)
    assert found[0].score > 300


def test_at_most_so_many_slices_are_answered_and_shapes_must_agree() -> None:
    rng = np.random.default_rng(9)
    columns = {f"a{k}": [f"v{v % k}" for v in range(4_000)] for k in (2, 3, 4, 5, 6, 8, 10, 15, 50, 200)}
    assert len(localise(np.arange(4_000) % 60 == 0, 0.001, columns)) == SLICES_MAX
    with pytest.raises(ValueError, match="10 values"):
        localise(rng.random(10), 0.1, {"agent": ["a"]})
    with pytest.raises(ValueError, match="repeats"):
        localise(rng.random(10), 0.1, {}, repeats=[1.0])
