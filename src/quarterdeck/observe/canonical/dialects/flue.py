"""Flue: scope `@flue/opentelemetry`, current OpenTelemetry names with `flue.*` for its own ids.

Older releases wrote `flue.operation <kind>` and `gen_ai.generate` spans without a word for the operation.
"""

from __future__ import annotations

from quarterdeck.observe.canonical.dialect import Dialect

DIALECT = Dialect(
    name="flue",
    input_includes_cache=True,
    scopes=("@flue/opentelemetry",),
    markers=("flue.operation.", "flue.submission.id", "flue.instance.id", "flue.workflow."),
    fields={
        "session_id": ("gen_ai.conversation.id", "flue.conversation.id"),
        "agent_name": ("gen_ai.agent.name", "flue.agent.name"),
        "workflow_name": ("gen_ai.workflow.name", "flue.workflow.name"),
        "tool_name": ("gen_ai.tool.name", "flue.tool.name"),
        "tokens_total": ("gen_ai.usage.total_tokens", "flue.usage.total_tokens"),
        "cost_reported_usd": ("gen_ai.usage.cost_total",),
    },
    name_prefixes=(
        ("gen_ai.generate", "llm"),
        ("flue.workflow", "workflow"),
        ("flue.operation shell", "other"),
        ("flue.operation", "agent"),
        ("flue.task", "agent"),
        ("flue.tool", "tool"),
        ("flue.compaction", "chain"),
    ),
    known=("flue.",),
)
