"""Raw spans in, canonical spans out: the only thing that runs once per span, so it is written for speed.

All decisions that depend on the shape of a span are in its plan; here values are pulled and the rules that depend on
values are applied. Total: any raw span gives a canonical span, whatever its attributes hold. Thread-confined.
"""

from __future__ import annotations

from typing import Any

from quarterdeck.model.raw import RawSpan
from quarterdeck.model.reports import UnmappedKey
from quarterdeck.model.spans import OpKind, Span
from quarterdeck.observe.canonical.arithmetic import NOTHING, Counts
from quarterdeck.observe.canonical.direct_usage import FROM_CACHE, direct_usage
from quarterdeck.observe.canonical.error_types import ErrorTypes, type_of_message
from quarterdeck.observe.canonical.evaluations import evaluations_of
from quarterdeck.observe.canonical.failures import ERROR_CLASSES, FAILURE_MARKS, classify, exception_of
from quarterdeck.observe.canonical.hashes import Hasher, content_hash
from quarterdeck.observe.canonical.kinds import OP_KINDS, kind_from_name, kind_of
from quarterdeck.observe.canonical.labels import Key, worth_keeping
from quarterdeck.observe.canonical.memory import Memory
from quarterdeck.observe.canonical.origins import Origin, override
from quarterdeck.observe.canonical.plan import (
    SLOTS,
    SMALL_SPAN,
    Candidates,
    Plan,
    indexed_tool_values,
    shape_of,
)
from quarterdeck.observe.canonical.promised import promised_of
from quarterdeck.observe.canonical.providers import provider_of_model
from quarterdeck.observe.canonical.requested import kept_links, requested_calls
from quarterdeck.observe.canonical.tool_events import ARGUMENTS, RESULTS, payload
from quarterdeck.observe.canonical.unmapped import UnmappedCounter
from quarterdeck.observe.canonical.usage import normalise_usage, unknown_keys
from quarterdeck.observe.canonical.values import after, anything, decode_twice, seconds_after, text, within
from quarterdeck.observe.canonical.weights import weight_of

NAME_MAX = 1_024
MESSAGE_MAX = 2_048
"""Characters kept of a span's name and of its status message."""

HTTP_FAILED = 400
"""HTTP statuses from here on are failures."""

_NAMED_BY_SERVICE = frozenset({"agent", "workflow", "chain", "llm"})

_WIDTH = len(Span._fields)
_STATUS = SLOTS["status"]
_STATUS_MESSAGE = SLOTS["status_message"]
_OP_KIND = SLOTS["op_kind"]
_OP_NAME = SLOTS["op_name"]
_SESSION = SLOTS["session_id"]
_SESSION_SOURCE = SLOTS["session_source"]
_PROVIDER = SLOTS["provider"]
_MODEL_REQUEST = SLOTS["model_request"]
_MODEL_RESPONSE = SLOTS["model_response"]
_TTFT = SLOTS["ttft_s"]
_IN = SLOTS["tokens_input"]
_REASONING = SLOTS["tokens_reasoning"]
_TOTAL = SLOTS["tokens_total"]
_USAGE_SCOPE = SLOTS["usage_scope"]
_CONFIDENCE = SLOTS["usage_confidence"]
_AGENT = SLOTS["agent_name"]
_AGENT_SOURCE = SLOTS["agent_name_source"]
_TOOL = SLOTS["tool_name"]
_TOOL_CALL = SLOTS["tool_call_id"]
_COST = SLOTS["cost_reported_usd"]
_TOOL_ARGS = SLOTS["tool_args_hash"]
_TOOL_RESULT = SLOTS["tool_result_hash"]
_USER_HASH = SLOTS["user_hash"]
_USER = SLOTS["user_id"]
_PROMPT_HASH = SLOTS["prompt_hash"]
_TOOLSET = SLOTS["toolset_hash"]
_ERROR_TYPE = SLOTS["error_type"]
_ERROR_CLASS = SLOTS["error_class"]
_WEIGHT = SLOTS["weight"]
_RETRY = SLOTS["retry_attempt"]
_REQUESTED = SLOTS["tool_calls_requested"]
_LINKS = SLOTS["links"]
_EVALUATIONS = SLOTS["evaluations"]
_PROMISED = SLOTS["promised"]


def _pick(candidates: Candidates, attributes: dict[str, Any]) -> Any:
    """The first value among the candidates that says something."""
    for key, read in candidates:
        value = read(attributes[key])
        if value is not None:
            return value
    return None


