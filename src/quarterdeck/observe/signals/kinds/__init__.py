"""Every signal, one file each; what a run says without anybody labelling it."""

from quarterdeck.observe.signals.kinds import (
    cache_miss,
    cost,
    duration,
    errors_inside,
    escalation,
    failing,
    guardrail,
    loop,
    lost,
    model_calls,
    refusal,
    retries,
    schema_invalid,
    tokens,
    tool_calls,
    tool_errors,
)

SIGNALS = tuple(
    module.SIGNAL
    for module in (
        failing, tokens, cost, duration, retries, loop, lost, guardrail, refusal, schema_invalid, errors_inside, tool_errors,
        escalation, model_calls, tool_calls, cache_miss,
    )
)  # fmt: skip
"""In the order in which they are shown."""
