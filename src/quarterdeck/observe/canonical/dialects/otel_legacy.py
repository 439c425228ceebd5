"""OpenTelemetry GenAI conventions before 1.37: `gen_ai.system`, indexed prompts, one event per message.

Also the last resort: a span that no other dialect claims and that has any `gen_ai.*` key is read as this.
"""

from __future__ import annotations

from quarterdeck.observe.canonical.dialect import Dialect

DIALECT = Dialect(
    name="otel_legacy",
    markers=("gen_ai.",),
    fields={
        "tool_args": ("gen_ai.tool.call.arguments", "input.value"),
        "tool_result": ("gen_ai.tool.call.result", "output.value"),
    },
)
