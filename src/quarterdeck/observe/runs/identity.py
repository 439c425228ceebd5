"""Who a run is: agent, versions, model, session and the context that cohorts are made of.

The subject speaks first, then the top, then the earliest span that knows. Refuses: to invent a value.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from quarterdeck.model.spans import Span
from quarterdeck.observe.runs.columns import Columns, first, known
from quarterdeck.observe.runs.cost import Model

_CONTEXT = (
    "tenant", "environment", "feature", "task_class", "user_hash", "toolset_hash", "config_hash", "agent_version",
    "task_key", "promised",
)  # fmt: skip

PROMPT_HASH_MARK = "sha:"
"""Begins a prompt version that is the hash of what the model was told."""


class Voices(NamedTuple):
    """Who is asked, in order: `heads` (subject, top), the members by column, and the root the run was cut out of."""

    heads: tuple[Span, ...]
    members: Columns
    context: Span | None

    def ask(self, field: str) -> Any:
        """The first known value of a field."""
        column = getattr(self.members, field)
        if known(column):
            for span in self.heads:
                value = getattr(span, field)
                if value is not None:
                    return value
            return first(column)
        return None if self.context is None else getattr(self.context, field)


class Session(NamedTuple):
    session_id: str | None
    source: str | None
    conflict: bool


def context_of(voices: Voices) -> dict[str, Any]:
    """The fields that follow the plain rule."""
    return {field: voices.ask(field) for field in _CONTEXT}


def agent_of(voices: Voices, subject: Span | None, root_name: str) -> str | None:
    """The subject's agent name, else that of the agent around all others, else workflow, service, root name.

    A name inferred from the service comes after the workflow.
    """
    if subject is not None and subject.agent_name is not None and not _inferred(subject):
        return subject.agent_name
    around = _agent_around(voices.members)
    if around is not None:
        return around
    if subject is not None and subject.op_kind in ("workflow", "chain") and subject.workflow_name is not None:
        return subject.workflow_name
    top = voices.heads[-1] if voices.heads else None
    if subject is None and top is not None and top.agent_name is not None and not _inferred(top):
        return top.agent_name
    found = voices.ask("workflow_name") or voices.ask("service_name") or root_name or None
    return found if isinstance(found, str) else None


def _agent_around(members: Columns) -> str | None:
    """The name of the named agent in whose time all other named agents lie; None when they take turns.

    Some producers put a nameless agent above (the trace), or a called agent beside its caller.
    """
    named = [
        (start, end, name)
        for kind, start, end, name, source in zip(
            members.op_kind,
            members.start_ns,
            members.end_ns,
            members.agent_name,
            members.agent_name_source,
            strict=True,
        )
        if kind == "agent" and name is not None and not _from_service(source)
    ]
    if not named:
        return None
    start, end, name = named[0]
    within = all(begun >= start and (not end or 0 < ended <= end) for begun, ended, _ in named[1:])
    return str(name) if within else None


def _inferred(span: Span) -> bool:
    return _from_service(span.agent_name_source)


def _from_service(source: str | None) -> bool:
    return source is not None and ("service" in source or source == "inferred")


def prompt_of(voices: Voices, subject: Span | None, calls: Sequence[Span]) -> str | None:
    """The subject's prompt version, else the only one of the calls, else the most frequent prompt hash (first wins).

    A hash is marked as one: nobody gave it as a version.
    """
    if subject is not None and subject.prompt_version is not None:
        return subject.prompt_version
    if known(voices.members.prompt_version):
        versions = {call.prompt_version for call in calls} - {None}
        if len(versions) == 1:
            return versions.pop()
    if not known(voices.members.prompt_hash):
        return None
    hashes = Counter(call.prompt_hash for call in calls if call.prompt_hash is not None)
    found = _leader(hashes) or voices.ask("prompt_hash")
    return None if found is None else PROMPT_HASH_MARK + found


def models_of(calls: Sequence[Span]) -> dict[str, int]:
    """Calls per model (response, else request), in order of first use; calls without model are left out."""
    return dict(Counter(model for call in calls if (model := call.model_response or call.model_request) is not None))


def main_model(voices: Voices, calls: Sequence[Span], models: dict[str, int]) -> Model:
    """(provider, model) with most calls; without calls, what the run's spans name first."""
    model = _leader(models) or voices.ask("model_response") or voices.ask("model_request")
    for call in calls:
        if call.provider is not None and model in (call.model_response, call.model_request):
            return call.provider, model
    return voices.ask("provider"), model


def _leader(counts: dict[str, int]) -> str | None:
    """The most frequent key; ties go to the first."""
    return max(counts, key=counts.__getitem__) if counts else None


def session_of(voices: Voices) -> Session:
    """The session that most spans name, ties to the earliest."""
    column = voices.members.session_id
    named = Counter(value for value in column if value is not None) if known(column) else Counter()
    if not named:
        return Session(voices.ask("session_id"), voices.ask("session_source"), conflict=False)
    chosen = _leader(named)
    return Session(chosen, voices.members.session_source[column.index(chosen)], conflict=len(named) > 1)
