"""Plans: which attribute feeds which canonical field, decided once per shape of span.

The decision depends only on the instrumentation scope and on the set of attribute keys, so it is compiled once and
used for every span of that shape. A plan keeps, per field, all keys that are there in order of precedence, since the
first may turn out to be empty. Everything here is pure; who keeps plans, and how many, is the canonicalizer's business.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from quarterdeck.model.spans import OpKind, Span, UsageScope
from quarterdeck.observe.canonical.dialect import Dialect
from quarterdeck.observe.canonical.dialects import DIALECTS, UNKNOWN
from quarterdeck.observe.canonical.evaluations import tells_evaluation
from quarterdeck.observe.canonical.failures import FAILURE_MARKS
from quarterdeck.observe.canonical.kinds import KINDS, NAME_PREFIXES, OP_KINDS, PRESENCE
from quarterdeck.observe.canonical.known_keys import FAMILIES, KNOWN
from quarterdeck.observe.canonical.labels import LABEL_FIELDS, Labels, labels_of
from quarterdeck.observe.canonical.near_misses import NearMisses
from quarterdeck.observe.canonical.precedence import ABOVE_ALL, BAGGAGE_SESSIONS, GLOBAL, OWN
from quarterdeck.observe.canonical.promised import ESTIMATE_KEYS
from quarterdeck.observe.canonical.providers import model_name
from quarterdeck.observe.canonical.readers import candidate
from quarterdeck.observe.canonical.requested import outputs_of
from quarterdeck.observe.canonical.values import Reader
from quarterdeck.observe.canonical.weights import WEIGHT_KEYS, shows_sampling

MAPPING_VERSION = 4
"""Raised whenever the same raw span would give another canonical span; raw spans can be mapped again."""

SLOTS: Mapping[str, int] = {name: index for index, name in enumerate((*Span._fields, "tokens_total", "user_id"))}
"""Where a field stands in a row: first the canonical span, then what is read on the way to it."""

MCP_REQUEST_IDS = ("jsonrpc.request.id", "mcp.request.id")
"""Ids of tool calls that are counted anew in each MCP session."""

LAZY = frozenset(
    {
        "usage_document", "tool_args", "tool_result", "system", "first_message", "tools", "completion_start",
        "error_message", "http_status", "agent_name_fallback", "entity_name", "error_class_own", "op_kind_own", "cache_hit",
        "uncached_input",
    }
)  # fmt: skip
"""Fields that are read only when the rest of the span asks for them."""

INDEXED = (
    "llm.input_messages.",
    "llm.output_messages.",
    "gen_ai.prompt.",
    "gen_ai.completion.",
    "llm.tools.",
    "llm.request.functions.",
    "embedding.embeddings.",
    "reranker.input_documents.",
    "reranker.output_documents.",
    "retrieval.documents.",
)
"""Prefixes of keys that carry a running number: they never decide a field and would make every span a new shape."""

_FIRST_OF_INDEXED = tuple(f"{prefix}0." for prefix in INDEXED)

SMALL_SPAN = 40
"""Up to so many keys, all of them decide the plan: looking for running numbers would cost more than it saves."""

TOOL_SLOTS_MAX = 256
"""Indexed tool definitions that are read from one span."""

_INDEXED_TOOL = re.compile(r"^(?:llm\.tools|llm\.request\.functions)\.\d{1,4}\.")

_NUMBER = re.compile(r"\.\d+(?=\.|$)")

_USAGE_WORDS = re.compile(r"^(?!.*max).*(?:usage|token)", re.IGNORECASE)

Candidate = tuple[str, Reader]
Candidates = tuple[Candidate, ...]
Read = tuple[int, str, Reader, Candidates]
"""(slot, first key, its reader, the keys to try after it)."""


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """How to read every span of one shape.

    `label_reads` are decided with the labels (see there), `varying` are read from every span. `two_counts`: usage is an
    input and an output count and nothing else, so that two positive numbers need no arithmetic. `plain_outcome`: no
    attribute tells of failure or sampling.
    """

    dialect: Dialect
    row: list[Any]
    labels: Labels
    label_reads: tuple[Read, ...]
    varying: tuple[Read, ...]
    varying_slots: frozenset[int]
    kinds: tuple[tuple[str, Mapping[str, OpKind]], ...]
    presence: OpKind | None
    names: Mapping[str, OpKind]
    name_prefixes: tuple[tuple[str, OpKind], ...]
    root_chain_is_workflow: bool
    recounts: bool
    includes_cache: bool
    usage_scopes: Mapping[OpKind, UsageScope]
    reads_usage: bool
    two_counts: bool
    documents: Candidates
    document_first: bool
    tool_args: Candidates
    tool_result: Candidates
    system: Candidates
    first_message: Candidates
    indexed_system: tuple[str, str] | None
    tools: Candidates
    indexed_tools: bool
    completion_start: Candidates
    agent_fallback: Candidates
    entity_name: Candidates
    error_message: Candidates
    http_status: Candidates
    op_kind_own: Candidates
    error_class_own: Candidates
    failure_marks: tuple[str, ...]
    sampled: bool
    plain_outcome: bool
    unmapped: tuple[str, ...]
    unmapped_usage: bool
    session_source: str
    mcp_session: str | None
    cache_hit: Candidates
    uncached_input: Candidates
    outputs: tuple[str, ...]
    indexed_output: bool
    evaluation: bool
    promised: bool

    @property
    def reads(self) -> tuple[Read, ...]:
        """What is read from a span whatever it turns out to be."""
        return (*self.label_reads, *self.varying)


@dataclass(frozen=True, slots=True)
class _Index:
    """A dialect's tables turned around: attribute key → (field, rank, reader)."""

    feeds: Mapping[str, tuple[tuple[str, int, Reader], ...]]
    kinds: tuple[tuple[str, Mapping[str, OpKind]], ...]


