"""Logfire's integrations (openai, anthropic, claude_agent_sdk, google_genai, ...), sibling of pydantic-ai.

The Claude Agent SDK integration writes authoritative usage on the root and unreliable `gen_ai.usage.partial.*` below it.
"""

from __future__ import annotations

from quarterdeck.observe.canonical.dialect import Dialect

DIALECT = Dialect(
    name="logfire",
    input_includes_cache=True,
    scopes=("logfire",),
    markers=("logfire.msg", "logfire.json_schema", "logfire.span_type", "logfire.level_num"),
    fields={
        "cost_reported_usd": ("operation.cost",),
        "first_message": ("gen_ai.input.messages", "events"),
    },
    known=("gen_ai.usage.raw",),
)
