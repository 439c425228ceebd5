"""What the demo fleet does: a pure function from (seed, slot, generation, start) to one whole run.

A slot is one of the runs that go on at the same time; when its run ends the next generation begins. Equal arguments
give equal runs. Refuses clocks and shared generators: every run has a generator of its own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Literal, NamedTuple, TypeVar

from quarterdeck.errors import BadInput
from quarterdeck.simulate.fleet import casting
from quarterdeck.simulate.fleet.casting import Prompt, Role
from quarterdeck.simulate.fleet.fitted import SHAPES, LogNormal, Shape

_T = TypeVar("_T")

CALLS_MAX = 60
AGENTS_MAX = 100_000


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


@dataclass(frozen=True, slots=True)
class PlannedRun:
    """One run from its start to its end. `error` is the canonical error class of a failed run, else None."""

    run_id: str
    session_id: str
    user_id: str
    agent: str
    agent_version: str
    prompt_version: str
    model: str
    provider: str
    tenant: str
    environment: str
    feature: str
    task_class: str
    steps: tuple[Step, ...]
    error: str | None

    @property
    def duration_s(self) -> float:
        """From start to end, gaps included."""
        return sum(step.gap_s + step.duration_s for step in self.steps)


@dataclass(frozen=True, slots=True)
class FleetPlan:
    """The fleet as a whole. `agents` runs go on at the same time; the support agent's prompt changes at `changes_at_s`.

    Raises BadInput for numbers outside their bounds.
    """

    seed: int = 7
    agents: int = 1000
    changes_at_s: float = 60.0

    def __post_init__(self) -> None:
        if not 1 <= self.agents <= AGENTS_MAX:
            raise BadInput(f"agents must be from 1 to {AGENTS_MAX}, got {self.agents}")

    def run(self, slot: int, generation: int, started_s: float) -> PlannedRun:
        """The run that a slot begins `started_s` seconds after the fleet's start (negative: before it)."""
        random = Random(f"{self.seed}/{slot}/{generation}")  # noqa: S311 - a simulation, not a secret
        role = _pick(random, {role: role.share for role in casting.ROLES})
        prompt = role.prompts[started_s >= self.changes_at_s]
        model = _pick(random, role.models)
        steps = _steps(random, role, prompt, model)
        failed = random.random() < prompt.failure
        return PlannedRun(
            run_id=f"{role.name}-{self.seed}-{slot}-{generation}",
            session_id=f"session-{self.seed}-{slot}-{generation // 3}",
            user_id=f"user-{random.randrange(5 * self.agents)}",
            agent=role.name,
            agent_version=role.version,
            prompt_version=prompt.version,
            model=model,
            provider=casting.PROVIDERS[model.partition("-")[0]],
            tenant=_pick(random, casting.TENANTS),
            environment=_pick(random, casting.ENVIRONMENTS),
            feature=role.feature,
            task_class=_pick(random, role.tasks),
            steps=tuple(steps),
            error=_pick(random, casting.ERRORS) if failed else None,
        )

    def first_start_s(self, slot: int, duration_s: float) -> float:
        """When a slot's first run began: before the fleet's start, so that the fleet is in full swing at once."""
        random = Random(f"{self.seed}/{slot}/start")  # noqa: S311 - a simulation, not a secret
        return -random.random() * duration_s


def _steps(random: Random, role: Role, prompt: Prompt, model: str) -> list[Step]:
    shape = SHAPES[model]
    factor = role.calls_factor * prompt.longer
    calls = min(CALLS_MAX, max(1, round(_draw(random, shape.calls) * factor)))
    prompt_tokens = _draw(random, shape.first)
    growth = _draw(random, shape.growth) * prompt.wordier
    steps: list[Step] = []
    for _ in range(calls):
        steps += _model_call(random, shape, model, prompt_tokens)
        prompt_tokens += growth * (0.5 + random.random())
        steps += [_tool_call(random, role, shape) for _ in range(_count(random, shape.tools_per_call))]
    return steps


def _model_call(random: Random, shape: Shape, model: str, prompt_tokens: float) -> list[Step]:
    """The call, after a refused first try where the provider was busy."""
    gap_s = min(casting.GAP_S_MAX, _draw(random, casting.GAP_S))
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
    refused = Step("llm", model, gap_s, 0.2, error="provider_rate_limit")
    return [refused, call._replace(gap_s=1.0, attempt=1)]


def _tool_call(random: Random, role: Role, shape: Shape) -> Step:
    error = "tool_error" if random.random() < shape.tool_error else None
    return Step("tool", _pick(random, role.tools), 0.01, _draw(random, casting.TOOL_S), error=error)


def _count(random: Random, mean: float) -> int:
    """0, 1 or 2 calls, `mean` on average (mean at most 1): most calls ask for one tool, few for two."""
    two = mean * 0.1
    one = mean - 2 * two
    draw = random.random()
    return 2 if draw < two else 1 if draw < two + one else 0


def _draw(random: Random, shape: LogNormal) -> float:
    return random.lognormvariate(shape.mu, shape.sigma)


def _pick(random: Random, weights: Mapping[_T, float]) -> _T:
    return random.choices(list(weights), list(weights.values()))[0]
