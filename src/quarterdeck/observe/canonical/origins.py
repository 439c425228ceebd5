"""What holds for all spans of one resource and scope: service, environment, versions, our own attributes.

Decided once per pair of objects, since a block of spans shares them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from quarterdeck.model.raw import Attributes, Resource, Scope
from quarterdeck.observe.canonical.labels import Key
from quarterdeck.observe.canonical.plan import SLOTS, Plan
from quarterdeck.observe.canonical.precedence import OWN, RESOURCE_FALLBACKS
from quarterdeck.observe.canonical.readers import READERS
from quarterdeck.observe.canonical.values import Reader, anything, text

PER_SPAN_ONLY = frozenset({"op_kind_own", "error_class_own", "retry_attempt", "cost_reported_usd"})
"""Our own attributes that make no sense for a whole process; on a resource they are not read."""

_OWN_NAMES = {key: name for name, key in OWN.items() if name not in PER_SPAN_ONLY}

Setting = tuple[int, Any]
"""(slot, value)."""


@dataclass(frozen=True, slots=True, eq=False)
class Origin:
    """Facts of one (resource, scope). Holds both, so that their identity stays taken while it is remembered.

    `defaults` stand where the span says nothing; `overrides` stand unless the span has the named attribute of ours.
    `plans` is shared by all origins of the same scope name and schema, `decided` (rows remembered by label) by all of
    equal facts.
    """

    resource: Resource
    scope: Scope
    scope_name: str
    schema_url: str
    defaults: tuple[Setting, ...]
    overrides: tuple[tuple[int, Any, str], ...]
    service_name: str | None
    plans: dict[tuple[str, ...], Plan]
    decided: dict[Key, list[Any]]

    @property
    def facts(self) -> tuple[Any, ...]:
        """All that it says: origins of equal facts decide alike, whichever request they came with."""
        return self.scope_name, self.schema_url, self.defaults, self.overrides, self.service_name


def open_origin(resource: Resource, scope: Scope, plans: dict[tuple[str, ...], Plan]) -> Origin:
    """The facts of `resource` and `scope`; total for any values."""
    scope_name, schema_url = scope_identity(scope)
    service = _service_name(resource)
    return Origin(
        resource=resource,
        scope=scope,
        scope_name=scope_name,
        schema_url=schema_url,
        defaults=_defaults(resource, scope, schema_url, service),
        overrides=_overrides(resource),
        service_name=service,
        plans=plans,
        decided={},
    )


def scope_identity(scope: Scope) -> tuple[str, str]:
    """(name, schema URL) of a scope, as text."""
    return str(scope.name or ""), str(scope.schema_url or "")


def _service_name(resource: Resource) -> str | None:
    """The service's name; the SDKs' `unknown_service` is not one."""
    name = text(resource.attributes.get("service.name"))
    return None if name is None or name.startswith("unknown_service") else name


def _defaults(resource: Resource, scope: Scope, schema_url: str, service: str | None) -> tuple[Setting, ...]:
    found: list[Setting] = [(SLOTS["dialect_version"], text(scope.version) or text(schema_url))]
    if service is not None:
        found.append((SLOTS["service_name"], service))
    for name, keys in RESOURCE_FALLBACKS.items():
        value = next((value for value in (text(resource.attributes.get(key)) for key in keys) if value), None)
        if value is not None and name != "service_name":
            found.append((SLOTS[name], value))
    return tuple(found)


def _overrides(resource: Resource) -> tuple[tuple[int, Any, str], ...]:
    found: list[tuple[int, Any, str]] = []
    for key, said in resource.attributes.items():
        name = _OWN_NAMES.get(key)
        if name is not None:
            read: Reader = READERS.get(name, text)
            value = read(said)
            if value is not None:
                found.append((SLOTS[name], value, key))
    return tuple(found)


def override(row: list[Any], attributes: Attributes, overrides: Iterable[tuple[int, Any, str]]) -> None:
    """Our own attributes on the resource stand unless the span has them, too."""
    for slot, value, own_key in overrides:
        if anything(attributes.get(own_key)) is None:
            row[slot] = value
