"""Counting without a vocabulary: errors after twenty calls on recorded usage and on counted texts, and bytes a second.

On recorded runs nobody sees the instructions and tools that were sent. Ours learns them as a constant; characters by four and
LangChain's count are given the right one, from the first call of each model. Used by benchmarks/budget.py.
"""

from __future__ import annotations

import itertools
import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np

from quarterdeck.control.budget.counting import TokenCounter
from quarterdeck.simulate.histories.files import json_lines

ROOT = Path(__file__).parents[1]
WARM = 20
"""Calls of a model from which on errors count."""
CHUNK = 6_000
Errors = dict[str, list[float]]


def counting(recorded: Path) -> dict[str, Any]:
    runs = [run for _, run in json_lines(recorded)] if recorded.exists() else []
    return {
        "recorded": {model: _summary(errors) for model, errors in _recorded(runs).items()},
        "texts": {kind: _summary(errors) for kind, errors in _texts(runs).items()},
        "megabytes_per_s": _speed(),
    }


def _summary(errors: Errors) -> dict[str, dict[str, float]]:
    return {
        name: {"p50": float(np.quantile(some, 0.5)), "p95": float(np.quantile(some, 0.95)), "n": len(some)}
        for name, some in errors.items()
        if some
    }


def _calls(run: dict[str, Any]) -> Iterator[tuple[list[dict[str, Any]], int]]:
    """(what was sent, prompt tokens) of each call that reported them."""
    said = [
        {
            "role": one["role"],
            "content": one.get("content") or "",
            **({"tool_call_id": one["id"]} if one["role"] == "tool" else {}),
            **({"tool_calls": [_call(call) for call in one["tool_calls"]]} if one.get("tool_calls") else {}),
        }
        for one in run["messages"] or []
    ]
    for at, one in enumerate(run["messages"] or []):
        tokens = (one.get("usage") or {}).get("prompt_tokens") if one["role"] == "assistant" else None
        if tokens:
            yield said[:at], tokens


def _call(call: dict[str, Any]) -> dict[str, Any]:
    body = {"name": call["name"], "arguments": json.dumps(call["arguments"])}
    return {"id": call["id"][:24], "type": "function", "function": body}


def _recorded(runs: list[dict[str, Any]]) -> dict[str, Errors]:
    """By model; an agent of another harness has other instructions, so it is a scope of its own."""
    counter = TokenCounter()
    errors: dict[str, Errors] = defaultdict(lambda: defaultdict(list))
    heads: dict[tuple[str, str, str], float] = {}
    seen: dict[tuple[str, str], int] = defaultdict(int)
    for run in runs:
        model, scope = str(run["agent_model"]), str(run["harness"])
        for sent, tokens in _calls(run):
            guesses = {"ours": float(counter.count_messages(model, sent, scope=scope))}
            for name, count in (("characters / 4", _by_four), ("langchain approximate", _langchain)):
                own = count(sent)
                guesses[name] = own + heads.setdefault((model, scope, name), tokens - own)
            seen[model, scope] += 1
            if seen[model, scope] > WARM:
                for name, guess in guesses.items():
                    errors[model][name].append(abs(guess - tokens) / tokens)
            counter.learn(model, counter.features(sent), tokens, scope=scope)
    return errors


def _by_four(sent: list[dict[str, Any]]) -> float:
    return sum(len(one["content"]) + len(json.dumps(one.get("tool_calls", ""))) for one in sent) / 4


def _langchain(sent: list[dict[str, Any]]) -> float:
    from langchain_core.messages.utils import convert_to_messages, count_tokens_approximately

    return float(count_tokens_approximately(convert_to_messages(sent)))


def _texts(runs: list[dict[str, Any]]) -> dict[str, Errors]:
    """Texts whose true count a vocabulary (o200k) says; each kind is learned from its own first twenty."""
    from rs_bpe.bpe import openai

    true: Callable[[str], int] = openai.o200k_base().count
    kinds = {
        "code": _chunks(ROOT / "src", "*.py"),
        "prose": _chunks(ROOT / "docs", "*.md"),
        "json": [
            one["content"]
            for run in runs[::7]
            for one in run["messages"] or []
            if one["role"] == "tool" and len(one["content"]) > 200
        ],
    }
    kinds["mixed"] = [text for some in itertools.zip_longest(*kinds.values()) for text in some if text]
    found: dict[str, Errors] = {}
    for kind, texts in kinds.items():
        counter, errors = TokenCounter(), defaultdict(list)
        for number, text in enumerate(texts[:1_500]):
            tokens = true(text)
            if number >= WARM:
                errors["ours"].append(abs(counter.count("gpt-4o", text) - tokens) / tokens)
                errors["characters / 4"].append(abs(len(text) / 4 - tokens) / tokens)
            counter.learn("gpt-4o", [{"role": "user", "content": text}], tokens + 7)
        found[kind] = dict(errors)
    return found


def _chunks(folder: Path, pattern: str) -> list[str]:
    texts = [file.read_text(encoding="utf-8") for file in sorted(folder.rglob(pattern))]
    chunks = [text[at : at + CHUNK] for text in texts for at in range(0, len(text), CHUNK)]
    return [chunk for chunk in chunks if len(chunk) > CHUNK // 4]


def _speed() -> float:
    """In processor time, on texts that were not seen before."""
    text = "".join(_chunks(ROOT / "docs", "*.md")) + "".join(_chunks(ROOT / "src", "*.py"))
    size = 65_536
    parts = [text[at : at + size] for at in range(0, len(text), size)]
    best = 0.0
    for again in range(5):
        fresh = [f"{again} {part}" for part in parts]
        counter = TokenCounter()
        began = process_time()
        for part in fresh:
            counter.count("gpt-4o", part)
        best = max(best, sum(len(part.encode()) for part in fresh) / (process_time() - began) / 1e6)
    return best
