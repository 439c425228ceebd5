"""What a dialect is: a table that says which attribute of one producer feeds which canonical field.

A dialect decides nothing by code. Precedence, arithmetic and detection read these tables; a newcomer is added by
copying the smallest file of `dialects/` and its golden spans.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from quarterdeck.model.spans import OpKind, UsageScope

Kinds = Mapping[str, OpKind]


@dataclass(frozen=True, slots=True)
class UsageRule:
    """What the numbers on a span mean when it is one of `kinds` and (if given) has one of `keys` or a scope prefix."""

    scope: UsageScope
    kinds: tuple[OpKind, ...]
    keys: tuple[str, ...] = ()
    scope_prefix: str = ""


@dataclass(frozen=True, slots=True)
class Dialect:
    """One producer's way of writing spans.

    `scopes`: prefixes of the instrumentation scope's name; a prefix that ends in a letter must match a whole part
    (`logfire` matches `logfire` and `logfire.openai`, never `logfirex`). `scopes_exact`: whole names.
    `schemas`: parts of the schema URL that give the dialect away.
    `markers`: attribute keys, or prefixes of keys when they end in ".", that give the dialect away without a scope.
    `fields`: canonical field → keys in order. `key{a.b}` is a place inside a JSON document.
    `kinds`: attribute key → its values (lower-case) → operation kind, in order.
    `presence`: (key, kind) for spans whose kind follows from a key being there.
    `names`, `name_prefixes`: whole names and beginnings of names of spans → kind, asked when no word and no key says it;
    with `names_decide` before keys are asked, since they mislead (a speech model is no model call).
    `entity_is_model`: `entity_name` names the model where the span is a model call.
    `input_excludes_cache`, `input_includes_cache`: what its input count is known to be; the second holds for its own
    scopes only, since anybody can write OpenTelemetry's names.
    `recounts`: scopes (whole names) whose counts of streams are known to be too high.
    `families`: prefixes of its bare keys, beside the global families, that are reported when nothing reads them.
    `known`: keys (or prefixes ending in ".") that are understood and left in the raw attributes.
    """

    name: str
    scopes: tuple[str, ...] = ()
    scopes_exact: tuple[str, ...] = ()
    markers: tuple[str, ...] = ()
    schemas: tuple[str, ...] = ()
    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    kinds: Mapping[str, Kinds] = field(default_factory=dict)
    presence: tuple[tuple[str, OpKind], ...] = ()
    names: Mapping[str, OpKind] = field(default_factory=dict)
    name_prefixes: tuple[tuple[str, OpKind], ...] = ()
    names_decide: bool = False
    entity_is_model: bool = False
    usage_rules: tuple[UsageRule, ...] = ()
    input_excludes_cache: bool = False
    input_includes_cache: bool = False
    root_chain_is_workflow: bool = False
    recounts: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    families: tuple[str, ...] = ()

    def matches_scope(self, scope_name: str) -> bool:
        """Whether an instrumentation scope of this name belongs to the dialect."""
        return scope_name in self.scopes_exact or any(_is_within(scope_name, prefix) for prefix in self.scopes)


def _is_within(name: str, prefix: str) -> bool:
    if not name.startswith(prefix):
        return False
    rest = name[len(prefix) :]
    return not rest or not prefix[-1].isalnum() or not (rest[0].isalnum() or rest[0] == "_")
