"""Strands Agents: agent spans carry the running total of the agent object's life, across invocations."""

from __future__ import annotations

from quarterdeck.observe.canonical.dialect import Dialect, UsageRule

DIALECT = Dialect(
    name="strands",
    scopes=("strands.telemetry.tracer", "strands-agents"),
    markers=("event_loop.cycle_id", "gen_ai.agent.tools"),
    fields={"tools": ("gen_ai.tool.definitions", "gen_ai.agent.tools"), "system": ("system_prompt",)},
    usage_rules=(UsageRule(scope="cumulative_lifetime", kinds=("agent",)),),
    names={"execute_event_loop_cycle": "chain"},
    known=("gen_ai.event.start_time", "gen_ai.event.end_time", "gen_ai.server.", "gen_ai.agent.tools"),
)
