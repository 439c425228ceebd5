"""What knowing whose step a call is spares admission: answers held and cut with and without it, on a made-up fleet and a trace.

    python benchmarks/admission_outputs.py [--trace AzureLLMInferenceTrace_code.csv.gz]

The fleet: 12 agents × 5 kinds of step, 3 models, 20 tenants, answers log-normal by kind, a third of the agents get 65 % longer half way. `charged`: what
a meter that never gives back takes (the cap, and the second part of a cut answer), `held`: the 0.9 quantile, both over what was used.
Sixty calls are out at a time. A trace tells no agents, so there both sides are the same book. Prints one JSON document.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from quarterdeck.control.admit.outputs import OutputBook
from quarterdeck.control.admit.plan import CONTINUED_CAP
from quarterdeck.simulate.load.trace import read_jobs

MAX_TOKENS = 4_096.0
OUT = 60
WARM = 2_000


class Answer(NamedTuple):
    model: str
    group: str
    kind: str
    tokens: float


def fleet(seed: int, n: int = 60_000) -> list[Answer]:
    rng = np.random.default_rng(seed)
    agents, steps, tenants = 12, 5, 20
    zipf = 1 / np.arange(1, tenants + 1)
    agent = rng.choice(agents, n, p=zipf[:agents] / zipf[:agents].sum())
    step, model = rng.integers(0, steps, n), rng.integers(0, 3, n)
    tenant = rng.choice(tenants, n, p=zipf / zipf.sum())
    level = math.log(150) + rng.normal(0, 0.4, agents)[agent] + rng.normal(0, 0.9, (agents, steps))[agent, step]
    level += rng.normal(0, 0.3, 3)[model] + np.where((np.arange(n) > n / 2) & (agent % 3 == 0), 0.5, 0.0)
    spread = rng.uniform(0.35, 0.8, (agents, steps))[agent, step]
    tokens = np.clip(np.exp(level + spread * rng.standard_normal(n)), 1, MAX_TOKENS).round()
    return [
        Answer(f"m{m}", f"1/t{t}", f"a{a}/s{s}", float(o))
        for m, t, a, s, o in zip(model, tenant, agent, step, tokens, strict=True)
    ]


def measure(answers: Sequence[Answer], *, known: bool) -> dict[str, Any]:
    """`known`: whether the book is told the kind."""
    book, out = OutputBook(), deque[tuple[Answer, float]]()
    cut = charged = held = used = covered = 0.0
    took = []
    for at, answer in enumerate(answers):
        kind = answer.kind if known else ""
        before = time.perf_counter_ns()
        cap = book.cap(answer.model, answer.group, kind)
        quantile = book.quantile(answer.model, answer.group, 0.9, kind)
        spent = time.perf_counter_ns() - before
        cap = min(MAX_TOKENS if cap is None else cap, MAX_TOKENS)
        if at >= WARM:
            room = min(MAX_TOKENS if quantile is None else quantile, MAX_TOKENS)
            cut += answer.tokens > cap
            charged += cap + (min(CONTINUED_CAP * cap, MAX_TOKENS) if answer.tokens > cap else 0.0)
            held, used, covered = held + room, used + answer.tokens, covered + (answer.tokens <= room)
        out.append((answer, cap))
        if len(out) > OUT:
            old, limit = out.popleft()
            before = time.perf_counter_ns()
            book.learn(
                old.model, old.group, min(old.tokens, limit),
                cut_at=limit if old.tokens > limit else None, kind=old.kind if known else "",
            )  # fmt: skip
            took.append(spent + time.perf_counter_ns() - before)
    n = len(answers) - WARM
    return {
        "kind_known": known,
        "cut_share": round(cut / n, 4),
        "charged_over_used": round(charged / used, 2),
        "held_over_used": round(held / used, 2),
        "within_held": round(covered / n, 3),
        "us_ask_and_learn_p50": round(float(np.median(took)) / 1e3, 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trace", type=Path)
    given = parser.parse_args()
    found: dict[str, Any] = {}
    for seed in (5, 6, 7):
        answers = fleet(seed)
        found[f"fleet, seed {seed}"] = [measure(answers, known=known) for known in (False, True)]
    if given.trace is not None:
        answers = [Answer("m", "1/", "", job.tokens_output) for job in read_jobs(given.trace)]
        found[given.trace.name] = [measure(answers, known=False)]
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
