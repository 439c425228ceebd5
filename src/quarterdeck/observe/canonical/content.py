"""Which attributes and events carry content (messages, payloads, tool sets) and which name a user, in every dialect.

Derived from the tables by which spans are mapped, so that a new dialect's content is known here without a line; what the
conversation reads beyond the tables is listed. Refuses to look at values.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from quarterdeck.observe.canonical.dialects import DIALECTS
from quarterdeck.observe.canonical.messages import EVENT_ROLES
from quarterdeck.observe.canonical.precedence import GLOBAL
from quarterdeck.observe.canonical.tool_events import ARGUMENTS, RESULTS

_CONTENT_FIELDS = ("tool_args", "tool_result", "system", "first_message", "tools")

_READ_BY_CONVERSATION = frozenset(
    {
        "gen_ai.output.messages", "gen_ai.prompt", "gen_ai.completion", "gen_ai.response", "events",
        "all_messages_events", "pydantic_ai.all_messages", "request_data", "response_data", "final_result",
        "ai.prompt", "ai.response.text", "ai.response.object", "ai.response.toolCalls", "ai.response.reasoning",
        "ai.response.files", "ai.result.text", "ai.result.object", "ai.result.toolCalls", "ai.value", "ai.values",
        "ai.embedding", "ai.embeddings", "ai.documents", "gcp.vertex.agent.llm_request", "gcp.vertex.agent.llm_response",
        "llm.prompts", "llm.choices", "llm.function_call", "lmnr.span.input", "lmnr.span.output", "user_prompt",
        "new_context", "response.model_output", "genkit:input", "genkit:output", "input", "output", "prompt",
        "completion", "langfuse.trace.input", "langfuse.trace.output", "reranker.query", "embedding.text",
        "llm.prompt_template.template", "llm.prompt_template.variables", "gen_ai.tool.input", "gen_ai.tool.output",
        "tool.output", "traceloop.prompt.template",
    }
)  # fmt: skip

CONTENT_PREFIXES = (
    "gen_ai.prompt.", "gen_ai.completion.", "llm.input_messages.", "llm.output_messages.", "llm.prompts.",
    "llm.choices.", "llm.tools.", "llm.request.functions.", "embedding.embeddings.", "reranker.input_documents.",
    "reranker.output_documents.", "retrieval.documents.", "gen_ai.prompt.variable.", "traceloop.prompt.template_variables.",
    "ai.prompt.", "lk.", "gen_ai.retrieval.",
)  # fmt: skip
"""Keys that begin so carry content, but for those of `NAMES_ONLY`."""

NAMES_ONLY = frozenset({"gen_ai.prompt.name", "gen_ai.prompt.version", "gen_ai.prompt.id"})
"""They begin like content and only name something."""

CONTENT_EVENTS = frozenset(
    {
        *EVENT_ROLES,
        *ARGUMENTS,
        *RESULTS,
        "gen_ai.choice",
        "gen_ai.content.prompt",
        "gen_ai.content.completion",
        "tool.output",
    }
)
"""Events whose every attribute is content, but for those of `EVENT_FACTS`."""

EVENT_FACTS = frozenset({"role", "id", "index", "finish_reason", "gen_ai.system", "gen_ai.provider.name", "event.name"})

_NAMED_IDENTITIES = ("user.email", "user.full_name", "user.name", "enduser.name", "enduser.email")
"""Beyond the ids that runs are joined by: who writes these means a person too."""


def _from_tables() -> Iterator[str]:
    for name in _CONTENT_FIELDS:
        yield from GLOBAL.get(name, ())
        for dialect in DIALECTS:
            yield from dialect.fields.get(name, ())


def _user_keys() -> Iterator[str]:
    yield from GLOBAL["user_id"]
    for dialect in DIALECTS:
        yield from dialect.fields.get("user_id", ())
    yield from _NAMED_IDENTITIES


CONTENT_KEYS = frozenset(key.partition("{")[0] for key in _from_tables()) | _READ_BY_CONVERSATION
"""Attribute keys whose value is content."""

USER_KEYS = tuple(dict.fromkeys(key.partition("{")[0] for key in _user_keys()))
"""Attribute keys whose value names a user."""


@lru_cache(maxsize=20_000)
def is_content(key: str) -> bool:
    """Whether an attribute of this name carries content."""
    return key in CONTENT_KEYS or (key.startswith(CONTENT_PREFIXES) and key not in NAMES_ONLY)
