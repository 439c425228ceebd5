"""What a call will probably take, and what it took: the two sides of a reservation, in tokens.

Usage is read from any provider's own shape. Input includes what was read from or written to a cache, output includes
reasoning. Refuses: taking 0 for unknown; usage that was not reported is None.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from quarterdeck.errors import BadInput


class Need(NamedTuple):
    """Before the call. `output`: what is reserved for the answer; `max_tokens`: what is sent; `cost_usd` at that output."""

    input: float
    output: float
    max_tokens: float
    cached: float = 0.0
    cost_usd: float = 0.0


class Usage(NamedTuple):
    """After the call. `cost_usd` None: to be priced from the tokens."""

    input: float
    output: float
    cache_read: float = 0.0
    cache_write: float = 0.0
    cost_usd: float | None = None


def read_usage(given: Any) -> Usage | None:
    """Usage in our form, or in that of OpenAI, Anthropic, Bedrock or Gemini, as mapping or object; None when there is none.

    Raises BadInput when something is given in which no count of tokens can be found.
    """
    if given is None or isinstance(given, Usage):
        return given
    fields = _mapping(given)
    if not fields:
        return None
    for reader in (_openai_chat, _messages_or_responses, _bedrock, _gemini):
        usage = reader(fields)
        if usage is not None:
            return usage
    raise BadInput(
        f"no token counts in usage with {', '.join(sorted(map(str, fields))) or 'no fields'}",
        mend="give a quarterdeck Usage(input, output), or the usage object of the provider's answer as it is",
    )


def _mapping(given: Any) -> Mapping[str, Any]:
    if isinstance(given, Mapping):
        return given
    if hasattr(given, "model_dump"):
        dumped: Mapping[str, Any] = given.model_dump()
        return dumped
    if hasattr(given, "_asdict"):
        asdict: Mapping[str, Any] = given._asdict()
        return asdict
    return dict(vars(given)) if hasattr(given, "__dict__") else {}


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) and value >= 0 else 0.0


def _detail(fields: Mapping[str, Any], group: str, name: str) -> float:
    details = fields.get(group)
    return _number(_mapping(details).get(name)) if details is not None else 0.0


def _openai_chat(fields: Mapping[str, Any]) -> Usage | None:
    if fields.get("prompt_tokens") is None:
        return None
    cached = _detail(fields, "prompt_tokens_details", "cached_tokens")
    return Usage(_number(fields["prompt_tokens"]), _number(fields.get("completion_tokens")), cached)


def _messages_or_responses(fields: Mapping[str, Any]) -> Usage | None:
    """Anthropic's messages leave cached input out of `input_tokens`; OpenAI's responses include it."""
    if fields.get("input_tokens") is None:
        return None
    given, output = _number(fields["input_tokens"]), _number(fields.get("output_tokens"))
    if "input_tokens_details" in fields:
        return Usage(given, output, _detail(fields, "input_tokens_details", "cached_tokens"))
    read, write = _number(fields.get("cache_read_input_tokens")), _number(fields.get("cache_creation_input_tokens"))
    return Usage(given + read + write, output, read, write)


def _bedrock(fields: Mapping[str, Any]) -> Usage | None:
    if fields.get("inputTokens") is None:
        return None
    read, write = _number(fields.get("cacheReadInputTokens")), _number(fields.get("cacheWriteInputTokens"))
    return Usage(_number(fields["inputTokens"]) + read + write, _number(fields.get("outputTokens")), read, write)


def _gemini(fields: Mapping[str, Any]) -> Usage | None:
    prompt = fields.get("promptTokenCount", fields.get("prompt_token_count"))
    if prompt is None:
        return None
    answer = _number(fields.get("candidatesTokenCount", fields.get("candidates_token_count")))
    thought = _number(fields.get("thoughtsTokenCount", fields.get("thoughts_token_count")))
    cached = _number(fields.get("cachedContentTokenCount", fields.get("cached_content_token_count")))
    return Usage(_number(prompt), answer + thought, cached)
