"""A recorded tau2 run as spans in the OpenTelemetry GenAI conventions.

One trace for the agent, one for the user simulator, both in the session of the simulation. A message with usage is
a model call from the message before it to its own time; a message without (the greeting) is a `chain` span; a tool
result is a tool span of whoever asked for it. Ids are hashes of the simulation id: sent again, they are the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, Literal, NamedTuple

from opentelemetry.proto.common.v1.common_pb2 import InstrumentationScope
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span, Status

from quarterdeck.simulate.histories.attributes import key_values
from quarterdeck.simulate.histories.ids import hashed_span_id, hashed_trace_id
from quarterdeck.simulate.histories.shape import Piece, SpanFacts, TokenFacts
from quarterdeck.simulate.histories.tau2_messages import ToolCall, Turn
from quarterdeck.simulate.histories.tau2_row import Row

SCOPE = "quarterdeck.replay.tau2"
USER_SIMULATOR = "user_simulator"
TASK_CLASS = "retail"
Role = Literal["assistant", "user"]

_ERROR_CLASSES = {"max_steps": "cancelled", "too_many_errors": "tool_error", "agent_error": "unknown"}
"""Terminations that are failures of the run. `agent_error` was recorded without any reason."""


class _Part(NamedTuple):
    """One of the two who act in a simulation."""

    role: Role
    agent: str
    model: str | None
    run_id: str
    trace_id: bytes
    root_id: bytes


def pieces_of(row: Row, turns: Sequence[Turn], source: str) -> Iterator[Piece]:
    """The agent's trace, then the user simulator's where it did anything."""
    yield _piece(row, _agent(row), turns, source)
    if any(turn.role == "user" or turn.requestor == "user" for turn in turns):
        yield _piece(row, _user(row), turns, source)


def _agent(row: Row) -> _Part:
    key = row.simulation_id
    return _Part("assistant", row.agent, row.agent_model, key, hashed_trace_id(SCOPE, key), hashed_span_id(SCOPE, key))


def _user(row: Row) -> _Part:
    key = f"{row.simulation_id}-user"  # no slash: a run id is a segment of a path
    return _Part("user", USER_SIMULATOR, row.user_model, key, hashed_trace_id(SCOPE, key), hashed_span_id(SCOPE, key))


def _piece(row: Row, part: _Part, turns: Sequence[Turn], source: str) -> Piece:
    spans = [_root(row, part, turns)]
    facts = [SpanFacts(part.trace_id.hex(), part.root_id.hex(), part.run_id, is_root=True)]
    for index, turn in enumerate(turns):
        if part.role not in (turn.role, turn.requestor):
            continue
        span = _child(part, turns, index)
        spans.append(span)
        facts.append(_facts(part, turn, span))
    block = ResourceSpans(
        resource=Resource(attributes=key_values(_resource(row, part))),
        scope_spans=[ScopeSpans(scope=InstrumentationScope(name=SCOPE), spans=spans)],
    )
    return Piece(block, tuple(facts), source)


def _resource(row: Row, part: _Part) -> dict[str, Any]:
    return {"service.name": f"tau2-retail-{part.role}", "tau2.run_dir": row.run_dir}


def _facts(part: _Part, turn: Turn, span: Span) -> SpanFacts:
    return SpanFacts(
        trace_id=part.trace_id.hex(),
        span_id=span.span_id.hex(),
        run_id=part.run_id,
        model_call=turn.usage is not None,
        tool_call=turn.role == "tool",
        tokens=turn.usage or TokenFacts(),
        cost_usd=turn.cost_usd,
    )


def _root(row: Row, part: _Part, turns: Sequence[Turn]) -> Span:
    """The agent span. Its time runs from the first message to the recorded end of the run."""
    own = part.role == "assistant"
    failed = own and row.termination in _ERROR_CLASSES
    start_ns = turns[0].at_ns if turns else row.ended_ns
    return Span(
        trace_id=part.trace_id,
        span_id=part.root_id,
        name=f"invoke_agent {part.agent}",
        kind=Span.SPAN_KIND_INTERNAL,
        start_time_unix_nano=start_ns,
        end_time_unix_nano=max(row.ended_ns, start_ns),
        attributes=key_values({**_identity(part), **_root_attributes(row, part, failed=failed)}),
        status=Status(
            code=Status.STATUS_CODE_ERROR if failed else Status.STATUS_CODE_OK,
            message=f"terminated: {row.termination}" if failed else "",
        ),
    )


def _identity(part: _Part) -> dict[str, Any]:
    return {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.provider.name": _provider(part.model),
        "gen_ai.agent.name": part.agent,
        "gen_ai.request.model": part.model,
    }


def _root_attributes(row: Row, part: _Part, *, failed: bool) -> dict[str, Any]:
    said: dict[str, Any] = {
        "gen_ai.conversation.id": row.simulation_id,
        "quarterdeck.run.id": part.run_id,
        "quarterdeck.session.id": row.simulation_id,
        "quarterdeck.task.class": TASK_CLASS,
        "quarterdeck.task.key": row.task_id,
        "tau2.task_id": row.task_id,
        "tau2.harness": row.harness,
    }
    if part.role == "user":
        return said
    return {
        **said,
        "quarterdeck.outcome": row.outcome,
        "error.type": row.termination if failed else None,
        "quarterdeck.error.class": _ERROR_CLASSES[row.termination] if failed else None,
        "tau2.termination_reason": row.termination,
        "tau2.reward": row.reward,
        "tau2.duration_sec": row.duration_s,
    }


def _child(part: _Part, turns: Sequence[Turn], index: int) -> Span:
    turn = turns[index]
    if turn.role == "tool":
        name, attributes = _tool(part, turns, index)
    elif turn.usage is not None:
        name, attributes = _model_call(part, turns, index)
    else:
        name, attributes = _remark(part, turn)
    failed = turn.role == "tool" and turn.tool_error
    return Span(
        trace_id=part.trace_id,
        span_id=hashed_span_id(SCOPE, part.run_id, str(index)),
        parent_span_id=part.root_id,
        name=name,
        kind=Span.SPAN_KIND_CLIENT if turn.usage is not None else Span.SPAN_KIND_INTERNAL,
        start_time_unix_nano=turns[max(index - 1, 0)].at_ns,
        end_time_unix_nano=turn.at_ns,
        attributes=key_values(attributes),
        status=Status(
            code=Status.STATUS_CODE_ERROR if failed else Status.STATUS_CODE_UNSET,
            message=(turn.content or "tool error") if failed else "",
        ),
    )


def _model_call(part: _Part, turns: Sequence[Turn], index: int) -> tuple[str, dict[str, Any]]:
    turn = turns[index]
    usage = turn.usage or TokenFacts()
    said = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": _provider(part.model),
        "gen_ai.agent.name": part.agent,
        "gen_ai.request.model": part.model,
        "gen_ai.usage.input_tokens": usage.input,
        "gen_ai.usage.output_tokens": usage.output,
        "gen_ai.usage.cache_read.input_tokens": usage.cache_read,
        "gen_ai.usage.reasoning.output_tokens": usage.reasoning,
        "gen_ai.response.finish_reasons": [turn.finish_reason] if turn.finish_reason else None,
        "gen_ai.input.messages": _messages(_heard(part, turns, index)),
        "gen_ai.output.messages": _messages([_said(turn)]),
        "quarterdeck.cost_usd": None if turn.cost_usd is None else float(turn.cost_usd),
    }
    return f"chat {part.model or 'unknown'}", said


def _heard(part: _Part, turns: Sequence[Turn], index: int) -> list[dict[str, Any]]:
    """What is new to the caller since it spoke last, and no more: the history is in the calls before."""
    since = index
    while since > 0 and turns[since - 1].role != part.role:
        since -= 1
    return [_received(turn) for turn in turns[since:index] if turn.role != "tool" or turn.requestor == part.role]


def _received(turn: Turn) -> dict[str, Any]:
    if turn.role != "tool":
        return {"role": "user", "parts": _text(turn.content)}
    answer = {"type": "tool_call_response", "id": turn.call_id, "response": turn.content}
    return {"role": "tool", "parts": [answer] if turn.content is not None else []}


def _said(turn: Turn) -> dict[str, Any]:
    parts = _text(turn.content) + [_asked(call) for call in turn.calls]
    message: dict[str, Any] = {"role": "assistant", "parts": parts}
    if turn.finish_reason:
        message["finish_reason"] = turn.finish_reason
    return message


def _text(content: str | None) -> list[dict[str, Any]]:
    return [{"type": "text", "content": content}] if content else []


def _asked(call: ToolCall) -> dict[str, Any]:
    arguments = None if call.arguments is None else json.loads(call.arguments)
    return {"type": "tool_call", "id": call.id, "name": call.name, "arguments": arguments}


def _messages(messages: list[dict[str, Any]]) -> str | None:
    kept = [message for message in messages if message["parts"]]
    return json.dumps(kept, ensure_ascii=False, separators=(",", ":")) if kept else None


def _tool(part: _Part, turns: Sequence[Turn], index: int) -> tuple[str, dict[str, Any]]:
    turn = turns[index]
    call = _call_of(turns, index)
    said = {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.agent.name": part.agent,
        "gen_ai.tool.name": turn.tool_name,
        "gen_ai.tool.call.id": turn.call_id,
        "gen_ai.tool.call.arguments": call.arguments if call else None,
        "gen_ai.tool.call.result": turn.content,
        "error.type": "tool_error" if turn.tool_error else None,
    }
    return f"execute_tool {turn.tool_name or 'unknown'}", said


def _call_of(turns: Sequence[Turn], index: int) -> ToolCall | None:
    wanted = turns[index].call_id
    earlier = (call for turn in reversed(turns[:index]) for call in turn.calls)
    return next((call for call in earlier if wanted is not None and call.id == wanted), None)


def _remark(part: _Part, turn: Turn) -> tuple[str, dict[str, Any]]:
    """A message that no model call produced: the greeting, or one whose usage nobody wrote down."""
    said = {
        "quarterdeck.op.kind": "chain",
        "gen_ai.agent.name": part.agent,
        "gen_ai.output.messages": _messages([_said(turn)]),
    }
    return "message without usage", said


def _provider(model: str | None) -> str | None:
    """Whose model it is, by its name; None for a name that says nothing."""
    if model is None:
        return None
    return {"gpt": "openai", "gemini": "gcp.gemini"}.get(model.partition("-")[0])
