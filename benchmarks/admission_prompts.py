"""How large prompts are, before they are sent: admission's own guess beside the counter of context budgets, on recorded calls.

    python benchmarks/admission_prompts.py [--runs 300]

Calls of tau2_retail_runs (dev), in file order: the messages that a caller has in hand, and what the provider counted, with a system prompt and
tools that the caller does not see. Both learn from every answer; errors are told from a model's 21st call on. The hot
path is a guess and what is learned from its answer. Prints one JSON document.
"""

from __future__ import annotations

import argparse
import io
import json
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import zstandard

from estimate_data import DATA
from quarterdeck.control.admit.size import CHARACTERS_PER_TOKEN, Prompt, PromptSize, characters_of
from quarterdeck.control.budget.counting.counter import TokenCounter

WARM = 20
KEPT = ("role", "content", "tool_calls")


def calls(runs: int) -> Iterator[tuple[str, list[dict[str, Any]], float]]:
    """(model, messages, tokens the provider counted)."""
    path = DATA / "tau2_retail_runs/dev/trajectories.jsonl.zst"
    with path.open("rb") as raw, zstandard.ZstdDecompressor().stream_reader(raw) as packed:
        for at, line in enumerate(io.TextIOWrapper(packed, encoding="utf-8")):
            if at >= runs:
                return
            run = json.loads(line)
            history: list[dict[str, Any]] = []
            for message in run["messages"]:
                counted = (message.get("usage") or {}).get("prompt_tokens")
                if message.get("role") == "assistant" and counted:
                    yield run["agent_model"] or "unknown", list(history), float(counted)
                history.append({key: message[key] for key in KEPT if message.get(key)})


def own() -> Callable[[str, list[dict[str, Any]], float], float]:
    size = PromptSize()

    def ask(model: str, messages: list[dict[str, Any]], counted: float) -> float:
        prompt = Prompt(model, "", *characters_of(messages))
        told = size.tokens(prompt)
        size.learn(prompt, counted)
        return told

    return ask


def counter() -> Callable[[str, list[dict[str, Any]], float], float]:
    tokens = TokenCounter()

    def ask(model: str, messages: list[dict[str, Any]], counted: float) -> float:
        features = tokens.features(messages)
        told = tokens.count_features(model, features)
        tokens.learn(model, features, counted)
        return float(told)

    return ask


def plain(model: str, messages: list[dict[str, Any]], counted: float) -> float:
    del model, counted
    return characters_of(messages)[0] / CHARACTERS_PER_TOKEN


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=300)
    given = parser.parse_args()
    sides = {"admission": own(), "counter": counter(), "characters / 4": plain}
    off: dict[str, dict[str, list[float]]] = {name: defaultdict(list) for name in sides}
    took: dict[str, list[float]] = {name: [] for name in sides}
    for model, messages, counted in calls(given.runs):
        for name, ask in sides.items():
            before = time.perf_counter_ns()
            told = ask(model, messages, counted)
            took[name].append((time.perf_counter_ns() - before) / 1e3)
            off[name][model].append(abs(told - counted) / counted)
    found = {}
    for name in sides:
        late = [error for errors in off[name].values() for error in errors[WARM:]]
        found[name] = {
            "error_p50": round(float(np.quantile(late, 0.5)), 4),
            "error_p95": round(float(np.quantile(late, 0.95)), 4),
            "us_p50": round(float(np.median(took[name])), 1),
            "us_p99": round(float(np.quantile(took[name], 0.99)), 1),
        }
    print(
        json.dumps({"what": "input tokens of recorded calls", "calls": len(took["counter"]), "sides": found}, indent=2)
    )


if __name__ == "__main__":
    main()
