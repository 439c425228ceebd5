"""A load, a client and a provider on one virtual clock, and what came of it.

Agents take jobs one after the other. A job whose answer was cut is continued by a call that sends what there is so far
again: its cost counts. Refuses: wall time, and chance without a generator that is given.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from quarterdeck.simulate.load.client import Answer, Client, Demand, Refusal
from quarterdeck.simulate.load.job import Job
from quarterdeck.simulate.load.loop import Loop

FIRST_TOKEN_S = 0.5
INPUT_TOKEN_S = 2e-5
OUTPUT_TOKEN_S = 0.02
ONE_WAY_S = 0.02
CONTINUATIONS_MAX = 20
"""Continuations of one job, after which its answer is taken as it is."""


class Verdict(NamedTuple):
    """What a provider says to a call. `ticket` is what `finish` is told; None when it was refused."""

    ticket: Any
    status: int
    headers: Mapping[str, str]
    body: Any
    slower: float = 1.0


class Provider(Protocol):
    """The provider's side: its own rule and buckets, which no client can see."""

    def offer(self, now: float, tokens_input: float, tokens_cached: float, max_tokens: float, output: float) -> Verdict:
        """A call comes in that would answer `output` tokens."""
        ...

    def begin(self, now: float, ticket: Any) -> Mapping[str, str]:
        """The first token goes out; the headers."""
        ...

    def finish(self, now: float, ticket: Any) -> None:
        """The answer is complete."""
        ...


@dataclass(slots=True)
class _Work:
    job: Job
    demand: Demand
    left: float
    arrived: float
    begun_waiting: float
    calls: int = 0
    agent: int = 0


@dataclass(slots=True)
class Report:
    """What came of a load. Times in simulated seconds; `served` holds (time, tenant, tokens) of every answer."""

    completed: int = 0
    given_up: dict[str, int] = field(default_factory=dict)
    not_done: list[Job] = field(default_factory=list)
    sent: int = 0
    rejections: int = 0
    failures: int = 0
    answers: int = 0
    truncated: int = 0
    makespan_s: float = 0.0
    waits_s: list[float] = field(default_factory=list)
    served: list[tuple[float, str, float]] = field(default_factory=list)
    tenants_idle_at: dict[str, float] = field(default_factory=dict)


