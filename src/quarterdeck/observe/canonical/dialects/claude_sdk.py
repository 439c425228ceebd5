"""Anthropic's SDKs for the Claude API: one CLIENT span for each request, scope `com.anthropic.sdk.<language>`.

Names are `anthropic.<method>`; only `messages.create` is a model call. Input has the cache in it. A cancelled stream
leaves the status unset, which is no error. The API's own SERVER span of the same request bears the same response id.
"""

from __future__ import annotations

from quarterdeck.observe.canonical.dialect import Dialect

DIALECT = Dialect(
    name="claude_sdk",
    input_includes_cache=True,
    scopes=("com.anthropic.sdk",),
    fields={"retry_attempt": ("http.request.resend_count",)},
    names={
        "anthropic.messages.create": "llm",
        "anthropic.messages.stream": "llm",
        "anthropic.messages.tool_runner": "agent",
        "anthropic.completions.create": "llm",
    },
    name_prefixes=(
        ("anthropic.tool_use ", "tool"),
        ("anthropic.mcp_tool_use ", "tool"),
        ("anthropic.custom_tool_use ", "tool"),
        ("anthropic.server_tool_use ", "tool"),
    ),
    names_decide=True,
)
