"""OpenTelemetry GenAI conventions, 1.37 and later, and the repository of their own since 2026.

Agent spans carry the usage of the whole run.
"""

from __future__ import annotations

from quarterdeck.observe.canonical.dialect import Dialect

DIALECT = Dialect(
    name="otel_current",
    input_includes_cache=True,
    scopes=("opentelemetry.instrumentation.genai.", "opentelemetry.util.genai"),
    schemas=("/schemas/gen-ai/",),
    markers=("gen_ai.provider.name", "gen_ai.input.messages", "gen_ai.system_instructions"),
)