class Canonicalizer:
    """Maps raw spans to canonical ones; belongs to one thread.

    `user_hash_key`: secret under which user ids are hashed; the same key keeps joins across restarts.
    """

    def __init__(self, *, user_hash_key: bytes) -> None:
        self._hasher = Hasher(user_hash_key)
        self._unmapped = UnmappedCounter()
        self._error_types = ErrorTypes()
        self._memory = Memory()
        self._last: Origin | None = None

    @property
    def plans_kept(self) -> int:
        """Plans in the cache, at most PLANS_MAX."""
        return self._memory.plans_kept

    @property
    def plans_compiled(self) -> int:
        """Plans made so far: one for each shape, unless the cache was full in between."""
        return self._memory.plans_compiled

    @property
    def plans_dropped(self) -> int:
        """Plans that a full cache let go."""
        return self._memory.plans_dropped

    def canonicalize(self, raw: RawSpan) -> Span:
        """The canonical form of `raw`. Never raises for what a producer sent; the same input gives the same output."""
        # Unpacked once: a named field of a tuple costs as much as a look into a dictionary.
        (
            project,
            trace_id,
            span_id,
            parent,
            state,
            name,
            _,
            start,
            end,
            code,
            said,
            attributes,
            events,
            links,
            resource,
            scope,
        ) = raw
        origin = self._last
        if origin is None or origin.resource is not resource or origin.scope is not scope:
            origin = self._last = self._memory.origin(resource, scope)
        keys = tuple(attributes) if len(attributes) <= SMALL_SPAN else shape_of(attributes)
        plan = origin.plans.get(keys)
        if plan is None:
            plan = self._memory.plan(origin, keys)
        row = self._decided(plan, raw, origin)
        kind: OpKind = row[_OP_KIND]
        for slot, key, read, rest in plan.varying:
            value = read(attributes[key])
            if value is None and rest:
                value = _pick(rest, attributes)
            if value is not None:
                row[slot] = value
        if origin.overrides:
            override(row, attributes, [found for found in origin.overrides if found[0] in plan.varying_slots])
        self._set_ids(row, plan, raw)
        if plan.reads_usage:
            self._set_usage(row, plan, raw, kind)
        self._set_identity(row, plan, raw, kind)
        if code == 2 or said or state or not plan.plain_outcome or row[_ERROR_TYPE] is not None:
            self._set_outcome(row, plan, raw, kind)
        else:
            row[_STATUS] = "ok" if code == 1 else "unset"
        if links:
            row[_LINKS] = kept_links(raw, retry=bool(row[_RETRY]), op_name=row[_OP_NAME])
        if events or plan.evaluation or plan.promised:
            self._set_told(row, plan, raw)
        if plan.unmapped:
            self._note_unmapped(row, plan, raw, origin)
        row[:7] = (project, trace_id, span_id, parent, name if len(name) <= NAME_MAX else name[:NAME_MAX], start, end)
        del row[_WIDTH:]
        return tuple.__new__(Span, row)

    def drain_unmapped(self, now_ns: int) -> list[UnmappedKey]:
        """Keys seen since the last call that no dialect reads, most frequent first."""
        return self._unmapped.drain(now_ns)

    def _decided(self, plan: Plan, raw: RawSpan, origin: Origin) -> list[Any]:
        """A row of one's own with all that plan, origin, name and labels decide, remembered where they are words."""
        key: Key = (plan, raw.name, not raw.parent_span_id, plan.labels(raw.attributes))
        try:
            found = origin.decided.get(key)
        except TypeError:  # a list or a map where a word should be
            return self._decide(plan, raw, origin)
        if found is None:
            found = self._decide(plan, raw, origin)
            if not worth_keeping(key):
                return found
            self._memory.remember(origin, key, found)
        return found.copy()

    def _decide(self, plan: Plan, raw: RawSpan, origin: Origin) -> list[Any]:
        """What `_decided` remembers: looks at nothing but plan, origin, name, labels, and whether there is a parent."""
        row = plan.row.copy()
        for slot, value in origin.defaults:
            row[slot] = value
        for slot, key, read, rest in plan.label_reads:
            value = _pick(((key, read), *rest), raw.attributes)
            if value is not None:
                row[slot] = value
        override(row, raw.attributes, [found for found in origin.overrides if found[0] not in plan.varying_slots])
        kind = self._set_kind(row, plan, raw)
        self._set_names(row, plan, raw, origin, kind)
        return row

    # --- rules that depend on values

    def _set_kind(self, row: list[Any], plan: Plan, raw: RawSpan) -> OpKind:
        kind: OpKind | None = None
        attributes = raw.attributes
        for key, table in plan.kinds:
            word = attributes[key]
            if type(word) is not str or not word:
                continue
            if row[_OP_NAME] is None:
                row[_OP_NAME] = text(word)
            kind = kind_of(word, table)
            if kind is not None:
                break
        if plan.op_kind_own:
            kind = OP_KINDS.get(_pick(plan.op_kind_own, attributes) or "", kind)
        if kind is None:
            kind = plan.presence or plan.names.get(raw.name) or kind_from_name(raw.name, plan.name_prefixes)
        elif kind == "chain" and plan.root_chain_is_workflow and not raw.parent_span_id:
            kind = "workflow"
        row[_OP_KIND] = kind
        return kind

    def _set_names(self, row: list[Any], plan: Plan, raw: RawSpan, origin: Origin, kind: OpKind) -> None:
        if row[_AGENT] is not None:
            row[_AGENT_SOURCE] = "explicit"
        elif kind in _NAMED_BY_SERVICE:
            row[_AGENT], row[_AGENT_SOURCE] = self._agent_name(plan, raw, origin, kind)
        if kind == "tool" and row[_TOOL] is None:
            row[_TOOL] = _pick(plan.entity_name, raw.attributes) or after(raw.name, "execute_tool ")
        elif kind == "llm" and plan.dialect.entity_is_model and row[_MODEL_REQUEST] is None:
            row[_MODEL_REQUEST] = _pick(plan.entity_name, raw.attributes)
        if row[_PROVIDER] is None:
            model = row[_MODEL_REQUEST] or row[_MODEL_RESPONSE]
            if model is not None:
                row[_PROVIDER] = provider_of_model(model)

    @staticmethod
    def _set_told(row: list[Any], plan: Plan, raw: RawSpan) -> None:
        row[_EVALUATIONS] = evaluations_of(raw, own=plan.evaluation)
        row[_PROMISED] = promised_of(raw.attributes) if plan.promised else None

    def _set_ids(self, row: list[Any], plan: Plan, raw: RawSpan) -> None:
        if plan.mcp_session is not None and row[_TOOL_CALL] is not None:
            row[_TOOL_CALL] = within(text(raw.attributes.get(plan.mcp_session)), row[_TOOL_CALL])
        if row[_SESSION] is not None:
            row[_SESSION_SOURCE] = plan.session_source
        if row[_USER] is not None:
            row[_USER_HASH] = self._hasher.user(row[_USER])

    def _agent_name(self, plan: Plan, raw: RawSpan, origin: Origin, kind: OpKind) -> tuple[str | None, str | None]:
        if kind == "agent":
            name = _pick(plan.entity_name, raw.attributes)
            if name is not None:
                return name, "explicit"
        if plan.agent_fallback:
            name = _pick(plan.agent_fallback, raw.attributes)
            if name is not None:
                return name, "fallback"
        if kind == "agent":
            name = after(raw.name, "invoke_agent ") or after(raw.name.removesuffix("]"), "agent_run [")
            if name is not None:
                return name, "span_name"
        return (origin.service_name, "inferred") if origin.service_name else (None, None)

    def _set_usage(self, row: list[Any], plan: Plan, raw: RawSpan, kind: OpKind) -> None:
        if plan.two_counts and (row[_IN] or 0) > 0 and (row[_IN + 1] or 0) > 0:
            row[_CONFIDENCE], row[_USAGE_SCOPE] = "exact", plan.usage_scopes[kind]
            return
        counts = NOTHING
        if plan.document_first:
            counts = self._document_usage(row, plan, raw)
        if counts.confidence is None:
            counts = direct_usage(row, plan, kind, raw.attributes)
        if counts.input is None and counts.output is None and plan.documents and not plan.document_first:
            counts = self._document_usage(row, plan, raw)
        confidence = counts.confidence
        if plan.unmapped_usage and not (confidence == "exact" and row[_TOTAL] is not None):
            confidence = "unmapped"
        if confidence == "assumed" and plan.includes_cache:
            confidence = "exact"
        if plan.recounts and counts.output is not None:
            confidence = "recounted"
        if plan.cache_hit and _pick(plan.cache_hit, raw.attributes):
            row[_COST] = 0.0
            counts, confidence = FROM_CACHE, "cache_hit"
        row[_IN : _REASONING + 1] = counts[:6]
        row[_CONFIDENCE] = confidence
        if counts.input is not None or counts.output is not None:
            row[_USAGE_SCOPE] = plan.usage_scopes[kind]

    def _document_usage(self, row: list[Any], plan: Plan, raw: RawSpan) -> Counts:
        for key, read in plan.documents:
            document = decode_twice(read(raw.attributes[key]))
            unknown = unknown_keys(document)
            if unknown:
                found = tuple(f"{key}{{{name[:100]}}}" for name in unknown[:16])
                self._unmapped.note(raw.project, found, plan.dialect.name, str(raw.scope.name), raw.trace_id)
            counts = normalise_usage(row[_PROVIDER] or "", document)
            if counts.confidence is not None:
                return counts._replace(confidence="unmapped") if unknown and counts.confidence != "exact" else counts
        return NOTHING

    def _set_identity(self, row: list[Any], plan: Plan, raw: RawSpan, kind: OpKind) -> None:
        attributes = raw.attributes
        if plan.tools or plan.indexed_tools:
            row[_TOOLSET] = self._toolset(plan, attributes)
        if kind == "llm":
            system = self._system(plan, attributes)
            if system is not None or row[_TOOLSET] is not None:
                row[_PROMPT_HASH] = self._hasher.prompt(system, row[_TOOLSET])
            if plan.outputs or plan.indexed_output or raw.events:
                row[_REQUESTED] = requested_calls(raw, plan.outputs, plan.indexed_output)
            if row[_TTFT] is None and plan.completion_start:
                row[_TTFT] = seconds_after(raw.start_ns, _pick(plan.completion_start, attributes))
        elif kind == "tool":
            if plan.tool_args:
                row[_TOOL_ARGS] = _hash_or_none(_pick(plan.tool_args, attributes))
            if plan.tool_result:
                row[_TOOL_RESULT] = _hash_or_none(_pick(plan.tool_result, attributes))
            if raw.events:
                _hash_events(row, raw)

    def _toolset(self, plan: Plan, attributes: dict[str, Any]) -> str | None:
        for key, read in plan.tools:
            found = self._hasher.toolset(attributes[key], read)
            if found is not None:
                return found
        if plan.indexed_tools:
            return self._hasher.toolset(indexed_tool_values(attributes), anything)
        return None

    def _system(self, plan: Plan, attributes: dict[str, Any]) -> str | None:
        """The system instructions of a model call: of their own, else the first message."""
        if plan.system:
            found = self._hasher.system(_pick(plan.system, attributes))
            if found is not None:
                return found
        if plan.indexed_system is not None:
            role, content = plan.indexed_system
            if attributes[role] in ("system", "developer"):
                return self._hasher.system(attributes[content])
        for key, read in plan.first_message:
            found = self._hasher.opening(read(attributes[key]))
            if found is not None:
                return found
        return None

    def _set_outcome(self, row: list[Any], plan: Plan, raw: RawSpan, kind: OpKind) -> None:
        failed = raw.status_code == 2 or row[_ERROR_TYPE] is not None
        if not failed and plan.failure_marks:
            failed = any(FAILURE_MARKS[key](raw.attributes[key]) for key in plan.failure_marks)
        if raw.status_message:
            row[_STATUS_MESSAGE] = raw.status_message[:MESSAGE_MAX]
        if failed:
            self._set_error(row, plan, raw, kind)
        else:
            row[_STATUS] = "ok" if raw.status_code == 1 else "unset"
        if plan.sampled or "ot=" in raw.trace_state:
            row[_WEIGHT] = weight_of(raw.trace_state, raw.attributes)

    def _set_error(self, row: list[Any], plan: Plan, raw: RawSpan, kind: OpKind) -> None:
        row[_STATUS] = "error"
        exception, message = exception_of(raw.events) if raw.events else (None, None)
        if row[_ERROR_TYPE] is None:
            row[_ERROR_TYPE] = exception or type_of_message(
                raw.status_message or _pick(plan.error_message, raw.attributes) or ""
            )
        said = " ".join(
            part for part in (exception, raw.status_message, message, _pick(plan.error_message, raw.attributes)) if part
        )
        http_status = _pick(plan.http_status, raw.attributes)
        row[_ERROR_CLASS] = classify(kind, row[_ERROR_TYPE], said, http_status)
        if row[_ERROR_TYPE] is None and http_status is not None and http_status >= HTTP_FAILED:
            row[_ERROR_TYPE] = str(http_status)
        if row[_ERROR_TYPE] is not None:
            row[_ERROR_TYPE] = self._error_types.admit(raw.project, raw.start_ns, row[_ERROR_TYPE])
        if plan.error_class_own:
            own = _pick(plan.error_class_own, raw.attributes)
            row[_ERROR_CLASS] = ERROR_CLASSES.get(own, row[_ERROR_CLASS])

    def _note_unmapped(self, row: list[Any], plan: Plan, raw: RawSpan, origin: Origin) -> None:
        if plan.unmapped_usage and row[_CONFIDENCE] is None:
            row[_CONFIDENCE] = "unmapped"
        self._unmapped.note(raw.project, plan.unmapped, plan.dialect.name, origin.scope_name, raw.trace_id)


def _hash_events(row: list[Any], raw: RawSpan) -> None:
    """Payloads of a tool call that stand in events only."""
    if row[_TOOL_ARGS] is None:
        row[_TOOL_ARGS] = _hash_or_none(payload(raw.events, ARGUMENTS))
    if row[_TOOL_RESULT] is None:
        row[_TOOL_RESULT] = _hash_or_none(payload(raw.events, RESULTS))


def _hash_or_none(value: Any) -> str | None:
    return None if value is None else content_hash(value)
