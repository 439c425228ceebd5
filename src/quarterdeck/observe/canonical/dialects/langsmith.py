"""LangSmith's OpenTelemetry exporter: its own kind comes first, since it writes `embeddings` for retriever runs.

`langsmith.trace.session_id` and `session_name` are the project, never a conversation.
"""

from __future__ import annotations

from quarterdeck.observe.canonical.dialect import Dialect
from quarterdeck.observe.canonical.kinds import LANGSMITH

DIALECT = Dialect(
    name="langsmith",
    scopes=("langsmith",),
    markers=("langsmith.span.kind", "langsmith.trace.", "langsmith.metadata."),
    kinds={"langsmith.span.kind": LANGSMITH},
    fields={
        "session_id": (
            "langsmith.metadata.session_id",
            "langsmith.metadata.thread_id",
            "langsmith.metadata.conversation_id",
        ),
        "tokens_cache_read": ("gen_ai.usage.input_token_details{cache_read}",),
        "tokens_cache_write": ("gen_ai.usage.input_token_details{cache_creation}",),
        "tokens_reasoning": ("gen_ai.usage.output_token_details{reasoning}",),
        "first_message": ("gen_ai.prompt{messages}", "gen_ai.prompt"),
    },
    known=(
        "langsmith.trace.",
        "langsmith.metadata.",
        "langsmith.span.",
        "langsmith.is_root",
        "gen_ai.prompt",
        "gen_ai.completion",
        "gen_ai.serialized.",
    ),
)
