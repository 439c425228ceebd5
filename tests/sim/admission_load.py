"""Loads for the long stories of admission: made-up calls on the virtual clock, and a lens that sees each of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from quarterdeck.control.admit.charge import Limits
from quarterdeck.control.admit.policy import Policy
from quarterdeck.light.trial import TrialClient
from quarterdeck.simulate.load.account import Account, Spell
from quarterdeck.simulate.load.bench import Bench, Report
from quarterdeck.simulate.load.client import Answer, Demand, Refusal
from quarterdeck.simulate.load.job import Job

LIMITS = {"requests": 4_000.0, "input": 450_000.0, "output": 90_000.0}


class Seen(NamedTuple):
    """One call: when it was wanted, first sent, answered; None where that never came. How often it was sent."""

    tenant: str
    lane: str | None
    wanted: float
    sent: float | None
    answered: float | None
    attempts: int
    refusals: int

    @property
    def took_s(self) -> float:
        return (self.answered if self.answered is not None else float("inf")) - self.wanted


@dataclass
class Story:
    """What came of a load: the bench's report, every call, and the lowest level that the provider's buckets had."""

    report: Report
    calls: list[Seen]
    lowest: dict[str, float]
    client: TrialClient

    def p95(self, keep: Callable[[Seen], bool]) -> float:
        return float(np.quantile([one.took_s for one in self.calls if keep(one)], 0.95))


class _Lens:
    """Stands between a bench and a client and writes down what passes; a wire to the one, a client to the other."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.client: TrialClient
        self.wanted: dict[int, tuple[float, Demand]] = {}
        self.sent: dict[int, list[float]] = {}
        self.done: dict[int, float] = {}
        self.refusals: dict[int, int] = {}

    @property
    def now(self) -> float:
        return self.bench.now

    def after(self, seconds: float, what: Callable[..., None], *arguments: Any) -> None:
        self.bench.after(seconds, what, *arguments)

    def send(self, demand: Demand, max_tokens: float) -> None:
        self.sent.setdefault(demand.ticket, []).append(self.now)
        self.bench.send(demand, max_tokens)

    def give_up(self, demand: Demand, why: str) -> None:
        self.bench.give_up(demand, why)

    def arrived(self, demand: Demand) -> None:
        self.wanted.setdefault(demand.ticket, (self.now, demand))
        self.client.arrived(demand)

    def began(self, demand: Demand, headers: Any) -> None:
        self.client.began(demand, headers)

    def answered(self, demand: Demand, answer: Answer) -> None:
        self.done[demand.ticket] = self.now
        self.client.answered(demand, answer)

    def refused(self, demand: Demand, refusal: Refusal) -> None:
        self.refusals[demand.ticket] = self.refusals.get(demand.ticket, 0) + 1
        self.client.refused(demand, refusal)

    def calls(self) -> list[Seen]:
        return [
            Seen(
                demand.tenant,
                demand.lane,
                at,
                self.sent.get(ticket, [None])[0],
                self.done.get(ticket),
                len(self.sent.get(ticket, ())),
                self.refusals.get(ticket, 0),
            )
            for ticket, (at, demand) in self.wanted.items()
        ]


class _Lowest(Account):
    """An account that remembers how low its buckets were."""

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self.lowest = dict(self.level)

    def _flow(self, now: float) -> None:
        super()._flow(now)
        for name, level in self.level.items():
            self.lowest[name] = min(self.lowest[name], level)


def play(
    jobs: Sequence[Job],
    *,
    meter: str = "anthropic",
    limits: dict[str, float] | None = None,
    spells: Sequence[Spell] = (),
    shares: dict[str, Limits] | None = None,
    policy: Policy | None = None,
    agents: int | None = None,
    max_tokens: float = 4_096,
    seed: int = 7,
) -> Story:
    """Our admission against an account, with the recorded arrivals of `jobs`. `agents` None: enough that nobody waits for one."""
    limits = LIMITS if limits is None else limits
    draws = np.random.default_rng(seed)
    account = _Lowest(meter, limits, spells)
    bench = Bench(
        jobs,
        account,
        agents=min(2 * len(jobs), 4_000) if agents is None else agents,
        max_tokens=max_tokens,
        recorded=True,
        jitter=lambda: float(draws.random()),
    )
    lens = _Lens(bench)
    lens.client = TrialClient(lens, meter, limits, policy=policy, shares=shares, chance=lambda: float(draws.random()))
    report = bench.run(lens)
    return Story(report, lens.calls(), account.lowest, lens.client)


def steady(
    per_s: float,
    seconds: float,
    *,
    tenant: str = "",
    lane: str | None = None,
    tokens: tuple[float, float] = (1_000.0, 150.0),
    begins_s: float = 0.0,
    seed: int = 1,
) -> list[Job]:
    """Poisson arrivals; sizes log-normal around `tokens` (input, output), as those of recorded traces are."""
    draws = np.random.default_rng(seed)
    times = begins_s + np.cumsum(draws.exponential(1 / per_s, int(per_s * seconds)))
    given, out = (
        np.clip(draws.lognormal(np.log(mean) - 0.18, 0.6, len(times)), 1, 4 * mean).round() for mean in tokens
    )
    return [Job(float(t), float(a), float(b), 0.0, tenant, lane) for t, a, b in zip(times, given, out, strict=True)]


def burst(n: int, at_s: float, *, tenant: str, task: str, tokens: tuple[float, float] = (2_000.0, 200.0)) -> list[Job]:
    """One request of a user that becomes `n` calls at once."""
    return [Job(at_s, tokens[0], tokens[1], 0.0, tenant, None, task) for _ in range(n)]