class Bench:
    """Runs one load. `agents` are shared among tenants, at least one each; `recorded` keeps the recorded arrivals."""

    def __init__(
        self,
        jobs: Sequence[Job],
        provider: Provider,
        *,
        agents: int = 256,
        max_tokens: float = 4096,
        recorded: bool = False,
        until_s: float = float("inf"),
        jitter: Callable[[], float] = lambda: 0.5,
        again_after_s: float | None = None,
    ) -> None:
        self.loop = Loop()
        self.report = Report()
        self._provider = provider
        self._max_tokens = max_tokens
        self._until_s = until_s
        self._jitter = jitter
        self._again_after_s = again_after_s
        self._recorded = recorded
        self._idle: dict[str, int] = {}
        self._work: dict[int, _Work] = {}
        self._last = 0
        self._client: Client | None = None
        self._backlog: dict[str, deque[Job]] = {}
        for job in sorted(jobs, key=lambda one: one.arrived_s) if recorded else jobs:
            self._backlog.setdefault(job.tenant, deque()).append(job)
        self._free = dict.fromkeys(self._backlog, max(agents // max(len(self._backlog), 1), 1))

    # ------------------------------------------------------------ what a client may do

    @property
    def now(self) -> float:
        return self.loop.now

    def after(self, seconds: float, what: Callable[..., None], *arguments: Any) -> None:
        self.loop.at(self.loop.now + seconds, what, *arguments)

    def send(self, demand: Demand, max_tokens: float) -> None:
        work = self._work[demand.ticket]
        self.report.sent += 1
        self.after(ONE_WAY_S * (0.5 + self._jitter()), self._offered, work, demand, max_tokens, self.now)

    def give_up(self, demand: Demand, why: str) -> None:
        work = self._work.pop(demand.ticket)
        self.report.not_done.append(work.job)
        self.report.given_up[why] = self.report.given_up.get(why, 0) + 1
        self._next(work.job.tenant)

    # ------------------------------------------------------------ the way of a call

    def run(self, client: Client, progress: Callable[[int, int], None] | None = None) -> Report:
        """Send everything, and answer what came of it. `progress` is told (completed, all) now and then."""
        self._client = client
        total = sum(len(jobs) for jobs in self._backlog.values())
        for tenant, agents in self._free.items():
            self._free[tenant] = 0
            for _ in range(agents):
                self.loop.at(0.0, self._next, tenant)
        steps = 0
        while self.loop.now <= self._until_s and self.loop.step():
            steps += 1
            if progress is not None and steps % 50_000 == 0:
                progress(self.report.completed, total)
        return self.report

    def _next(self, tenant: str) -> None:
        """An agent of this tenant is free."""
        jobs = self._backlog[tenant]
        if not jobs:
            self.report.tenants_idle_at.setdefault(tenant, self.now)
            return
        if self._recorded and jobs[0].arrived_s > self.now:
            idle = self._idle[tenant] = self._idle.get(tenant, 0) + 1
            if idle == 1:  # one wakes for all: a thousand agents that look at every arrival are slow
                self.loop.at(jobs[0].arrived_s, self._arrived, tenant)
            return
        job = jobs.popleft()
        if self._again_after_s is not None:
            jobs.append(job)
        self._want(_Work(job, _demand(0, job, 0.0, self._max_tokens), min(job.tokens_output, self._max_tokens),
                         job.arrived_s if self._recorded else self.now, self.now))  # fmt: skip

    def _arrived(self, tenant: str) -> None:
        """The next job is there: one that was idle takes it, the others wait for the one after."""
        idle = self._idle.pop(tenant)
        while idle:
            idle -= 1
            self._next(tenant)
            if self._idle.get(tenant):
                self._idle[tenant] += idle
                return

    def _want(self, work: _Work) -> None:
        self._last += 1
        done = min(work.job.tokens_output, self._max_tokens) - work.left
        work.demand = _demand(self._last, work.job, done, self._max_tokens)
        work.begun_waiting = self.now if work.calls else work.arrived
        self._work[self._last] = work
        assert self._client is not None
        self._client.arrived(work.demand)

    def _offered(self, work: _Work, demand: Demand, max_tokens: float, sent_at: float) -> None:
        output = min(work.left, max_tokens)
        verdict = self._provider.offer(self.now, demand.tokens_input, demand.tokens_cached, max_tokens, output)
        assert self._client is not None
        if verdict.ticket is None:
            if verdict.status == 429:
                self.report.rejections += 1
            else:
                self.report.failures += 1
            refusal = Refusal(verdict.status, verdict.headers, verdict.body)
            self.after(ONE_WAY_S * (0.5 + self._jitter()), self._client.refused, demand, refusal)
            return
        self.report.waits_s.append(sent_at - work.begun_waiting)
        first_s = (FIRST_TOKEN_S + INPUT_TOKEN_S * demand.tokens_input) * verdict.slower
        self.after(first_s, self._begin, demand, verdict.ticket)
        self.after(first_s + output * OUTPUT_TOKEN_S, self._finish, work, demand, verdict.ticket, output, sent_at)

    def _begin(self, demand: Demand, ticket: Any) -> None:
        headers = self._provider.begin(self.now, ticket)
        assert self._client is not None
        self.after(ONE_WAY_S * (0.5 + self._jitter()), self._client.began, demand, headers)

    def _finish(self, work: _Work, demand: Demand, ticket: Any, output: float, sent_at: float) -> None:
        self._provider.finish(self.now, ticket)
        self.after(ONE_WAY_S * (0.5 + self._jitter()), self._answered, work, demand, output, sent_at)

    def _answered(self, work: _Work, demand: Demand, output: float, sent_at: float) -> None:
        report, job = self.report, work.job
        work.left -= output
        work.calls += 1
        truncated = work.left > 0
        report.answers += 1
        report.truncated += truncated
        report.served.append((self.now, job.tenant, demand.tokens_input + output))
        report.makespan_s = self.now
        del self._work[demand.ticket]
        assert self._client is not None
        self._client.answered(
            demand, Answer(demand.tokens_input, demand.tokens_cached, output, truncated, self.now - sent_at)
        )
        if truncated and work.calls < CONTINUATIONS_MAX:
            self._want(work)
            return
        report.completed += 1
        if self._again_after_s:
            self.after(self._again_after_s, self._next, job.tenant)
        else:
            self._next(job.tenant)


def _demand(ticket: int, job: Job, done: float, max_tokens: float) -> Demand:
    """What is asked for: the job, or the rest of it when `done` tokens of its answer are there."""
    return Demand(
        ticket, job.tokens_input + done, job.tokens_cached, max_tokens - done, job.tenant, job.lane, job.task, done > 0
    )
