"""Runs: what a span costs, and total tokens over true tokens for eight ways of emitting usage.

    python benchmarks/runs.py

Speed: processor time per span on one core for traces of 50 spans (agent, steps, model and tool calls with usage, cost and
identity), best of five rounds. Truth: the seeded simulation of tests/sim, 200 agent trees per row; beside our rule the
rules that others use, written again from their descriptions, not their code. Prints one JSON document.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from quarterdeck.model.spans import Span
from quarterdeck.observe.runs import PriceTable, build_runs, summarise_runs

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "sim"))
import test_conservation as sim

TRACES, SPANS, ROUNDS = 400, 50, 5
PRICES = PriceTable.shipped()


def trace(seed: int) -> list[Span]:
    """An agent with steps of one model and one tool call each, everything reported that producers report."""
    rng = random.Random(seed)
    root = sim._BASE._replace(
        trace_id=f"trace{seed}", span_id="root", op_kind="agent", start_ns=1, end_ns=10**9,
        agent_name="support", session_id="s", environment="prod", service_name="svc",
    )  # fmt: skip
    found = [root]
    for step in range(SPANS // 3 + 1):
        start = step * 1000 + 2
        chain = root._replace(
            span_id=f"c{step}", parent_span_id="root", op_kind="chain", start_ns=start, end_ns=start + 900
        )
        inside = chain._replace(parent_span_id=chain.span_id, start_ns=start + 1)
        found += [
            chain,
            inside._replace(
                span_id=f"l{step}", op_kind="llm", tokens_input=rng.randint(100, 999), tokens_output=50, usage_scope="own",
                tokens_cache_read=64, provider="openai", model_response="gpt-4o-2024-08-06", response_id=f"r{step}",
                cost_reported_usd=0.01, prompt_hash="h",
            ),
            inside._replace(span_id=f"t{step}", op_kind="tool", tool_name="search", tool_args_hash=f"{step}"),
        ]  # fmt: skip
    return found[:SPANS]


def microseconds(build: Callable[..., object]) -> float:
    traces = [trace(seed) for seed in range(TRACES)]
    best = float("inf")
    for _ in range(ROUNDS):
        begin = time.process_time()
        for spans in traces:
            build(spans, now_ns=sim.NOW_NS, prices=PRICES)
        best = min(best, time.process_time() - begin)
    return round(best / (TRACES * SPANS) * 1e6, 2)


def tokens(span: Span) -> int:
    return (span.tokens_input or 0) + (span.tokens_output or 0)


def naive(spans: Sequence[Span]) -> int:
    return sum(map(tokens, spans))


def model_only(spans: Sequence[Span]) -> int:
    return sum(tokens(span) for span in spans if span.op_kind == "llm")


def drop_agents(spans: Sequence[Span]) -> int:
    return sum(tokens(span) for span in spans if span.op_kind != "agent")


def ancestor_wins(spans: Sequence[Span]) -> int:
    """The highest span with usage on each path counts; everything below it does not."""
    by_id = {span.span_id: span for span in spans}

    def covered(span: Span) -> bool:
        above = by_id.get(span.parent_span_id)
        while above is not None:
            if tokens(above):
                return True
            above = by_id.get(above.parent_span_id)
        return False

    return sum(tokens(span) for span in spans if tokens(span) and not covered(span))


def ours(spans: Sequence[Span]) -> int:
    return sum(tree.run.tokens.total or 0 for tree in build_runs(spans, now_ns=sim.NOW_NS, prices=PRICES))


RULES = {
    "naive sum": naive,
    "model spans only": model_only,
    "agents dropped": drop_agents,
    "ancestor wins": ancestor_wins,
    "quarterdeck": ours,
}


def ratios(pattern: str, deliver: Callable[[list[Span], random.Random], list[Span]]) -> dict[str, float]:
    """Counted over true tokens per rule, all trees of a pattern together; and what our rule states as residual."""
    counted, true = dict.fromkeys(RULES, 0), 0
    for seed in sim.SEEDS:
        roots, spans, rng = sim.case(pattern, seed)
        spans = deliver(spans, rng)
        true += sum(sim.truth(roots))
        for name, rule in RULES.items():
            counted[name] += rule(spans)
    return {name: round(value / true, 4) for name, value in counted.items()}


def stated(pattern: str) -> dict[str, float]:
    """Under loss: the share of the truth that came in calls, and the share that we call residual. In all, the truth or less."""
    came = residual = true = 0
    for seed in sim.SEEDS:
        roots, spans, rng = sim.case(pattern, seed)
        left = sim.lose_calls(spans, rng)
        true += sum(sim.truth(roots))
        came += model_only(left)
        residual += sum(tree.run.residual_tokens or 0 for tree in build_runs(left, now_ns=sim.NOW_NS, prices=PRICES))
    return {"calls_that_came": round(came / true, 4), "stated_as_residual": round(residual / true, 4)}


def main() -> None:
    rows = {
        f"{pattern}, {way}": ratios(pattern, deliver)
        for pattern in sim.PATTERNS
        for way, deliver in sim.DELIVERIES.items()
    }
    speed = {"summarise_runs": microseconds(summarise_runs), "build_runs": microseconds(build_runs)}
    loss = {pattern: stated(pattern) for pattern in sim.PATTERNS}
    print(
        json.dumps(
            {"microseconds_per_span": speed, "counted_over_true": rows, "20 % of the calls lost, stated": loss},
            indent=2,
        )
    )


if __name__ == "__main__":
    main()
