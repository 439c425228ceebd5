"""Claude Code: `span.type` says what a span is; its bare token keys report uncached input only (exclusive)."""

from __future__ import annotations

from quarterdeck.observe.canonical.dialect import Dialect
from quarterdeck.observe.canonical.kinds import SPAN_TYPE

DIALECT = Dialect(
    name="claude_code",
    scopes=("com.anthropic.claude_code",),
    fields={
        "tokens_input": ("input_tokens",),
        "tokens_output": ("output_tokens",),
        "tokens_cache_read": ("cache_read_tokens",),
        "tokens_cache_write": ("cache_creation_tokens",),
        "model_request": ("model",),
        "finish_reasons": ("stop_reason",),
        "tool_name": ("tool_name",),
        "tool_args": ("tool_input",),
        "ttft_s": ("ttft_ms",),
        "session_id": ("session.id",),
    },
    kinds={"span.type": SPAN_TYPE},
    input_excludes_cache=True,
    families=("input_tokens", "output_tokens", "cache_", "model", "stop_reason", "ttft_", "tool_"),
)
