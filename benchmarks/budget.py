"""What goes into the window: our budget beside LangChain's and LlamaIndex's policies on recorded and made-up runs, and counting.

    python benchmarks/budget.py [--part short|long|agent|counting] [--runs N]

*short*: recorded customer-service runs, one conversation each, windows of 2k, 4k and 8k. *long*: the same put end on end behind
4,500 tokens of instructions, windows of 16k and 40k. *agent*: a made-up tool agent of 439 calls with a ceiling of 40k. All
policies see the same runs in one process; costs are in tokens that were not in the cache (read 0.1, write 1.25). Peers are
installed from budget_peers.txt into var/peers/budget. Prints one JSON document; progress goes to stderr. About 15 minutes.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from budget_peers import PEERS, use_peers
from quarterdeck.control.budget.prices import CachePrices
from quarterdeck.control.budget.replay.join import joined
from quarterdeck.control.budget.replay.policies import POLICIES
from quarterdeck.control.budget.replay.policy import MakePolicy, Room
from quarterdeck.control.budget.replay.read import trajectory_of
from quarterdeck.control.budget.replay.replay import Turn, calls_of, replay, report
from quarterdeck.control.budget.replay.said import Prompt, Said, Trajectory
from quarterdeck.light.budget_replay import count_tokens, read_trajectories

DATA = Path(os.environ.get("QUARTERDECK_DATA", Path(__file__).parents[2] / "shared/data"))
RECORDED = DATA / "tau2_retail_runs/dev/trajectories.jsonl.zst"
HEAD = 4_500
"""Tokens of instructions and tools: the middle of what the recorded runs sent."""
PRICES = CachePrices()
COST_BAR = 1.05
MS_BAR = 0.2
SLIDING = "trim_messages, exact counts"
"""As documented and with exact counts: the one that keeps to the window."""
OURS = "quarterdeck"
KEPT = "keep_everything"


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def policies() -> dict[str, MakePolicy]:
    ours = {name: POLICIES[name] for name in (OURS, KEPT, "evict_half", "last_n")}
    return ours | PEERS


def measure(runs: Sequence[Trajectory], window: int) -> dict[str, Any]:
    """Every policy on the same runs; ours on two halves as well."""
    room, rows, parts = Room(window, count_tokens), {}, {}
    for name, make in policies().items():
        began = perf_counter()
        turns = [replay(run, make, room, perf_counter, PRICES) for run in runs]
        size = context(turns)
        rows[name] = report(name, turns) | {
            "context_per_turn": size,
            "recall_of_valid": recall_of_valid(turns),
            "floor_at_own_context": PRICES.read * size + PRICES.write * new_tokens(runs, window),
        }
        if name in (OURS, SLIDING):
            parts[name] = [report(name, half) for half in (turns[::2], turns[1::2])]
        say(f"  {window:,} {name}: {perf_counter() - began:.1f} s")
    plain = [replay(run, InFull, room, perf_counter, PRICES) for run in runs]
    rows[OURS]["recall_in_full"] = report("", plain)["reference_recall"]
    return {
        "window": window,
        "runs": len(runs),
        "rows": list(rows.values()),
        "bars": bars(rows),
        "ours_by_half": parts[OURS],
        "sliding_by_half": parts[SLIDING],
    }


def context(turns: Iterable[Sequence[Turn]]) -> float:
    sizes = [turn.tokens for run in turns for turn in run]
    return sum(sizes) / max(len(sizes), 1)


def new_tokens(runs: Sequence[Trajectory], window: int) -> float:
    """What was said between two calls, of the mean call."""
    found: list[int] = []
    for run in runs:
        seen = 0
        for at in calls_of(run.said):
            found.append(min(window, sum(one.tokens for one in run.said[seen:at])))
            seen = at
    return sum(found) / max(len(found), 1)


class InFull:
    """Ours without what it shows shortened: for the part of its recall that stubs and names carry."""

    def __init__(self, room: Room) -> None:
        self.ours = POLICIES[OURS](room)

    def prompt(self, so_far: Sequence[Said]) -> Prompt:
        return [one for one in self.ours.prompt(so_far) if one.of >= 0 and one.text == so_far[one.of].text]


def recall_of_valid(turns: Iterable[Sequence[Turn]]) -> float | None:
    """A prompt that a provider refuses shows nothing: a policy that does not cut recalls all, over the window."""
    every = [turn for run in turns for turn in run]
    wanted = sum(turn.wanted for turn in every)
    return sum(turn.found for turn in every if turn.fault is None) / wanted if wanted else None


def bars(rows: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Ours beside what it must reach. Of peers what counts is what they recall with prompts that a provider takes."""
    ours, sliding = rows[OURS], rows[SLIDING]
    best = max(PEERS, key=lambda name: rows[name]["recall_of_valid"] or 0)
    half = 1 - (1 - sliding["reference_recall"]) / 2
    return {
        "cost_over_floor": ours["cost_per_turn"] / ours["floor_per_turn"],
        "cost_holds": ours["cost_per_turn"] <= COST_BAR * ours["floor_per_turn"],
        "recall": ours["reference_recall"],
        "half_of_the_gap": half,
        "best_peer": [best, rows[best]["recall_of_valid"], rows[best]["invalid_prompts"]],
        "recall_holds": ours["reference_recall"] >= max(half, rows[best]["recall_of_valid"]),
        "invalid_holds": ours["invalid_prompts"] == 0 and ours["pins_lost"] == 0,
        "ms_holds": ours["ms_per_turn_p50"] <= MS_BAR,
    }


