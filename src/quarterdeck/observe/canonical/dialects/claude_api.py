"""The Claude API's own spans: scope `com.anthropic.claude-platform`, service `claude-platform`, SERVER spans.

They are the server-side twin of the SDK's spans of the same trace: same names, same response id, counted once.
"""

from __future__ import annotations

from quarterdeck.observe.canonical.dialect import Dialect

DIALECT = Dialect(
    name="claude_api",
    input_includes_cache=True,
    scopes_exact=("com.anthropic.claude-platform",),
    fields={"retry_attempt": ("http.request.resend_count",)},
    names={
        "anthropic.messages.create": "llm",
        "anthropic.messages.stream": "llm",
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
