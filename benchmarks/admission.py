"""Admission beside its peers: shares of the limit, moving limits, fairness, an outage, and the hot path.

    python benchmarks/admission.py [--part saturate|no_refund|moving|fairness|outage|hot] [--trace FILE] [--short]

Policies run on a virtual clock against the simulated account of `quarterdeck.simulate.load`, all from one seed, peers at their
defaults. The hot path is measured in process time beside the limiters of admission_peers.txt, in one run, in turns. Without
--trace the calls are made up after the published shape of a conversation trace (input p50 1,020, p99 4,142; output p50 129,
p99 601). Prints one JSON document; progress goes to stderr.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from admission_hot import measure
from quarterdeck.light.simulate import OURS, make_client, simulate_jobs
from quarterdeck.simulate.load.account import Account, Spell
from quarterdeck.simulate.load.bench import Bench, Report
from quarterdeck.simulate.load.clients import PEERS
from quarterdeck.simulate.load.job import Job
from quarterdeck.simulate.load.limit import costs_of, limits_of
from quarterdeck.simulate.load.summary import jain
from quarterdeck.simulate.load.trace import read_jobs

LIMITS = {"requests": 4_000, "input": 450_000, "output": 90_000, "total": 540_000}
METERS = ("anthropic", "azure", "bedrock_runtime", "bedrock_mantle", "gemini", "generic")
PEER_METERS = ("anthropic", "azure", "openai")
RETRIED = 2_500
"""Without a limiter a call is refused up to a hundred times; so many calls suffice to see it."""
EVERYONE = (OURS, *PEERS)


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def made_up(n: int, seed: int = 7, tenant: str = "") -> list[Job]:
    """Calls of a conversation trace's shape: log-normal, cut where the trace ends."""
    rng = np.random.default_rng(seed)
    tokens_input = np.clip(np.exp(rng.normal(math.log(1_020), 0.62, n)), 3, 14_000).round()
    tokens_output = np.clip(np.exp(rng.normal(math.log(150), 0.8, n)), 1, 1_000).round()
    arrived = np.cumsum(rng.exponential(0.18, n))
    return [Job(a, i, o, tenant=tenant) for a, i, o in zip(arrived.tolist(), tokens_input.tolist(), tokens_output.tolist(), strict=True)]  # fmt: skip


def draw(seed: int) -> Callable[[], float]:
    rng = np.random.default_rng(seed)
    return lambda: float(rng.random())


# ---------------------------------------------------------------- 1: how much of the limit


def saturate(jobs: list[Job], meters: tuple[str, ...], policies: tuple[str, ...]) -> list[dict[str, Any]]:
    """Backlog, 256 agents, every caller asks for 4,096 tokens."""
    rows = []
    for meter in meters:
        for policy in policies:
            if policy != OURS and meter not in PEER_METERS:
                continue
            began = time.perf_counter()
            part = jobs[:RETRIED] if policy == "sdk_retry" else jobs
            found = simulate_jobs(part, meter=meter, policy=policy, limits=limits_of(meter, LIMITS))
            keys = ("requests", "completed", "fraction_of_limit", "rejections_per_request", "truncated_fraction")
            rows.append({"meter": meter, "policy": policy} | {key: found[key] for key in keys})
            say(f"{rows[-1]} in {time.perf_counter() - began:.1f} s")
    return rows


# ---------------------------------------------------------------- 2: a limit that moves, and somebody else


def moving(policies: tuple[str, ...], *, headers: bool, seconds: float = 900.0) -> list[dict[str, Any]]:
    """Half the limit from a third to two thirds of the time, while another tenant takes 30 % of what is left of it."""
    low, high = seconds / 3, seconds * 2 / 3
    limits = limits_of("anthropic", LIMITS)
    rows = []
    for policy in policies:
        jobs = made_up(12_000)
        bench = Bench(
            jobs, Account("anthropic", limits, [Spell(low, high, limit=0.5, others=0.15)], headers=headers),
            until_s=seconds, jitter=draw(1), again_after_s=0.0,
        )  # fmt: skip
        report = bench.run(
            make_client(bench, policy, "anthropic", limits if headers else _told(policy, limits), chance=draw(2))
        )
        rows.append({"policy": policy, "headers": headers} | _goodput(report, jobs, limits, low, high, seconds))
        say(str(rows[-1]))
    return rows


def _told(policy: str, limits: dict[str, float]) -> dict[str, float] | None:
    """Without headers ours is told nothing at all; peers know the configured limit, as they would."""
    return None if policy == OURS else limits


