"""A policy on recorded runs: before each recorded model call it makes the prompt; costs, losses and faults are counted.

The clock is an argument. Refuses: telling a policy what comes later, and a figure where nothing could be counted (None).
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from quarterdeck.control.budget.prices import CachePrices
from quarterdeck.control.budget.replay.cost import cached_tokens, floor_cost, prompt_cost
from quarterdeck.control.budget.replay.policy import MakePolicy, Policy, Room
from quarterdeck.control.budget.replay.recall import found, needs_of
from quarterdeck.control.budget.replay.said import Prompt, Said, Trajectory
from quarterdeck.control.budget.replay.valid import why_invalid


class Turn(NamedTuple):
    """One model call. `lost`: indexes of pins that the prompt lacks; `faults`: why a provider would refuse it."""

    cost: float
    floor: float
    cached: int
    tokens: int
    wanted: int
    found: int
    lost: tuple[int, ...]
    fault: str | None
    seconds: float


def replay(trajectory: Trajectory, make: MakePolicy, room: Room, clock: Callable[[], float], prices: CachePrices) -> list[Turn]:  # fmt: skip
    """The turns of one run. `clock`: seconds, any zero."""
    policy, turns, before, seen = make(room), [], Prompt(), 0
    said = trajectory.said
    by_index = {one.index: one for one in said}
    totals = [0]
    for one in said:
        totals.append(totals[-1] + one.tokens)
    for at in calls_of(said):
        so_far = said[:at]
        began = clock()
        prompt = policy.prompt(so_far)
        seconds = clock() - began
        cached, tokens = cached_tokens(before, prompt), sum(one.tokens for one in prompt)
        needs = needs_of(said, at)
        shown = {one.of: one.text for one in prompt}
        turns.append(
            Turn(
                prompt_cost(cached, tokens, prices),
                floor_cost(totals[at], totals[at] - totals[seen], room.window, prices),
                cached, tokens, len(needs), found(needs, prompt),
                tuple(one.index for one in so_far if one.pin and shown.get(one.index) != one.text),
                why_invalid(prompt, by_index, room.window),
                seconds,
            )
        )  # fmt: skip
        before, seen = prompt, at
    return turns


def calls_of(said: Sequence[Said]) -> list[int]:
    """Where a model was called: every assistant's message that something other than instructions precedes."""
    heads = next((at for at, one in enumerate(said) if one.role != "system"), len(said))
    return [at for at, one in enumerate(said) if one.role == "assistant" and at > heads]


def report(policy: str, runs: Iterable[Sequence[Turn]]) -> dict[str, Any]:
    """The figures over all turns of all runs. A pin lost for several turns of a run is one."""
    kept = [list(run) for run in runs]
    turns = [turn for run in kept for turn in run]
    wanted, tokens = sum(turn.wanted for turn in turns), sum(turn.tokens for turn in turns)
    return {
        "policy": policy,
        "turns": len(turns),
        "cost_per_turn": sum(turn.cost for turn in turns) / len(turns) if turns else None,
        "floor_per_turn": sum(turn.floor for turn in turns) / len(turns) if turns else None,
        "cache_hit_rate": sum(turn.cached for turn in turns) / tokens if tokens else None,
        "invalid_prompts": sum(turn.fault is not None for turn in turns),
        "pins_lost": sum(len({pin for turn in run for pin in turn.lost}) for run in kept),
        "reference_recall": sum(turn.found for turn in turns) / wanted if wanted else None,
        "ms_per_turn_p50": 1e3 * statistics.median(turn.seconds for turn in turns) if turns else None,
    }


__all__ = ["MakePolicy", "Policy", "Turn", "calls_of", "replay", "report"]