def short(runs: int) -> list[dict[str, Any]]:
    every = list(read_trajectories(RECORDED))
    chosen = every[:: max(1, len(every) // runs)]
    return [measure(chosen, window) for window in (2_000, 4_000, 8_000)]


def long(runs: int) -> list[dict[str, Any]]:
    every = list(read_trajectories(RECORDED, HEAD))
    found = []
    for window, tokens in ((16_000, 40_000), (40_000, 80_000)):
        whole = list(joined(every, tokens))
        found.append(measure(whole[:: max(1, len(whole) // runs)], window))
    return found


def tool_agent(calls: int = 439, seed: int = 7) -> Trajectory:
    """A made-up agent that reads, edits and looks up for one person after the other: 880 tokens a call, every tenth from the
    user. Three of the user's messages are pinned. A call refers to something that came up 1 to some hundred calls before."""
    rng = np.random.default_rng(seed)
    known = [f"src/part_{n:03}.py" for n in range(8)]
    messages: list[dict[str, Any]] = [{"role": "system", "content": "You maintain a code base.", "tokens": 2_000}]
    for at in range(calls):
        if at % 10 == 0:
            pin = at in (0, 50, 200)
            text = f"Never touch /etc/secret_{at}.conf. " if pin else ""
            text += f"Next: {known[-1 - int(rng.geometric(0.08)) % len(known)]}. " + "please " * 10
            messages.append({"role": "user", "content": text, "tokens": 60, "pin": pin})
        target = known[-1 - min(int(rng.geometric(0.05)) - 1, len(known) - 1)]
        arguments = json.dumps(
            {"path": target, "ticket": f"T{1_000_000 + at}"} if rng.random() < 0.2 else {"path": target}
        )
        body = {"name": str(rng.choice(["read", "edit", "grep"])), "arguments": arguments}
        messages.append(
            {"role": "assistant", "content": "", "tokens": 90, "tool_calls": [{"id": f"c{at}", "function": body}]}
        )
        if rng.random() < 0.6:
            known.append(f"src/part_{len(known):03}.py")
        size = int(np.clip(np.exp(rng.normal(6.4, 0.7)), 40, 4_800))
        seen = " ".join(known[-1 - int(rng.integers(0, min(len(known), 12)))] for _ in range(3))
        text = f"{target}: {seen} {known[-1]} " + "line of code, " * (size // 4)
        messages.append({"role": "tool", "tool_call_id": f"c{at}", "content": text, "tokens": size})
    messages.append({"role": "assistant", "content": "Done.", "tokens": 5})
    return trajectory_of({"messages": messages}, "agent", count_tokens)


def agent(runs: int) -> list[dict[str, Any]]:
    return [measure([tool_agent(seed=seed) for seed in range(min(runs, 4))], 40_000)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", choices=["short", "long", "agent", "counting"])
    parser.add_argument("--runs", type=int, default=0, help="recorded runs; 0: 400 short, 12 long, 4 made up")
    given = parser.parse_args()
    use_peers()
    found: dict[str, Any] = {}
    for name, part, runs in (("short", short, 400), ("long", long, 12), ("agent", agent, 4)):
        if given.part in (None, name):
            if name != "agent" and not RECORDED.exists():
                say(f"{RECORDED} is not there: {name} is left out")
                continue
            say(name)
            found[name] = part(given.runs or runs)
    if given.part in (None, "counting"):
        from budget_counting import counting

        say("counting")
        found["counting"] = counting(RECORDED)
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