def detect(scope_name: str, schema_url: str, keys: Sequence[str]) -> Dialect:
    """The primary dialect: by scope name, then by schema, then by telling keys."""
    for dialect in DIALECTS:
        if dialect.matches_scope(scope_name):
            return dialect
    for dialect in DIALECTS:
        if any(part in schema_url for part in dialect.schemas):
            return dialect
    for dialect in DIALECTS:
        if _has_any(keys, dialect.markers):
            return dialect
    return UNKNOWN


def _has_any(keys: Iterable[str], wanted: tuple[str, ...]) -> bool:
    """Whether a key is one of `wanted`, or begins with one that ends in "."."""
    if not wanted:
        return False
    prefixes = tuple(item for item in wanted if item.endswith("."))
    return any(key in wanted or (prefixes and key.startswith(prefixes)) for key in keys)


def shape_of(attributes: Mapping[str, Any]) -> tuple[str, ...]:
    """The keys that decide a plan: all of a small span, of a large one all but the running numbers."""
    if len(attributes) <= SMALL_SPAN:
        return tuple(attributes)
    return tuple(key for key in attributes if not key.startswith(INDEXED) or key.startswith(_FIRST_OF_INDEXED))


@lru_cache(maxsize=64)
def _index(dialect_name: str) -> _Index:
    dialect = next((found for found in DIALECTS if found.name == dialect_name), UNKNOWN)
    feeds: dict[str, list[tuple[str, int, Reader]]] = {}
    for name in (*GLOBAL, *(set(OWN) - set(GLOBAL)), *(set(dialect.fields) - set(GLOBAL))):
        for rank, spelled in enumerate(_ranked(name, dialect)):
            key, reader = candidate(name, spelled)
            feeds.setdefault(key, []).append((name, rank, reader))
    # Langfuse's word stands above every dialect, since who writes it has looked at the span; {**} keeps first places
    ordered = {"langfuse.observation.type": {}, **dialect.kinds, **KINDS}
    return _Index({key: tuple(found) for key, found in feeds.items()}, tuple(ordered.items()))


def _ranked(name: str, dialect: Dialect) -> tuple[str, ...]:
    """Our own attribute, what stands above every dialect, the dialect's keys, then everybody's, without repeats."""
    own = (OWN[name],) if name in OWN else ()
    return tuple(dict.fromkeys((*own, *ABOVE_ALL.get(name, ()), *dialect.fields.get(name, ()), *GLOBAL.get(name, ()))))


