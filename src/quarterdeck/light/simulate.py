"""A load against a simulated account by any policy, ours or a peer's, from a file to published numbers.

The one place where the simulator and our admission meet. Refuses: an unknown policy, with the names there are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from quarterdeck.control.admit.policy import Policy
from quarterdeck.errors import BadInput
from quarterdeck.light.trial import TrialClient
from quarterdeck.simulate.load.account import Account
from quarterdeck.simulate.load.bench import Bench
from quarterdeck.simulate.load.client import Client
from quarterdeck.simulate.load.clients import PEERS
from quarterdeck.simulate.load.job import Job
from quarterdeck.simulate.load.limit import limits_of, oracle_s, physical_s
from quarterdeck.simulate.load.summary import summarise
from quarterdeck.simulate.load.trace import read_jobs

OURS = "quarterdeck"
Progress = Callable[[int, int], None]


def simulate_file(
    file: Path,
    *,
    meter: str,
    policy: str = OURS,
    limits: Mapping[str, float] | None = None,
    recorded: bool = False,
    agents: int = 256,
    max_tokens: int = 4096,
    seed: int = 7,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """What `admission simulate` answers. Raises BadFile for the trace and BadInput for a name or limit."""
    _known(policy)
    limits = limits_of(meter, limits)
    jobs = read_jobs(file)
    return simulate_jobs(
        jobs, meter=meter, policy=policy, limits=limits, recorded=recorded, agents=agents, max_tokens=max_tokens,
        seed=seed, progress=progress,
    )  # fmt: skip


def simulate_jobs(
    jobs: Sequence[Job],
    *,
    meter: str,
    policy: str,
    limits: Mapping[str, float],
    recorded: bool = False,
    agents: int = 256,
    max_tokens: int = 4096,
    seed: int = 7,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """The same for jobs at hand."""
    _known(policy)
    draws = np.random.default_rng(seed)
    bench = Bench(
        jobs, Account(meter, limits), agents=agents, max_tokens=max_tokens, recorded=recorded, jitter=_draw(draws)
    )
    report = bench.run(make_client(bench, policy, meter, limits, chance=_draw(draws)), progress)
    done = list((Counter(jobs) - Counter(report.not_done)).elements()) if report.not_done else jobs
    limit_s = (
        oracle_s(meter, limits, done, max_tokens, agents) if recorded else physical_s(meter, limits, done, max_tokens)
    )
    tenants = list(dict.fromkeys(job.tenant for job in jobs))
    head = {"meter": meter, "policy": policy, "limits": dict(limits), "requests": len(jobs)}
    return head | summarise(report, len(jobs), limit_s, tenants)


def make_client(
    bench: Bench,
    policy: str,
    meter: str,
    limits: Mapping[str, float] | None,
    *,
    chance: Callable[[], float],
    ours: Policy | None = None,
) -> Client:
    """The client of a name. `limits` None: ours learns them; peers that need them cannot be made without."""
    _known(policy)
    if policy == OURS:
        return TrialClient(bench, meter, limits, policy=ours, chance=chance)
    return PEERS[policy].make(bench, limits or {}, chance)


def _known(policy: str) -> None:
    if policy != OURS and policy not in PEERS:
        raise BadInput(f"unknown policy {policy!r}; expected one of {', '.join((OURS, *PEERS))}")


def _draw(generator: np.random.Generator) -> Callable[[], float]:
    """Numbers from 0 to 1, drawn by the thousand."""
    buffer: list[float] = []

    def draw() -> float:
        if not buffer:
            buffer.extend(generator.random(1024).tolist())
        return buffer.pop()

    return draw
