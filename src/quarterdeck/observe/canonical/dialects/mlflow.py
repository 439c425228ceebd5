"""MLflow tracing: every value is JSON text, so words come in quotes and documents are decoded twice."""

from __future__ import annotations

from quarterdeck.observe.canonical.dialect import Dialect
from quarterdeck.observe.canonical.kinds import MLFLOW

DIALECT = Dialect(
    name="mlflow",
    scopes=("mlflow",),
    markers=("mlflow.spanType", "mlflow.spanInputs"),
    kinds={"mlflow.spanType": MLFLOW},
    fields={
        "session_id": ("mlflow.trace.session",),
        "user_id": ("mlflow.trace.user",),
        "provider": ("mlflow.llm.provider",),
        "model_request": ("mlflow.llm.model",),
        "model_response": ("mlflow.llm.model",),
        "usage_document": ("mlflow.chat.tokenUsage",),
        "cost_reported_usd": ("mlflow.llm.cost{total_cost}",),
        "tools": ("mlflow.chat.tools",),
        "tool_args": ("mlflow.spanInputs",),
        "tool_result": ("mlflow.spanOutputs",),
        "first_message": ("mlflow.spanInputs{messages}",),
    },
    known=(
        "mlflow.spanInputs",
        "mlflow.spanOutputs",
        "mlflow.spanFunctionName",
        "mlflow.spanLogLevel",
        "mlflow.traceRequestId",
        "mlflow.message.format",
        "mlflow.experimentId",
        "mlflow.trace.",
    ),
)
