"""Random conversations: no plan is over the window, parts an atom, loses a pin or a token. `make torture` plays 100,000."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from random import Random

import pytest

from quarterdeck.control.budget import ContextBudget, ContextPlan, Segment
from quarterdeck.errors import ContextOverflow

WORDS = [
    "order",
    "item",
    "refund",
    "the",
    "customer",
    "path",
    "src/a.py",
    "#W12345",
    "mail@example.org",
    "4410118",
    "yes",
    "no",
    "error",
    "パリ",
    "data",
]


def text(chance: Random, longest: int) -> str:
    size = int(2 ** chance.uniform(0, longest))
    return " ".join(chance.choices(WORDS, k=size))


def exchange(chance: Random, n: int, longest: int) -> list[Segment]:
    """A user's message, or a call with its results (one to three, one atom), or the agent's words."""
    kind = chance.random()
    pin = True if chance.random() < 0.02 else None
    if kind < 0.3:
        return [Segment(f"u{n}", "history", text(chance, longest), role="user", pin=pin)]
    if kind < 0.5:
        return [Segment(f"a{n}", "history", text(chance, longest), role="assistant", pin=pin)]
    calls = chance.randint(1, 3)
    names = [chance.choice(("read", "search", "get_order")) for _ in range(calls)]
    call = Segment(f"c{n}", "history", json.dumps(names), role="assistant", atom=f"atom{n}")
    results = [
        Segment(
            f"r{n}.{m}",
            "tool_result",
            text(chance, longest + 3),
            role="tool",
            atom=f"atom{n}",
            tool=name,
            arguments=json.dumps({"id": chance.randint(1, 9)}),
            failed=chance.random() < 0.1,
            pin=pin,
            floor=chance.choice((0, 0, 0, 20)),
        )
        for m, name in enumerate(names)
    ]
    return [call, *results]


def retrieved(chance: Random, turn: int) -> list[Segment]:
    return [
        Segment(f"d{turn}.{n}", "retrieved", text(chance, 6), relevance=chance.random())
        for n in range(chance.choice((0, 0, 5, 20)))
    ]


def check(plan: ContextPlan, segments: Sequence[Segment]) -> None:
    """Never over the window; each token somebody's; no pin lost; no atom parted; the order of the history kept."""
    assert plan.tokens <= plan.limit
    assert sum(plan.consumers.values()) == plan.tokens
    assert plan.cached + plan.written <= plan.tokens
    assert plan.cached >= 0
    there = {one.segment.id for one in plan.placed}
    for segment in segments:
        if segment.pinned:
            assert [one.form for one in plan.placed if one.segment.id == segment.id] == ["full"]
    for atom in {segment.atom for segment in segments if segment.atom}:
        members = {segment.id for segment in segments if segment.atom == atom}
        assert members <= there or not members & there
    order = {segment.id: n for n, segment in enumerate(segments)}
    history = [
        order[one.segment.id]
        for one in plan.placed
        if one.segment.kind in ("history", "tool_result") and one.segment.id in order
    ]
    assert history == sorted(history)
    told = {cut.id for cut in plan.cuts}
    assert {segment.id for segment in segments} == {one.segment.id for one in plan.placed if one.form == "full"} | told
    for one in plan.placed:
        assert one.tokens >= min(one.segment.floor, 1)
    if there and "left-out" in there:
        first = next(one for one in plan.placed if one.segment.kind in ("history", "tool_result"))
        assert first.segment.role == "user"


def play(seed: int, turns: int = 12) -> tuple[int, int]:
    """One conversation from `seed`: how many plans were made, and how many turns could not fit."""
    chance = Random(seed)
    window = int(2 ** chance.uniform(7, 14))
    budget = ContextBudget(
        window=window, soft=chance.choice((0.5, 0.7, 1.0)), tool_result_cap=chance.choice((50, 500, 5_000))
    )
    segments = [Segment("system", "system", text(chance, 5))]
    if chance.random() < 0.5:
        segments.append(Segment("task", "task", text(chance, 4), role="user"))
    plans = overflows = 0
    for turn in range(chance.randint(1, turns)):
        for n in range(chance.choice((1, 2, 8))):
            segments.extend(exchange(chance, 100 * turn + n, chance.choice((2, 5, 8))))
        world = [Segment("world", "world", text(chance, 3))] if chance.random() < 0.3 else []
        given = [*segments, *world, *retrieved(chance, turn)]
        try:
            plan = budget.fit(given)
        except ContextOverflow as error:
            overflows += error.tokens > error.limit
        else:
            check(plan, given)
            plans += 1
    return plans, overflows


BLOCKS = 8
HISTORIES = int(os.environ.get("QUARTERDECK_HISTORIES", "2000"))


@pytest.mark.parametrize("block", range(BLOCKS))
def test_no_random_history_makes_a_bad_plan(block: int) -> None:
    each = HISTORIES // BLOCKS
    plans, overflows = map(sum, zip(*(play(seed) for seed in range(block * each, (block + 1) * each)), strict=True))
    assert plans > overflows > 0, "most must fit, and some must not, or nothing was tried"
