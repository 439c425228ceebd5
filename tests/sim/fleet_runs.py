"""The demo's plan in virtual time: its runs as the server would store them, in the order in which they end.

No spans, no server: an hour of the fleet takes seconds. `test_demo_detection` compares these runs with those that the
server's own rooms make of the spans.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator

from quarterdeck.model.runs import Cost, Orphans, Run, Tokens
from quarterdeck.observe.runs import PriceTable
from quarterdeck.simulate.fleet import FleetPlan, PlannedRun, Step

EPOCH_NS = 1_750_000_000_000_000_000
PRICES = PriceTable.shipped()


def runs_over(plan: FleetPlan, begin_s: float, end_s: float) -> Iterator[tuple[float, Run]]:
    """(end in seconds of the plan, run) of every run that ends from `begin_s` to `end_s`, in order."""
    ends: list[tuple[float, int, int, float, PlannedRun]] = []
    for slot in range(plan.agents):
        run, began_s = plan.under_way(slot, begin_s)
        ends.append((began_s + run.duration_s, slot, 1, began_s, run))
    heapq.heapify(ends)
    while ends[0][0] < end_s:
        at_s, slot, generation, began_s, run = heapq.heappop(ends)
        yield at_s, run_of(run, began_s)
        following = plan.run(slot, generation, at_s)
        heapq.heappush(ends, (at_s + following.duration_s, slot, generation + 1, at_s, following))


def run_of(planned: PlannedRun, began_s: float) -> Run:
    """The run that the server makes of these steps."""
    calls = [step for step in planned.steps if step.kind == "llm"]
    tools = [step for step in planned.steps if step.kind == "tool"]
    ended_ns = _ns(began_s + planned.duration_s)
    return Run(
        project="default",
        run_id=planned.run_id,
        trace_ids=(planned.run_id,),
        root_span_id=planned.run_id,
        root_name=f"invoke_agent {planned.agent}",
        root_synthetic=False,
        session_id=planned.session_id,
        session_source="quarterdeck.session.id",
        tenant=planned.tenant,
        environment=planned.environment,
        feature=planned.feature,
        task_class=planned.task_class,
        user_hash=planned.user_id,
        agent=planned.agent,
        agent_version=planned.agent_version,
        prompt_version=planned.prompt_version,
        model=planned.model,
        provider=planned.provider,
        toolset_hash=None,
        config_hash=None,
        lifecycle="finished",
        status="ok" if planned.error is None else "error",
        error_class=planned.error,
        outcome="success" if planned.error is None else "failure",
        started_at_ns=_ns(began_s),
        ended_at_ns=ended_ns,
        last_seen_ns=ended_ns,
        spans=len(planned.steps) + 1,
        model_calls=len(calls),
        tool_calls=len(tools),
        retries=sum(step.attempt is not None for step in calls),
        errors=sum(step.error is not None for step in planned.steps) + (planned.error is not None),
        depth=1,
        tokens=_tokens(calls),
        cost=_cost(planned.provider, calls),
        residual_tokens=None,
        orphans=Orphans(),
        tools=dict(Counter(step.name for step in tools)),
        models=dict(Counter(step.name for step in calls)),
        tool_errors=dict(Counter(step.name for step in tools if step.error is not None)),
    )


def _tokens(calls: list[Step]) -> Tokens:
    """Sums over the calls that were answered; None where none was."""
    told = [call for call in calls if call.tokens_input is not None]
    if not told:
        return Tokens()
    reasoning = [call.tokens_reasoning for call in told if call.tokens_reasoning is not None]
    return Tokens(
        input=sum(call.tokens_input or 0 for call in told),
        output=sum(call.tokens_output or 0 for call in told),
        cache_read=sum(call.tokens_cached or 0 for call in told),
        reasoning=sum(reasoning) if reasoning else None,
        coverage="full" if len(told) == len(calls) else "partial",
    )


def _cost(provider: str, calls: list[Step]) -> Cost:
    """By the shipped price table; unknown where it does not name the model or no call was answered."""
    told = [call for call in calls if call.tokens_input is not None]
    rates = PRICES.rates(provider, calls[0].name, EPOCH_NS) if told else None
    if rates is None:
        return Cost()
    dollars = [
        rates.dollars((call.tokens_input or 0) - (call.tokens_cached or 0), call.tokens_output or 0, call.tokens_cached or 0, 0, 0)
        for call in told
    ]  # fmt: skip
    return Cost(computed=sum(dollars), source="priced", price_version=PRICES.version)


def _ns(at_s: float) -> int:
    return EPOCH_NS + int(at_s * 1e9)