def compile_plan(scope_name: str, schema_url: str, keys: Sequence[str]) -> Plan:
    """The plan for spans of this scope with these attribute keys. Pure; about 50 microseconds for 15 keys."""
    index = _index((dialect := detect(scope_name, schema_url, keys)).name)
    chosen, present = _chosen(keys, index), set(keys)
    unmapped = _unmapped(keys, index, (*FAMILIES, *dialect.families))
    (outputs, indexed_output), varying = outputs_of(keys), _reads(chosen, labels=False)
    marks, sampled = tuple(key for key in FAILURE_MARKS if key in present), shows_sampling(tuple(keys))
    unmapped_usage = any(_USAGE_WORDS.search(key) for key in unmapped)
    return Plan(
        dialect=dialect,
        row=_empty_row(dialect),
        labels=labels_of(_label_keys(chosen, [key for key, _ in index.kinds if key in present])),
        label_reads=_reads(chosen, labels=True),
        varying=varying,
        varying_slots=frozenset(slot for slot, *_ in varying),
        kinds=tuple((key, table) for key, table in index.kinds if key in present),
        presence=None if dialect.names_decide else _presence(dialect, keys),
        names=dialect.names,
        name_prefixes=(*dialect.name_prefixes, *NAME_PREFIXES),
        root_chain_is_workflow=dialect.root_chain_is_workflow and "langfuse.observation.type" not in present,
        recounts=scope_name in dialect.recounts,
        includes_cache=dialect.input_includes_cache and dialect.matches_scope(scope_name),
        usage_scopes=_usage_scopes(dialect, scope_name, chosen, keys),
        reads_usage=any(name.startswith("tokens_") or name == "usage_document" for name in chosen),
        two_counts=not unmapped_usage and _is_two_counts(dialect, scope_name, chosen),
        documents=chosen.get("usage_document", ()),
        document_first="usage_document" in dialect.fields and "usage_document" in chosen,
        tool_args=chosen.get("tool_args", ()),
        tool_result=chosen.get("tool_result", ()),
        system=chosen.get("system", ()),
        first_message=chosen.get("first_message", ()),
        indexed_system=_indexed_system(present),
        tools=chosen.get("tools", ()),
        indexed_tools=any(key.startswith(("llm.tools.0.", "llm.request.functions.0.")) for key in keys),
        completion_start=chosen.get("completion_start", ()),
        agent_fallback=chosen.get("agent_name_fallback", ()),
        entity_name=chosen.get("entity_name", ()),
        error_message=chosen.get("error_message", ()),
        http_status=chosen.get("http_status", ()),
        op_kind_own=chosen.get("op_kind_own", ()),
        error_class_own=chosen.get("error_class_own", ()),
        failure_marks=marks,
        sampled=sampled,
        plain_outcome=not sampled and not marks,
        unmapped=unmapped,
        unmapped_usage=unmapped_usage,
        session_source=_session_source(chosen),
        mcp_session=_mcp_session(chosen),
        cache_hit=chosen.get("cache_hit", ()),
        uncached_input=chosen.get("uncached_input", ()),
        outputs=outputs,
        indexed_output=indexed_output,
        evaluation=tells_evaluation(keys),
        promised=not present.isdisjoint(ESTIMATE_KEYS),
    )


def _chosen(keys: Sequence[str], index: _Index) -> dict[str, Candidates]:
    """Field → the keys of this shape that feed it, in order."""
    found: dict[str, list[tuple[int, str, Reader]]] = {}
    for key in keys:
        for name, rank, reader in index.feeds.get(key, ()):
            found.setdefault(name, []).append((rank, key, reader))
    chosen = {name: _in_order(candidates) for name, candidates in found.items()}
    if "model" in keys and "model_request" not in chosen and "tokens_input" in chosen:
        chosen["model_request"] = (("model", model_name),)  # bare, but beside usage it can be nothing else
    return chosen


def _session_source(chosen: Mapping[str, Candidates]) -> str:
    """`baggage` where a session stands in copied baggage alone, else `explicit`."""
    keys = [key for key, _ in chosen.get("session_id", ())]
    return "baggage" if keys and all(key in BAGGAGE_SESSIONS for key in keys) else "explicit"


def _mcp_session(chosen: Mapping[str, Candidates]) -> str | None:
    """The key that makes a tool call's id unique, where only a request's number is there; None = it is unique."""
    keys = [key for key, _ in chosen.get("tool_call_id", ())]
    return "mcp.session.id" if keys and all(key in MCP_REQUEST_IDS for key in keys) else None


def _in_order(candidates: list[tuple[int, str, Reader]]) -> Candidates:
    return tuple((key, reader) for _, key, reader in sorted(candidates, key=lambda item: item[0]))


def _empty_row(dialect: Dialect) -> list[Any]:
    row: list[Any] = [None] * len(SLOTS)
    row[SLOTS["dialect"]] = dialect.name
    row[SLOTS["mapping_version"]] = MAPPING_VERSION
    row[SLOTS["usage_scope"]] = "none"
    row[SLOTS["weight"]] = 1.0
    return row


def _reads(chosen: Mapping[str, Candidates], *, labels: bool) -> tuple[Read, ...]:
    eager = ((name, candidates) for name, candidates in chosen.items() if name not in LAZY)
    return tuple(
        (SLOTS[name], *candidates[0], candidates[1:]) for name, candidates in eager if (name in LABEL_FIELDS) == labels
    )


