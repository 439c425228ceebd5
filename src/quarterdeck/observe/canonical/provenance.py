"""Where each canonical field came from: the answer to "why does it say that?".

Runs the same plan as the canonicalizer, slowly, and keeps the key instead of the value alone.
"""

from __future__ import annotations

from quarterdeck.model.raw import RawSpan
from quarterdeck.observe.canonical.kinds import kind_of
from quarterdeck.observe.canonical.origins import open_origin
from quarterdeck.observe.canonical.plan import SLOTS, Candidates, Plan, compile_plan
from quarterdeck.observe.canonical.precedence import OWN, RESOURCE_FALLBACKS
from quarterdeck.observe.canonical.values import anything

_NAMES = {slot: name for name, slot in SLOTS.items()}

_RENAMED = {"user_id": "user_hash"}


def mapped_by(raw: RawSpan) -> dict[str, str]:
    """Canonical field → attribute key that fed it (`resource:` before keys of the resource). Total; sorted by field."""
    origin = open_origin(raw.resource, raw.scope, {})
    plan = compile_plan(origin.scope_name, origin.schema_url, tuple(raw.attributes))
    found = _from_resource(raw)
    for slot, key, read, rest in plan.reads:
        chosen = _chosen(((key, read), *rest), raw)
        if chosen is not None:
            found[_NAMES[slot]] = chosen
    for slot, _value, own_key in origin.overrides:
        if anything(raw.attributes.get(own_key)) is None:
            found[_NAMES[slot]] = f"resource:{own_key}"
    found.update(_of_lazy_fields(plan, raw))
    kind = _kind_key(plan, raw)
    if kind is not None:
        found["op_kind"] = kind
    return {_RENAMED.get(name, name): key for name, key in sorted(found.items())}


def _chosen(candidates: Candidates, raw: RawSpan) -> str | None:
    return next((key for key, read in candidates if read(raw.attributes[key]) is not None), None)


def _from_resource(raw: RawSpan) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, keys in RESOURCE_FALLBACKS.items():
        for key in keys:
            if name not in found and anything(raw.resource.attributes.get(key)) is not None:
                found[name] = f"resource:{key}"
    return found


def _of_lazy_fields(plan: Plan, raw: RawSpan) -> dict[str, str]:
    lazy: dict[str, Candidates] = {
        "tool_args_hash": plan.tool_args,
        "tool_result_hash": plan.tool_result,
        "prompt_hash": (*plan.system, *plan.first_message),
        "toolset_hash": plan.tools,
        "error_class": plan.error_class_own,
        "usage_document": plan.documents,
    }
    chosen = {name: _chosen(candidates, raw) for name, candidates in lazy.items()}
    return {name: key for name, key in chosen.items() if key is not None}


def _kind_key(plan: Plan, raw: RawSpan) -> str | None:
    if plan.op_kind_own:
        return OWN["op_kind_own"]
    for key, table in plan.kinds:
        word = raw.attributes[key]
        if isinstance(word, str) and word and kind_of(word, table) is not None:
            return key
    return None
