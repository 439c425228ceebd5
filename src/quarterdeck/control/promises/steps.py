"""The model calls of a run, as steps of a task: what each took, whether it failed, whether it did what was done before.

What for: history for `control.tasks.Paths`, and a running run's steps so far. Pure. A call that wraps another model call
is not one of its own. Refuses: runs of which a call did not say its tokens (a step of unknown size is no step of 0).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from quarterdeck.control.tasks.paths import Step
from quarterdeck.model.runs import SpanNode
from quarterdeck.model.spans import Span

SpanKey = tuple[str, str]
"""(trace_id, span_id)."""


def steps_of(nodes: Sequence[SpanNode], spans: Mapping[SpanKey, Span]) -> list[Step] | None:
    """In order of start; tools between two calls belong to the first. None: a call that is over did not say its tokens."""
    mine = [(node, spans[key]) for node in nodes if (key := (node.trace_id, node.span_id)) in spans]
    wrappers = {(node.trace_id, node.parent_span_id) for node, span in mine if span.op_kind == "llm"}
    ordered = sorted((span for _, span in mine if span.end_ns), key=lambda span: (span.start_ns, span.span_id))
    found: list[Step] = []
    done: set[tuple[str | None, str]] = set()
    for span in ordered:
        if span.op_kind == "tool" and found:
            found[-1] = _with_tool(found[-1], span, done)
        elif span.op_kind == "llm" and (span.trace_id, span.span_id) not in wrappers:
            if span.tokens_input is None or span.tokens_output is None:
                return None
            found.append(Step(float(span.tokens_input), float(span.tokens_output), span.status == "error"))
    return found


def _with_tool(step: Step, tool: Span, done: set[tuple[str | None, str]]) -> Step:
    repeat = False
    if tool.tool_args_hash is not None:
        call = (tool.tool_name, tool.tool_args_hash)
        repeat = call in done
        done.add(call)
    return step._replace(error=step.error or tool.status == "error", repeat=step.repeat or repeat)