def _goodput(
    report: Report, jobs: list[Job], limits: dict[str, float], low: float, high: float, until: float
) -> dict[str, Any]:
    """Served against an oracle that keeps the scarce dimension's bucket empty: burst + what refills for us."""
    mean = {name: sum(costs_of("anthropic", job, 4096)[name] for job in jobs) / len(jobs) for name in limits}
    scarce = max(limits, key=lambda name: mean[name] / limits[name])
    oracle = limits[scarce] / mean[scarce] * (1 + (low + (high - low) * 0.35 + (until - high)) / 60)
    # Tokens, not calls: a client that is refused at random gets its small calls through.
    tokens = np.array([amount for _, _, amount in report.served])
    at = np.array([at for at, _, _ in report.served])
    each = sum(job.tokens_input + job.tokens_output for job in jobs) / len(jobs)
    full = limits[scarce] / mean[scarce] / 60 * each
    back = next(
        (
            s
            for s in np.arange(0, until - high - 10, 0.5)
            if tokens[(at > high + s) & (at <= high + s + 10)].sum() >= 9 * full
        ),
        None,
    )
    return {
        "share_of_oracle": round(float(tokens.sum()) / (oracle * each), 4),
        "rejections_per_request": round(report.rejections / max(report.answers, 1), 4),
        "recovery_s": None if back is None else float(back),
    }


# ---------------------------------------------------------------- 3: fairness


def fairness(policies: tuple[str, ...], seconds: float = 600.0) -> list[dict[str, Any]]:
    """50 tenants that always want more; one asks ten times as often, sizes from 1 to 100. Counted after the first minute."""
    rng = np.random.default_rng(3)
    names = [f"t{at:02d}" for at in range(50)]
    jobs = []
    for at, name in enumerate(names):
        size = 100.0 * 100 ** (at / 49)
        jobs += [
            Job(0.0, round(size * rng.uniform(0.7, 1.3)), round(size / 10 * rng.uniform(0.5, 1.5)) + 1, tenant=name)
            for _ in range(300 if at else 3_000)
        ]
    limits = {"requests": 100_000.0, "input": 450_000.0, "output": 90_000.0}
    rows = []
    for policy in policies:
        bench = Bench(jobs, Account("anthropic", limits), agents=50 * 200, max_tokens=2_000, until_s=seconds, jitter=draw(1), again_after_s=0.0)  # fmt: skip
        report = bench.run(make_client(bench, policy, "anthropic", limits, chance=draw(2)))
        served: dict[str, float] = defaultdict(float)
        for at, tenant, tokens in report.served:
            if at > 60.0:  # before, the full bucket is for whoever comes first
                served[tenant] += tokens
        amounts = [served[name] for name in names]
        rows.append({"policy": policy, "jain": jain(amounts), "largest_over_smallest": None if min(amounts) == 0 else round(max(amounts) / min(amounts), 2), "never_served": amounts.count(0)})  # fmt: skip
        say(str(rows[-1]))
    return rows


# ---------------------------------------------------------------- 4: an outage


def outage(policies: tuple[str, ...], seconds: float = 600.0) -> list[dict[str, Any]]:
    """500 agents; everything fails with 503 for 60 s."""
    limits = {"requests": 40_000.0, "input": 4_500_000.0, "output": 900_000.0}
    rows = []
    for policy in policies:
        account = Account("anthropic", limits, [Spell(240.0, 300.0, status=503)])
        bench = Bench(made_up(20_000), account, agents=500, until_s=seconds, jitter=draw(1), again_after_s=5.0)
        report = bench.run(make_client(bench, policy, "anthropic", limits, chance=draw(2)))
        after = np.array([at for at, _, _ in report.served])
        rows.append({
            "policy": policy,
            "attempts_per_success": round(report.sent / max(report.answers, 1), 4),
            "failures": report.failures,
            "first_success_after_s": round(float(after[after > 300.0].min() - 300.0), 2) if (after > 300).any() else None,
            "answers": report.answers,
        })  # fmt: skip
        say(str(rows[-1]))
    return rows


PARTS = ("saturate", "no_refund", "moving", "fairness", "outage", "hot")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--part", choices=PARTS)
    parser.add_argument("--trace", type=Path)
    parser.add_argument("--policy")
    parser.add_argument("--short", action="store_true")
    given = parser.parse_args()
    policies = (given.policy,) if given.policy else EVERYONE
    jobs = read_jobs(given.trace) if given.trace else made_up(2_500 if given.short else 19_000)
    run: dict[str, Callable[[], Any]] = {
        "saturate": lambda: saturate(jobs, METERS, policies),
        "no_refund": lambda: saturate(jobs, ("openai",), policies),
        "moving": lambda: moving(policies, headers=True) + moving(policies, headers=False),
        "fairness": lambda: fairness(policies),
        "outage": lambda: outage(policies),
        "hot": measure,
    }
    json.dump({part: run[part]() for part in PARTS if given.part in (None, part)}, sys.stdout, indent=1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
