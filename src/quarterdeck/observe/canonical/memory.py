"""What a canonicalizer remembers: origins, plans of shapes, rows decided by label; each within a named bound.

Refuses to grow: a full memory is emptied and filled again on demand, which costs time and changes no answer.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from quarterdeck.model.raw import Resource, Scope
from quarterdeck.observe.canonical.labels import DECISIONS_MAX, Key
from quarterdeck.observe.canonical.origins import Origin, open_origin, scope_identity
from quarterdeck.observe.canonical.plan import Plan, compile_plan

PLANS_MAX = 4_096
"""Plans kept; when full all are dropped and compiled again on demand."""

PLAN_KEYS_MAX = 128
PLAN_CHARS_MAX = 8_192
"""A span with more keys, or longer ones, gets a plan of its own that is not kept."""

ORIGINS_MAX = 1_024
"""Pairs of resource and scope remembered; when full all are dropped."""


class Memory:
    """Belongs to one canonicalizer, hence to one thread."""

    def __init__(self) -> None:
        self._origins: dict[tuple[int, int], Origin] = {}
        self._plans: dict[tuple[str, str], dict[tuple[str, ...], Plan]] = {}
        self._decisions: dict[tuple[Any, ...], dict[Key, list[Any]]] = {}
        self._decisions_kept = 0
        self.plans_kept = 0
        self.plans_compiled = 0
        self.plans_dropped = 0

    def origin(self, resource: Resource, scope: Scope) -> Origin:
        """The facts of these two objects, worked out once while they are remembered."""
        found = self._origins.get((id(resource), id(scope)))
        if found is not None:
            return found
        if len(self._origins) >= ORIGINS_MAX:
            self._origins.clear()
            if len(self._plans) > PLANS_MAX:
                self._drop_plans()
        if len(self._decisions) >= ORIGINS_MAX:
            self._drop_decisions()
        found = open_origin(resource, scope, self._plans.setdefault(scope_identity(scope), {}))
        found = replace(found, decided=self._decisions.setdefault(found.facts, {}))
        self._origins[(id(resource), id(scope))] = found
        return found

    def plan(self, origin: Origin, keys: tuple[str, ...]) -> Plan:
        """A new plan; kept, unless its keys are unusually many or long."""
        plan = compile_plan(origin.scope_name, origin.schema_url, keys)
        self.plans_compiled += 1
        if len(keys) > PLAN_KEYS_MAX or sum(map(len, keys)) > PLAN_CHARS_MAX:
            return plan
        if self.plans_kept >= PLANS_MAX:
            self._drop_plans()
        origin.plans[keys] = plan
        self.plans_kept += 1
        return plan

    def remember(self, origin: Origin, key: Key, row: list[Any]) -> None:
        """Keep what was decided for spans of `origin` with these labels."""
        if self._decisions_kept >= DECISIONS_MAX:
            self._drop_decisions()
        origin.decided[key] = row
        self._decisions_kept += 1

    def _drop_decisions(self) -> None:
        """Empty in place, since open origins hold their part of it."""
        for decided in self._decisions.values():
            decided.clear()
        self._decisions = {origin.facts: origin.decided for origin in self._origins.values()}
        self._decisions_kept = 0

    def _drop_plans(self) -> None:
        """Empty in place, since open origins hold their part of it."""
        for plans in self._plans.values():
            plans.clear()
        self._plans = {scope_identity(origin.scope): origin.plans for origin in self._origins.values()}
        self.plans_dropped += self.plans_kept
        self.plans_kept = 0
