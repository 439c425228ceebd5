"""Provider names in one spelling. Frameworks are not providers: their names are dropped and the model's name decides.

Refuses to guess for open-weight models, which anybody may serve.
"""

from __future__ import annotations

from typing import Any

from quarterdeck.observe.canonical.values import text

ALIASES = {
    "az.ai.openai": "azure.ai.openai",
    "azure": "azure.ai.openai",
    "azure_openai": "azure.ai.openai",
    "azure-openai": "azure.ai.openai",
    "az.ai.inference": "azure.ai.inference",
    "xai": "x_ai",
    "mistralai": "mistral_ai",
    "mistral": "mistral_ai",
    "gemini": "gcp.gemini",
    "google": "gcp.gen_ai",
    "google_genai": "gcp.gen_ai",
    "google.generative-ai": "gcp.gemini",
    "googleai": "gcp.gemini",
    "google.vertex": "gcp.vertex_ai",
    "google_vertexai": "gcp.vertex_ai",
    "vertexai": "gcp.vertex_ai",
    "vertex_ai": "gcp.vertex_ai",
    "aws": "aws.bedrock",
    "bedrock": "aws.bedrock",
    "amazon_bedrock": "aws.bedrock",
    "amazon-bedrock": "aws.bedrock",
}

FRAMEWORKS = frozenset(
    {
        "langchain", "langgraph", "crewai", "gcp.vertex.agent", "strands-agents", "strands", "microsoft.agent_framework",
        "llamaindex", "llama_index", "autogen", "ag2", "pydantic_ai", "pydantic-ai", "agno", "haystack", "dspy",
        "smolagents", "openai_agents", "unknown", "other", "_other",
    }
)  # fmt: skip

VERCEL_SUFFIXES = frozenset(
    {"chat", "responses", "completion", "embedding", "messages", "image", "speech", "transcription", "text"}
)
"""What the Vercel AI SDK appends to a provider's name (`openai.chat`)."""

NO_MODELS = frozenset({"unknown", "Unknown", "UNKNOWN", "default"})
"""What producers write where they do not know the model."""

BY_MODEL = (
    (("gpt-", "gpt4", "o1", "o3", "o4", "chatgpt", "text-embedding-", "davinci", "whisper"), "openai"),
    (("claude",), "anthropic"),
    (("gemini",), "gcp.gemini"),
    (("mistral-", "ministral", "codestral", "magistral", "pixtral"), "mistral_ai"),
    (("command-", "embed-english", "embed-multilingual", "rerank-"), "cohere"),
    (("grok",), "x_ai"),
    (("deepseek-chat", "deepseek-reasoner"), "deepseek"),
    (("amazon.", "anthropic.", "us.anthropic.", "eu.anthropic.", "us.amazon.", "eu.amazon."), "aws.bedrock"),
)
"""Prefixes of model names that only one provider uses."""

_CACHE_MAX = 1_024
_known: dict[str, str | None] = {}


def provider(value: Any) -> str | None:
    """The provider in our spelling; None for a framework's name."""
    if type(value) is str:
        try:
            return _known[value]
        except KeyError:
            pass
    found = text(value)
    if found is None:
        return None
    if len(_known) >= _CACHE_MAX:
        _known.clear()
    result = _normalised(found)
    _known[found] = result
    return result


def _normalised(name: str) -> str | None:
    lowered = name.strip().lower()
    head, _, tail = lowered.rpartition(".")
    if head and tail in VERCEL_SUFFIXES:
        lowered = head
    if not lowered or lowered in FRAMEWORKS:
        return None
    return ALIASES.get(lowered, lowered)


def provider_of_model(model: str) -> str | None:
    """The provider that a model's name gives away, else None."""
    lowered = model.lower()
    for prefixes, name in BY_MODEL:
        if lowered.startswith(prefixes):
            return name
    place, slash, rest = lowered.partition("/")
    if slash:  # a plugin or a router before the name: `googleai/gemini-...`, `openrouter/openai/gpt-...`
        return ALIASES.get(place) or provider_of_model(rest)
    return None


def model_name(value: Any) -> str | None:
    """A model's name; "unknown" is not one."""
    found = text(value)
    return None if found in NO_MODELS else found


def response_id(value: Any) -> str | None:
    """A response's id; OpenAI's Assistants write the id of a whole run there (`run_...`), which several calls share."""
    found = text(value)
    return None if found is not None and found.startswith("run_") else found
