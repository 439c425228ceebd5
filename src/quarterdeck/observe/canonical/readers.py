"""How the values of each field are read; text where nothing is said."""

from __future__ import annotations

from collections.abc import Mapping

from quarterdeck.observe.canonical.providers import model_name, provider, response_id
from quarterdeck.observe.canonical.values import (
    Reader,
    anything,
    attempts_before,
    count,
    flag,
    joined,
    last_finish_reason,
    milliseconds,
    number,
    path_reader,
    served_from_cache,
    text,
    unquoted,
    whole,
)

READERS: Mapping[str, Reader] = {
    "provider": provider,
    "model_request": model_name,
    "model_response": model_name,
    "response_id": response_id,
    "finish_reasons": joined,
    "streaming": flag,
    "ttft_s": number,
    "tokens_input": count,
    "tokens_output": count,
    "tokens_total": count,
    "tokens_cache_read": count,
    "tokens_cache_write": count,
    "tokens_cache_write_1h": count,
    "tokens_reasoning": count,
    "cost_reported_usd": number,
    "retry_attempt": whole,
    "usage_document": anything,
    "tool_args": anything,
    "tool_result": anything,
    "system": anything,
    "first_message": anything,
    "tools": anything,
    "http_status": whole,
    "cache_hit": served_from_cache,
    "uncached_input": count,
}
"""How a field's values are read; text where nothing is said."""

KEY_READERS: Mapping[str, Reader] = {
    "ai.response.msToFirstChunk": milliseconds,
    "ai.stream.msToFirstChunk": milliseconds,
    "ttft_ms": milliseconds,
    "tool.run_attempts": attempts_before,
    "gen_ai.output.messages": last_finish_reason,
}
"""Keys whose values are read in another way than their field's."""

QUOTED_KEYS = ("mlflow.",)
"""Keys whose texts are JSON texts."""

_KEYED = ("ttft_s", "retry_attempt", "finish_reasons")
"""Fields that KEY_READERS are for."""


def candidate(name: str, spelled: str) -> tuple[str, Reader]:
    """(key, reader) of one way to spell where a field stands: `key`, or `key{a.b}` for a place inside a document."""
    key, brace, path = spelled.partition("{")
    reader = READERS.get(name, text)
    if key in KEY_READERS and name in _KEYED:
        reader = KEY_READERS[key]
    if brace:
        return key, path_reader(path.rstrip("}"), reader)
    return key, unquoted(reader) if key.startswith(QUOTED_KEYS) else reader
