"""What the demo fleet does: a pure function from (seed, slot, generation, start) to one whole run.

A slot is one of the runs that go on at the same time; when its run ends the next generation begins. Equal arguments
give equal runs. Refuses clocks and shared generators: every run has a generator of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from quarterdeck.errors import BadInput
from quarterdeck.simulate.fleet import casting
from quarterdeck.simulate.fleet.steps import Step, pick, steps_of

AGENTS_MAX = 100_000
LENGTH_S_MAX = 300.0
"""Runs that last longer are met as if they lasted so long; fewer than one in ten thousand do."""


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
    """The fleet as a whole: `agents` runs go on at the same time.

    The support agent's prompt changes `changes_at_s` seconds after the fleet's start, None = never. Raises BadInput for
    numbers outside their bounds.
    """

    seed: int = 7
    agents: int = 1000
    changes_at_s: float | None = 45.0

    def __post_init__(self) -> None:
        if not 1 <= self.agents <= AGENTS_MAX:
            raise BadInput(f"agents must be from 1 to {AGENTS_MAX}, got {self.agents}")

    def run(self, slot: int, generation: int, started_s: float) -> PlannedRun:
        """The run that a slot begins `started_s` seconds after the fleet's start (negative: before it)."""
        random = Random(f"{self.seed}/{slot}/{generation}")  # noqa: S311 - a simulation, not a secret
        return self._cast(random, slot, generation, started_s)

    def under_way(self, slot: int, at_s: float) -> tuple[PlannedRun, float]:
        """The run that a slot is in the midst of at `at_s`, and when it began.

        The run under way at a random moment is longer than usual: a run is met with a chance in proportion to its length,
        and at any of its moments (renewal theory: Feller, An Introduction to Probability Theory II, chapter XI). A fleet
        that began otherwise would see short runs first, and failing ones before the others.
        """
        random = Random(f"{self.seed}/{slot}/0")  # noqa: S311 - a simulation, not a secret
        while True:
            run = self._cast(random, slot, 0, at_s)
            if random.random() * LENGTH_S_MAX < run.duration_s:
                return run, at_s - random.random() * run.duration_s

    def _cast(self, random: Random, slot: int, generation: int, started_s: float) -> PlannedRun:
        role = pick(random, {role: role.share for role in casting.ROLES})
        prompt = role.prompts[self.changes_at_s is not None and started_s >= self.changes_at_s]
        model = pick(random, role.models)
        steps, error = steps_of(random, role, prompt, model)
        return PlannedRun(
            run_id=f"{role.name}-{self.seed}-{slot}-{generation}",
            session_id=f"session-{self.seed}-{slot}-{generation // 3}",
            user_id=f"user-{random.randrange(5 * self.agents)}",
            agent=role.name,
            agent_version=role.version,
            prompt_version=prompt.version,
            model=model,
            provider=casting.PROVIDERS[model.partition("-")[0]],
            tenant=pick(random, casting.TENANTS),
            environment=pick(random, casting.ENVIRONMENTS),
            feature=role.feature,
            task_class=pick(random, role.tasks),
            steps=steps,
            error=error,
        )
