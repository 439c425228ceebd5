"""One file per dialect, each a table. Siblings do not know each other; the order here is the order of detection by marker."""

from __future__ import annotations

from quarterdeck.observe.canonical.dialect import Dialect
from quarterdeck.observe.canonical.dialects import (
    adk,
    agent_framework,
    claude_api,
    claude_code,
    claude_sdk,
    flue,
    genkit,
    langfuse,
    langsmith,
    litellm,
    livekit,
    logfire,
    mlflow,
    openinference,
    openlit,
    openllmetry,
    otel_current,
    otel_legacy,
    pydantic_ai,
    strands,
    vercel,
    vercel_v7,
    weave,
)

DIALECTS: tuple[Dialect, ...] = (
    openinference.DIALECT,
    vercel.DIALECT,
    vercel_v7.DIALECT,
    pydantic_ai.DIALECT,
    strands.DIALECT,
    claude_code.DIALECT,
    claude_sdk.DIALECT,
    claude_api.DIALECT,
    adk.DIALECT,
    agent_framework.DIALECT,
    genkit.DIALECT,
    livekit.DIALECT,
    flue.DIALECT,
    mlflow.DIALECT,
    langsmith.DIALECT,
    weave.DIALECT,
    litellm.DIALECT,
    openlit.DIALECT,
    openllmetry.DIALECT,
    logfire.DIALECT,
    langfuse.DIALECT,
    otel_current.DIALECT,
    otel_legacy.DIALECT,
)
"""Detection by scope name tries all of them first; markers decide only where no scope does."""

UNKNOWN = Dialect(name="unknown")
"""A span that no dialect claims: canonical form from the global precedence alone."""
