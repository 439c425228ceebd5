"""Genkit: scope `genkit-tracer`, attributes `genkit:*`; input and output are JSON texts.

A model's span names the model, a tool's span the tool (`genkit:name`). Usage stands inside the output. A `util` span
around a model call says nothing of its own.
"""

from __future__ import annotations

from quarterdeck.observe.canonical.dialect import Dialect

DIALECT = Dialect(
    name="genkit",
    scopes=("genkit-tracer",),
    markers=("genkit:name", "genkit:path"),
    fields={
        "session_id": ("genkit:metadata:sessionId", "genkit:sessionId"),
        "usage_document": ("genkit:output{usage}",),
        "finish_reasons": ("genkit:output{finishReason}",),
        "entity_name": ("genkit:name",),
        "tool_args": ("genkit:input",),
        "tool_result": ("genkit:output",),
        "first_message": ("genkit:input{messages}",),
        "tools": ("genkit:input{tools}",),
    },
    entity_is_model=True,
    known=(
        "genkit:name",
        "genkit:path",
        "genkit:input",
        "genkit:output",
        "genkit:init",
        "genkit:isRoot",
        "genkit:isFailureSource",
        "genkit:failedSpan",
        "genkit:failedPath",
        "genkit:key",
        "genkit:lastKnownParentSpanId",
        "genkit:threadName",
    ),
    families=("genkit:",),
)
