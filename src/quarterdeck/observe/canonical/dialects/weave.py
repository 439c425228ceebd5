"""W&B Weave: `weave.*` first, `gen_ai.*` as its alias."""

from __future__ import annotations

from quarterdeck.observe.canonical.dialect import Dialect
from quarterdeck.observe.canonical.kinds import OPENINFERENCE

DIALECT = Dialect(
    name="weave",
    scopes=("weave",),
    markers=("weave.", "wandb."),
    kinds={"weave.span.kind": OPENINFERENCE},
    fields={
        "session_id": ("weave.conversation.id", "wandb.thread_id"),
        "provider": ("weave.provider.name",),
        "model_request": ("weave.request.model",),
        "model_response": ("weave.response.model",),
        "response_id": ("weave.response.id",),
        "agent_name": ("weave.agent.name",),
        "agent_id": ("weave.agent.id",),
        "agent_version": ("weave.agent.version",),
        "tool_name": ("weave.tool.name",),
    },
)
