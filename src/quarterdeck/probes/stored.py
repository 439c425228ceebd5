"""What a stored run was given: the system text and the first user message of its first model call.

Refuses: to guess. Where the texts were not kept, the error says how to give the input.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from quarterdeck.errors import BadInput
from quarterdeck.model.probes import ProbeCase
from quarterdeck.model.raw import RawSpan
from quarterdeck.model.runs import Run
from quarterdeck.model.spans import Span

_SPANS_MAX = 2_000
_CALLS_READ = 5
"""The first call of an agent may be an embedding of a wrapper without texts."""


class RunReader(Protocol):
    """What is asked of the store."""

    def first_spans(self, project: str, run_id: str, *, limit: int) -> tuple[Run, Sequence[Span]]: ...

    def spans_raw(self, project: str, keys: Any) -> Mapping[tuple[str, str], RawSpan]: ...


def case_of_run(
    store: RunReader, conversation: Callable[[RawSpan], Mapping[str, Any]], project: str, run_id: str
) -> ProbeCase:
    """Raises NotFound for a run that there is not, BadInput where its texts are not there."""
    run, spans = store.first_spans(project, run_id, limit=_SPANS_MAX)
    calls = sorted((span for span in spans if span.op_kind == "llm"), key=lambda span: (span.start_ns, span.span_id))
    keys = [(span.trace_id, span.span_id) for span in calls[:_CALLS_READ]]
    raws = store.spans_raw(project, keys)
    state = "it has no model call"
    for key in keys:
        if (raw := raws.get(key)) is None:
            continue
        found = conversation(raw)
        if text := _first(found["input"], "user"):
            return ProbeCase(text, _first(found["input"], "system") or None, run.error_class)
        state = f"the texts of its first model call are {found['content_state']}"
    raise BadInput(f"run {run_id[:64]!r} does not say what it was given: {state}", mend="give the text as `input`")


def _first(messages: Sequence[Mapping[str, Any]], role: str) -> str:
    """The text of the first message of that role; "" without one."""
    for message in messages:
        if message.get("role") == role:
            parts = [part.get("content") for part in message.get("parts", ()) if part.get("type") == "text"]
            if text := "\n".join(part for part in parts if isinstance(part, str)):
                return text
    return ""
