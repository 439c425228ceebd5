"""The steps of one planned run: model and tool calls with their waits, and where a failing run fails.

Chance comes in as a generator. Refuses: to know when or for whom a run happens.
"""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Literal, NamedTuple, TypeVar

from quarterdeck.simulate.fleet import casting
from quarterdeck.simulate.fleet.casting import Prompt, Role
from quarterdeck.simulate.fleet.fitted import SHAPES, LogNormal, Shape

_T = TypeVar("_T")

CALLS_MAX = 60


class Step(NamedTuple):
    """One model or tool call. `gap_s` passes before it, `duration_s` within it; `error` is None when it went well.

    Token counts are None for tools and for calls that the provider refused. `attempt` 1 is the first retry.
    """

    kind: Literal["llm", "tool"]
    name: str
    gap_s: float
    duration_s: float
    tokens_input: int | None = None
    tokens_output: int | None = None
    tokens_cached: int | None = None
    tokens_reasoning: int | None = None
    error: str | None = None
    attempt: int | None = None


UNANSWERED = frozenset({"context_overflow", "provider_overload"})
"""Errors of a model call that the provider answers with a refusal: no tokens are counted."""
REFUSAL_S = 0.2


def steps_of(random: Random, role: Role, prompt: Prompt, model: str) -> tuple[tuple[Step, ...], str | None]:
    """All steps of a run, and the error class that ends it; None for one that goes well."""
    steps = _whole(random, role, prompt, model)
    if random.random() >= prompt.failure:
        return tuple(steps), None
    error = pick(random, casting.ERRORS)
    return _cut(random, steps, error), error


def _cut(random: Random, steps: list[Step], error: str) -> tuple[Step, ...]:
    """The run until `error` ends it: at a tool call or a model call, each as likely as the others of its kind."""
    kind = "tool" if error == "tool_error" else "llm"
    places = [place for place, step in enumerate(steps) if step.kind == kind and step.error is None]
    place = random.choice(places or range(len(steps)))
    last = steps[place]._replace(error=error)
    if error in UNANSWERED:
        last = Step(last.kind, last.name, last.gap_s, REFUSAL_S, error=error, attempt=last.attempt)
    return (*steps[:place], last)


def _whole(random: Random, role: Role, prompt: Prompt, model: str) -> list[Step]:
    """The steps of a run that nothing ends early."""
    shape = SHAPES[model]
    factor = role.calls_factor * prompt.longer
    calls = min(CALLS_MAX, max(1, round(_draw(random, shape.calls) * factor)))
    prompt_tokens = _draw(random, shape.first)
    growth = _draw(random, shape.growth) * prompt.wordier
    steps: list[Step] = []
    for _ in range(calls):
        steps += _model_call(random, role, model, prompt_tokens)
        prompt_tokens += growth * (0.5 + random.random())
        steps += [_tool_call(random, role, shape) for _ in range(_count(random, shape.tools_per_call))]
    return steps


def _model_call(random: Random, role: Role, model: str, prompt_tokens: float) -> list[Step]:
    """The call, after a refused first try where the provider was busy."""
    shape = SHAPES[model]
    gap_s = min(casting.GAP_S_MAX, role.gap_factor * _draw(random, casting.GAP_S))
    output = max(1, round(_draw(random, shape.output)))
    call = Step(
        kind="llm",
        name=model,
        gap_s=gap_s,
        duration_s=_draw(random, shape.latency_s),
        tokens_input=round(prompt_tokens),
        tokens_output=output,
        tokens_cached=round(prompt_tokens * min(1.0, shape.cached * (0.7 + 0.6 * random.random()))),
        tokens_reasoning=round(output * shape.reasoning) if shape.reasoning else None,
    )
    if random.random() >= casting.RATE_LIMITED:
        return [call]
    refused = Step("llm", model, gap_s, REFUSAL_S, error="provider_rate_limit")
    return [refused, call._replace(gap_s=1.0, attempt=1)]


def _tool_call(random: Random, role: Role, shape: Shape) -> Step:
    error = "tool_error" if random.random() < shape.tool_error else None
    return Step("tool", pick(random, role.tools), 0.01, _draw(random, casting.TOOL_S), error=error)


def _count(random: Random, mean: float) -> int:
    """0, 1 or 2 calls, `mean` on average (mean at most 1): most calls ask for one tool, few for two."""
    two = mean * 0.1
    one = mean - 2 * two
    draw = random.random()
    return 2 if draw < two else 1 if draw < two + one else 0


def _draw(random: Random, shape: LogNormal) -> float:
    return random.lognormvariate(shape.mu, shape.sigma)


def pick(random: Random, weights: Mapping[_T, float]) -> _T:
    return random.choices(list(weights), list(weights.values()))[0]
