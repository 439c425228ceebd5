"""Google's Agent Development Kit: scope `gcp.vertex.agent`; its LLM span is called `call_llm` and names no operation."""

from __future__ import annotations

from quarterdeck.observe.canonical.dialect import Dialect

DIALECT = Dialect(
    name="adk",
    input_includes_cache=True,
    scopes=("gcp.vertex.agent",),
    markers=("gcp.vertex.agent.",),
    fields={
        "session_id": ("gcp.vertex.agent.session_id", "gen_ai.conversation.id"),
        "tool_args": ("gcp.vertex.agent.tool_call_args",),
        "tool_result": ("gcp.vertex.agent.tool_response",),
        "system": ("gen_ai.system_instructions", "gcp.vertex.agent.llm_request{config.system_instruction}"),
        "tools": ("gen_ai.tool.definitions", "gcp.vertex.agent.llm_request{config.tools}"),
    },
    name_prefixes=(("call_llm", "llm"), ("invocation", "workflow"), ("agent_run", "agent")),
    known=("gcp.vertex.agent.",),
)
