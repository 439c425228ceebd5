"""What physics allows: the time that the limits themselves need for a load, whatever the client does.

For a backlog: the largest over dimensions of (sum − burst) ÷ rate. For recorded arrivals: a scheduler that knows every answer
beforehand. Refuses: counting what a provider does not limit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from heapq import heappop, heappush

from quarterdeck.errors import BadInput
from quarterdeck.simulate.load.bench import FIRST_TOKEN_S, INPUT_TOKEN_S, OUTPUT_TOKEN_S
from quarterdeck.simulate.load.job import Job

MINUTE_S = 60.0
BURN_DOWN = 5.0
LIMITED: Mapping[str, tuple[str, ...]] = {
    "openai": ("requests", "total"),
    "azure": ("requests", "total"),
    "anthropic": ("requests", "input", "output"),
    "bedrock_runtime": ("requests", "total"),
    "bedrock_mantle": ("input", "output"),
    "gemini": ("requests", "input"),
    "generic": ("requests", "input", "output", "total"),
}
"""What each provider limits a minute."""
DEFAULT_LIMITS: Mapping[str, float] = {"requests": 4_000, "input": 450_000, "output": 90_000, "total": 540_000}
"""Per minute, where none are given: a middle tier."""


def limits_of(meter: str, given: Mapping[str, float] | None) -> dict[str, float]:
    """The limits that this meter knows, of those given or of the defaults. Raises BadInput when none is left."""
    if meter not in LIMITED:
        raise BadInput(f"unknown meter {meter!r}; expected one of {', '.join(LIMITED)}")
    limits = {name: float(value) for name, value in (given or DEFAULT_LIMITS).items() if name in LIMITED[meter]}
    if not limits:
        raise BadInput(f"none of the limits is one that {meter} has; it limits {', '.join(LIMITED[meter])} a minute")
    for name, value in limits.items():
        if not value > 0:
            raise BadInput(f"limit {name} must be above 0 a minute, got {value:g}")
    return limits


def costs_of(meter: str, job: Job, max_tokens: float) -> dict[str, float]:
    """What a job costs in the end by real usage, by dimension; a pool that never gives back is counted by real usage too."""
    output = min(job.tokens_output, max_tokens)
    fresh = job.tokens_input - (job.tokens_cached if meter not in ("openai", "azure", "gemini", "generic") else 0.0)
    burnt = output * (BURN_DOWN if meter == "bedrock_runtime" else 1.0)
    return {"requests": 1.0, "input": fresh, "output": output, "total": fresh + burnt}


def burst_of(meter: str, dimension: str, limit: float) -> float:
    """What a full bucket holds: a minute's worth, but a second's worth of Azure's requests."""
    return max(limit / MINUTE_S, 1.0) if (meter, dimension) == ("azure", "requests") else limit


def physical_s(meter: str, limits: Mapping[str, float], jobs: Sequence[Job], max_tokens: float) -> float:
    """Seconds that the limits need for the whole load from full buckets; 0 when the buckets hold it all."""
    sums = dict.fromkeys(limits, 0.0)
    for job in jobs:
        costs = costs_of(meter, job, max_tokens)
        for name in sums:
            sums[name] += costs[name]
    return max(0.0, *((sums[name] - burst_of(meter, name, limit)) / limit * MINUTE_S for name, limit in limits.items()))


def oracle_s(meter: str, limits: Mapping[str, float], jobs: Sequence[Job], max_tokens: float, agents: int) -> float:
    """Makespan of a scheduler that knows every answer: first come first served, as soon as the buckets and an agent allow."""
    bursts = {name: burst_of(meter, name, limit) for name, limit in limits.items()}
    level = dict(bursts)
    free = [0.0] * agents
    at = last = 0.0
    for job in sorted(jobs, key=lambda one: one.arrived_s):
        start = max(job.arrived_s, heappop(free), at)
        costs = costs_of(meter, job, max_tokens)
        level = {
            name: min(level[name] + limit / MINUTE_S * (start - at), bursts[name]) for name, limit in limits.items()
        }
        wait_s = max(0.0, *((costs[name] - level[name]) / limit * MINUTE_S for name, limit in limits.items()))
        at = start + wait_s
        level = {name: level[name] + limit / MINUTE_S * wait_s - costs[name] for name, limit in limits.items()}
        took = FIRST_TOKEN_S + INPUT_TOKEN_S * job.tokens_input + OUTPUT_TOKEN_S * min(job.tokens_output, max_tokens)
        heappush(free, at + took)
        last = max(last, at + took)
    return last
