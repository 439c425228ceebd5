"""Langfuse's own SDKs (version 3 and later): `langfuse.*` attributes on OpenTelemetry spans.

Usage comes as a JSON document of buckets (`usage_details`), read by `usage.normalise_usage`.
"""

from __future__ import annotations

from quarterdeck.observe.canonical.dialect import Dialect

DIALECT = Dialect(
    name="langfuse",
    scopes=("langfuse-sdk",),
    markers=("langfuse.",),
    fields={
        "session_id": ("langfuse.session.id",),
        "user_id": ("langfuse.user.id",),
        "model_request": ("gen_ai.request.model", "langfuse.observation.model.name"),
        "model_response": ("langfuse.observation.model.name",),
        "usage_document": ("langfuse.observation.usage_details",),
        "cost_reported_usd": ("langfuse.observation.cost_details{total}",),
        "agent_version": ("langfuse.version", "langfuse.release"),
        "prompt_name": ("langfuse.observation.prompt.name", "langfuse.prompt.name"),
        "prompt_version": ("langfuse.observation.prompt.version", "langfuse.prompt.version"),
        "environment": ("langfuse.environment",),
        "tool_args": ("langfuse.observation.input",),
        "tool_result": ("langfuse.observation.output",),
        "first_message": ("langfuse.observation.input",),
    },
    known=(
        "langfuse.observation.metadata.",
        "langfuse.observation.model.parameters",
        "langfuse.observation.input",
        "langfuse.observation.output",
        "langfuse.observation.level",
        "langfuse.observation.type",
        "langfuse.observation.id",
        "langfuse.trace.",
        "langfuse.internal.",
        "langfuse.experiment.",
        "langfuse.observation.cost_details",
    ),
)