def _label_keys(chosen: Mapping[str, Candidates], kinds: Sequence[str]) -> list[str]:
    """Keys that kind and names may depend on."""
    fields = (*LABEL_FIELDS, "op_kind_own", "entity_name", "agent_name_fallback")
    return list(dict.fromkeys((*kinds, *(key for name in fields for key, _ in chosen.get(name, ())))))


def _is_two_counts(dialect: Dialect, scope_name: str, chosen: Mapping[str, Candidates]) -> bool:
    told = {name for name in chosen if name.startswith("tokens_") or name in ("usage_document", "cache_hit")}
    plain = not dialect.input_excludes_cache and scope_name not in dialect.recounts
    return plain and told == {"tokens_input", "tokens_output"}


def _presence(dialect: Dialect, keys: Sequence[str]) -> OpKind | None:
    for key, kind in (*dialect.presence, *PRESENCE):
        if _has_any(keys, (key,)):
            return kind
    return None


def _usage_scopes(
    dialect: Dialect, scope_name: str, chosen: Mapping[str, Candidates], keys: Sequence[str]
) -> Mapping[OpKind, UsageScope]:
    """What usage means per kind of span, were it one: calls carry their own, agents and wrappers all below them."""
    scopes: dict[OpKind, UsageScope] = dict.fromkeys(OP_KINDS.values(), "own")
    scopes.update({"agent": "inclusive", "workflow": "inclusive", "chain": "inclusive"})
    for rule in dialect.usage_rules:
        if scope_name.startswith(rule.scope_prefix) and (not rule.keys or _has_any(keys, rule.keys)):
            scopes.update(dict.fromkeys(rule.kinds, rule.scope))
    sources = [chosen[name][0][0] for name in ("tokens_input", "tokens_output") if name in chosen]
    if sources and all(key.startswith("gen_ai.usage.partial.") for key in sources):
        scopes = dict.fromkeys(scopes, "partial")
    return scopes


def _indexed_system(present: set[str]) -> tuple[str, str] | None:
    """(role key, content key) of a first message that is spread over indexed attributes."""
    for role, contents in (
        ("gen_ai.prompt.0.role", ("gen_ai.prompt.0.content",)),
        (
            "llm.input_messages.0.message.role",
            ("llm.input_messages.0.message.content", "llm.input_messages.0.message.contents.0.message_content.text"),
        ),
    ):
        for content in contents:
            if role in present and content in present:
                return role, content
    return None


def indexed_tool_values(attributes: Mapping[str, Any]) -> list[Any]:
    """Tool definitions that are spread over indexed attributes, one value per tool attribute."""
    found: list[Any] = []
    for key in attributes:
        if _INDEXED_TOOL.match(key):
            value = attributes[key]
            # OpenInference has one JSON text per tool; OpenLLMetry spreads a tool over keys, so the key's end counts
            found.append(value if key.endswith(".tool.json_schema") else [key.rsplit(".", 1)[-1], value])
            if len(found) >= TOOL_SLOTS_MAX:
                break
    return found


_KNOWN_EXACT = frozenset(
    key
    for key in (
        *KNOWN, *KINDS, *FAILURE_MARKS, *WEIGHT_KEYS, *OWN.values(), *ESTIMATE_KEYS,
        *(key for dialect in DIALECTS for key in (*dialect.known, *dialect.kinds, *dialect.markers, *dict(dialect.presence))),
    )
    if not key.endswith(".")
)  # fmt: skip
_NEAR = NearMisses(
    {
        key.partition("{")[0]
        for table in (GLOBAL, *(dialect.fields for dialect in DIALECTS))
        for keys in table.values()
        for key in keys
    }
    | set(KINDS)
)
_KNOWN_PREFIXES = tuple(
    key for key in (*KNOWN, *(key for dialect in DIALECTS for key in dialect.known)) if key.endswith(".")
)


def _is_told(key: str, families: tuple[str, ...]) -> bool:
    """Whether an unread key is worth telling: of a telling family, or like one that is read."""
    if key.startswith(_KNOWN_PREFIXES):
        return not key.startswith(INDEXED) and _NEAR.extended(key)
    return key.startswith(families) or key in _NEAR


def _unmapped(keys: Sequence[str], index: _Index, families: tuple[str, ...]) -> tuple[str, ...]:
    """Keys of a telling family that nothing reads, running numbers replaced, sorted."""
    found = {
        _NUMBER.sub(".{i}", key[:200])
        for key in keys
        if key not in index.feeds and key not in _KNOWN_EXACT and _is_told(key, families)
    }
    return tuple(sorted(found))
