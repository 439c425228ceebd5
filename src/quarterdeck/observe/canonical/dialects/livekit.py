"""LiveKit Agents: scope `livekit-agents`, voice agents; `lk.*` beside OpenTelemetry names.

Speech recognition and synthesis name a model too, so the span's name says what is a model call. Content keys have a
`pii` part since 2026. `llm_request` spans lie inside `llm_node` and alone carry usage.
"""

from __future__ import annotations

from quarterdeck.observe.canonical.dialect import Dialect

DIALECT = Dialect(
    name="livekit",
    input_includes_cache=True,
    scopes=("livekit-agents", "livekit.agents"),
    markers=("lk.agent_label", "lk.job_id", "lk.speech_id"),
    fields={
        "agent_name": ("gen_ai.agent.name", "lk.agent_name", "lk.agent_label"),
        "tool_name": ("gen_ai.tool.name", "lk.function_tool.name"),
        "tool_call_id": ("gen_ai.tool.call.id", "lk.function_tool.id"),
        "tool_args": ("gen_ai.tool.call.arguments", "lk.pii.function_tool.arguments", "lk.function_tool.arguments"),
        "tool_result": ("gen_ai.tool.call.result", "lk.pii.function_tool.output", "lk.function_tool.output"),
        "ttft_s": ("gen_ai.response.time_to_first_chunk", "lk.response.ttft"),
        "system": ("gen_ai.system_instructions", "lk.pii.instructions", "lk.instructions"),
        "first_message": ("gen_ai.input.messages", "lk.pii.chat_ctx", "lk.chat_ctx"),
        "tools": ("gen_ai.tool.definitions", "lk.function_tools"),
        "retry_attempt": ("lk.retry_count",),
    },
    names={
        "agent_session": "workflow",
        "agent_turn": "agent",
        "llm_node": "chain",
        "llm_request": "llm",
        "llm_request_run": "chain",
        "llm_fallback_adapter": "chain",
        "realtime_inference": "llm",
        "function_tool": "tool",
        "judge_evaluation": "evaluator",
        "update_agent": "handoff",
    },
    names_decide=True,
    known=(
        "lk.",
        "gen_ai.usage.input_text_tokens",
        "gen_ai.usage.input_audio_tokens",
        "gen_ai.usage.input_image_tokens",
        "gen_ai.usage.output_text_tokens",
        "gen_ai.usage.output_audio_tokens",
    ),
)
