"""From a producer's word for an operation to ours.

`KINDS` is the global order of the keys with their values; a primary dialect's own keys come first. A word that stands
in no table leaves the decision to the next key, then to the presence of telling keys, then to the span's name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import get_args

from quarterdeck.model.spans import OpKind

OP_KINDS: Mapping[str, OpKind] = {kind: kind for kind in get_args(OpKind)}

LANGFUSE: Mapping[str, OpKind] = {
    "generation": "llm",
    "span": "chain",
    "event": "other",
    "chain": "chain",
    "agent": "agent",
    "tool": "tool",
    "retriever": "retrieval",
    "embedding": "embedding",
    "guardrail": "guardrail",
    "evaluator": "evaluator",
}

OPENINFERENCE: Mapping[str, OpKind] = {
    "llm": "llm",
    "chain": "chain",
    "prompt": "chain",
    "agent": "agent",
    "tool": "tool",
    "retriever": "retrieval",
    "embedding": "embedding",
    "reranker": "rerank",
    "guardrail": "guardrail",
    "evaluator": "evaluator",
}

GEN_AI: Mapping[str, OpKind] = {
    "chat": "llm",
    "generate_content": "llm",
    "text_completion": "llm",
    "response": "llm",
    "completion": "llm",
    "generate": "llm",
    "llm_request": "llm",
    "agent_step": "chain",
    "execute_event_loop_cycle": "chain",
    "invoke_agent": "agent",
    "create_agent": "other",
    "invoke_workflow": "workflow",
    "execute_tool": "tool",
    "handoff": "handoff",
    "plan": "plan",
    "create_memory_store": "memory",
    "search_memory": "memory",
    "create_memory": "memory",
    "update_memory": "memory",
    "upsert_memory": "memory",
    "delete_memory": "memory",
    "delete_memory_store": "memory",
    "retrieval": "retrieval",
    "embeddings": "embedding",
    "rerank": "rerank",
    "decide": "llm",
    "realtime": "llm",
    "ai.generatespeech": "other",
    "ai.transcribe": "other",
    "ai.streamtranscribe": "other",
    "judge": "evaluator",
    "evaluate": "evaluator",
    "apply_guardrail": "guardrail",
}

VERCEL: Mapping[str, OpKind] = {
    "ai.generatetext": "chain",
    "ai.streamtext": "chain",
    "ai.generateobject": "chain",
    "ai.streamobject": "chain",
    "ai.embed": "chain",
    "ai.embedmany": "chain",
    "ai.rerank": "chain",
    "ai.generatetext.dogenerate": "llm",
    "ai.streamtext.dostream": "llm",
    "ai.generateobject.dogenerate": "llm",
    "ai.streamobject.dostream": "llm",
    "ai.embed.doembed": "embedding",
    "ai.embedmany.doembed": "embedding",
    "ai.rerank.dorerank": "rerank",
    "ai.workflowagent.stream": "chain",
    "ai.generatespeech": "other",
    "ai.transcribe": "other",
    "ai.streamtranscribe": "other",
    "ai.toolcall": "tool",
}

TRACELOOP: Mapping[str, OpKind] = {
    "workflow": "workflow",
    "task": "chain",
    "agent": "agent",
    "tool": "tool",
    "handoff": "handoff",
    "vector_db_retrieve": "retrieval",
    "session": "workflow",
    "unknown": "other",
}

LLM_REQUEST_TYPE: Mapping[str, OpKind] = {
    "chat": "llm",
    "completion": "llm",
    "embedding": "embedding",
    "rerank": "rerank",
}

MLFLOW: Mapping[str, OpKind] = {
    "llm": "llm",
    "chat_model": "llm",
    "chain": "chain",
    "agent": "agent",
    "tool": "tool",
    "retriever": "retrieval",
    "embedding": "embedding",
    "reranker": "rerank",
    "memory": "memory",
    "guardrail": "guardrail",
    "evaluator": "evaluator",
    "workflow": "workflow",
}

LANGSMITH: Mapping[str, OpKind] = {
    "llm": "llm",
    "chain": "chain",
    "prompt": "chain",
    "parser": "chain",
    "tool": "tool",
    "retriever": "retrieval",
    "embedding": "embedding",
}

GENKIT: Mapping[str, OpKind] = {
    "model": "llm",
    "background-model": "llm",
    "tool": "tool",
    "tool.v2": "tool",
    "flow": "workflow",
    "agent": "agent",
    "session-flow": "agent",
    "prompt": "chain",
    "executable-prompt": "chain",
    "retriever": "retrieval",
    "indexer": "other",
    "embedder": "embedding",
    "reranker": "rerank",
    "evaluator": "evaluator",
    "flowstep": "chain",
    "util": "chain",
}

MCP_METHOD: Mapping[str, OpKind] = {"tools/call": "tool"}

LMNR: Mapping[str, OpKind] = {
    "llm": "llm",
    "tool": "tool",
    "default": "chain",
    "evaluator": "evaluator",
    "human_evaluator": "evaluator",
    "evaluation": "evaluator",
}

SPAN_TYPE: Mapping[str, OpKind] = {
    "claude_code.interaction": "agent",
    "claude_code.llm_request": "llm",
    "claude_code.tool": "tool",
    "interaction": "agent",
    "llm_request": "llm",
    "tool": "tool",
    "llm": "llm",
}

KINDS: Mapping[str, Mapping[str, OpKind]] = {
    "langfuse.observation.type": LANGFUSE,
    "openinference.span.kind": OPENINFERENCE,
    "gen_ai.operation.name": GEN_AI,
    "ai.operationId": VERCEL,
    "operation.name": VERCEL,
    "traceloop.span.kind": TRACELOOP,
    "llm.request.type": LLM_REQUEST_TYPE,
    "mlflow.spanType": MLFLOW,
    "weave.span.kind": OPENINFERENCE,
    "langsmith.span.kind": LANGSMITH,
    "span.type": SPAN_TYPE,
    "lmnr.span.type": LMNR,
    "genkit:metadata:subtype": GENKIT,
    "genkit:type": GENKIT,
    "mcp.method.name": MCP_METHOD,
}
"""Key → values, in the order of precedence."""

PRESENCE: tuple[tuple[str, OpKind], ...] = (
    ("gen_ai.tool.name", "tool"),
    ("gen_ai.tool.call.id", "tool"),
    ("gen_ai.retrieval.", "retrieval"),
    ("db.vector.", "retrieval"),
    ("gen_ai.handoff.", "handoff"),
    ("gen_ai.request.model", "llm"),
    ("gen_ai.response.model", "llm"),
    ("llm.model_name", "llm"),
    ("llm.request.model_name", "llm"),
    ("gen_ai.request_model", "llm"),
    ("langfuse.observation.model.name", "llm"),
    ("embedding.model_name", "embedding"),
    ("reranker.model_name", "rerank"),
)
"""Keys (or prefixes ending in ".") that give the kind away where no word does; first match wins."""

NAME_PREFIXES: tuple[tuple[str, OpKind], ...] = (
    ("invoke_agent ", "agent"),
    ("execute_tool ", "tool"),
    ("chat ", "llm"),
    ("memory.", "memory"),
)


def kind_of(word: str, table: Mapping[str, OpKind]) -> OpKind | None:
    """The kind behind a producer's word, whatever its case and quotes; Vercel's `operation.name` carries a function id after a blank."""
    found = table.get(word)
    if found is None:
        found = table.get(word.strip('"').lower())
        if found is None and table is VERCEL:
            found = table.get(word.split(" ", 1)[0].lower())
    return found


def kind_from_name(name: str, prefixes: tuple[tuple[str, OpKind], ...]) -> OpKind:
    """The kind that a span's name gives away, else `other`."""
    for prefix, kind in prefixes:
        if name.startswith(prefix):
            return kind
    return "other"
