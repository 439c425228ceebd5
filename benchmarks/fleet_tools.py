"""One tool fails eight times as often with one prompt version: is that slice named first, and how soon?

Four agents with three prompt versions each that run side by side, six tools, three to five calls a run, 2 % of calls fail:
20 runs a second, as many as 1,000 agents at work make. After 40 minutes the calls of `search` under `v2` fail in 16 %.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from fleet_deck import STARTED_NS, opened
from fleet_load import Call, Told, batches, model_call, request_of, tool_call

A_SECOND = 20.0
BEFORE_S = {False: 2_400.0, True: 300.0}
AFTER_S = 900.0
TOOLS = ("search", "lookup", "write", "mail", "pay", "note")
TOOL_SHARE = (0.3, 0.25, 0.15, 0.1, 0.1, 0.1)
VERSIONS, VERSION_SHARE = ("v1", "v2", "v3"), (0.5, 0.3, 0.2)
USUAL, WORSE = 0.02, 0.16
NAMED = {"tool": "search", "prompt_version": "v2"}
REPEATS = {False: 5, True: 1}


def tool_errors(short: bool) -> dict[str, Any]:
    found = [_one(short, seed) for seed in range(REPEATS[short])]
    told = [one for one in found if one["told"]]
    return {
        "repeats": len(found),
        "told_within_15_min": len(told),
        "first_alert_names_it": sum(one["first_names_it"] for one in found),
        "minutes_most": max((one["minutes"] for one in told), default=None),
        "false_alerts": sum(len(one["others"]) for one in found),
        "bar": "named first, within 15 minutes of fleet traffic",
        "found": found,
    }


def _one(short: bool, seed: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="fleet-tools-") as folder, opened(Path(folder) / "data") as deck:
        for group in batches(traffic(seed, BEFORE_S[short]), 600):
            deck.send(request_of(group, STARTED_NS), len(group))
            deck.look(STARTED_NS + int(group[-1].ended_s * 1e9))
            fired = [one for one in deck.alerts() if one["fired_at"] is not None]
            print(f"  {group[-1].ended_s:.0f} s", [one["title"] for one in fired], file=sys.stderr, flush=True)
            if any(names(one) for one in fired):
                break
        return _judged(fired, group[-1].ended_s - BEFORE_S[short])


def _judged(fired: list[dict[str, Any]], after_s: float) -> dict[str, Any]:
    named = [one for one in fired if names(one)]
    return {
        "told": bool(named),
        "first_names_it": bool(fired) and names(fired[0]),
        "minutes": round(after_s / 60, 1),
        "titles": [one["title"] for one in named],
        "others": [one["title"] for one in fired if one not in named],
    }


def names(alert: dict[str, Any]) -> bool:
    """Whether its slice is this tool under this prompt."""
    return bool(alert["where"].items() >= NAMED.items())


def traffic(seed: int, changes_at_s: float) -> Iterator[Told]:
    """Runs in the order of their ends."""
    chance = np.random.default_rng(seed)
    runs = int((changes_at_s + AFTER_S) * A_SECOND)
    started = np.sort(chance.uniform(0, changes_at_s + AFTER_S, runs))
    ended = started + chance.lognormal(2.5, 0.4, runs)
    for number in np.argsort(ended):
        version = str(chance.choice(VERSIONS, p=VERSION_SHARE))
        worse = started[number] >= changes_at_s and version == "v2"
        calls = [_tool(chance, worse=worse) for _ in range(chance.integers(3, 6))]
        yield Told(
            run_id=f"tools-{seed}-{number}",
            agent=f"agent-{chance.integers(4)}",
            started_s=float(started[number]),
            ended_s=float(ended[number]),
            identity={"quarterdeck.prompt.version": version},
            root={"quarterdeck.outcome": "failure" if chance.random() < 0.1 else "success"},
            calls=[Call(model_call("gpt-4.1-mini", int(chance.lognormal(8, 0.3)), 80)), *calls],
        )


def _tool(chance: np.random.Generator, *, worse: bool) -> Call:
    tool = str(chance.choice(TOOLS, p=TOOL_SHARE))
    rate = WORSE if worse and tool == NAMED["tool"] else USUAL
    return Call(tool_call(tool), "tool_error" if chance.random() < rate else None)
