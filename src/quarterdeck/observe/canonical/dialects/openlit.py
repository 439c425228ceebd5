"""OpenLIT: OpenTelemetry names with a cost and an application's name beside them."""

from __future__ import annotations

from quarterdeck.observe.canonical.dialect import Dialect

DIALECT = Dialect(
    name="openlit",
    scopes=("openlit",),
    markers=("gen_ai.application_name",),
    fields={
        "cost_reported_usd": ("gen_ai.usage.cost",),
        "environment": ("gen_ai.environment",),
        "agent_name_fallback": ("gen_ai.application_name",),
    },
    known=("gen_ai.content.", "gen_ai.sdk.version", "gen_ai.hub.", "gen_ai.endpoint"),
)
