"""The hot path of admission beside limiters of other projects: microseconds of process time for each call.

Batches are taken in turns and the least is told, so that a busy machine spoils no side. Ours: `ledger` is reserve + settle in five
dimensions; `gate` adds learning, order among tenants, retries and health; `whole_life` has 10,000 calls waiting in lanes: one is settled,
the next one starts, another one joins. Peers: one acquire in one dimension; none of them settles.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

from quarterdeck.control.admit import Ask, Charge, Gate, Granted, Ledger, Limits, Usage, find_meter

ROOT = Path(__file__).parents[1]
PEERS = ROOT / "var/peers/limiters"
WAITERS = 10_000
TENANTS = [f"t{at}" for at in range(50)]
ASKS = [Ask("m", 1_000.0, 500.0, tenant=tenant) for tenant in TENANTS]
USED = Usage(1_000, 100)
WIDE = Limits(requests=6e8, input=4e11, output=4e11, total=4e11, concurrency=1e6)
Batch = Callable[[int], None]


def ledger(waiters: int = 0) -> Batch:
    """Reserve + settle in all five dimensions; with `waiters`, in the ledger of a gate where so many wait."""
    if waiters:
        gate, _ = crowded(waiters)
        engine: Any = gate.engine
        engine.set_limit(1.0, 4, 1e6)
    else:
        engine = Ledger(WIDE, 0.0, streamed=(2,))
    charge, final = Charge(1.0, 1_000.0, 100.0, 1_100.0, 1.0), Charge(1.0, 1_000.0, 60.0, 1_060.0)
    now = 1.0

    def batch(n: int) -> None:
        nonlocal now
        for _ in range(n):
            now += 1e-4
            engine.settle(now, engine.reserve(now, charge), final)

    return batch


def gate_alone() -> Batch:
    gate = Gate(find_meter("generic"), WIDE, 0.0)
    now = 1.0

    def batch(n: int) -> None:
        nonlocal now
        for at in range(n):
            now += 1e-4
            gate.settle(now, gate.ask(now, ASKS[at % 50]).ticket, USED)

    return batch


def crowded(waiters: int) -> tuple[Gate, deque[int]]:
    gate = Gate(find_meter("generic"), Limits(requests=6e8, input=4e11, output=4e11, total=4e11, concurrency=64), 0.0)
    answers = [gate.ask(1.0, ASKS[at % 50]) for at in range(64 + waiters)]
    assert gate.waiters.calls == waiters
    return gate, deque(answer.ticket for answer in answers if isinstance(answer, Granted))


def whole_life() -> Batch:
    gate, out = crowded(WAITERS)
    now = 1.0

    def batch(n: int) -> None:
        nonlocal now
        for at in range(n):
            now += 1e-4
            gate.settle(now, out.popleft(), USED)
            out.extend(start.ticket for start in gate.pump(now))
            gate.ask(now, ASKS[at % 50])

    return batch


def aiolimiter(loop: asyncio.AbstractEventLoop) -> Batch:
    from aiolimiter import AsyncLimiter

    limiter = AsyncLimiter(1e12, 60)

    async def several(n: int) -> None:
        for _ in range(n):
            await limiter.acquire(1_000)

    return lambda n: loop.run_until_complete(several(n))


def limits() -> Batch:
    from limits import RateLimitItemPerMinute, storage, strategies

    limiter = strategies.MovingWindowRateLimiter(storage.MemoryStorage())
    counter = strategies.SlidingWindowCounterRateLimiter(storage.MemoryStorage())
    item = RateLimitItemPerMinute(10**12)
    del limiter

    def batch(n: int) -> None:
        for _ in range(n):
            counter.hit(item, "m", cost=1_000)

    return batch


def throttled() -> Batch:
    from throttled import Throttled, rate_limiter

    limiter = Throttled(key="m", using="gcra", quota=rate_limiter.per_min(10**12, burst=10**12))

    def batch(n: int) -> None:
        for _ in range(n):
            limiter.limit(cost=1_000)

    return batch


def install() -> None:
    if not (PEERS / "aiolimiter").exists():
        uv = str(Path(sys.executable).parent / "uv")
        wanted = ["-r", str(Path(__file__).parent / "admission_peers.txt")]
        subprocess.run([uv, "pip", "install", "--quiet", "--python", sys.executable, "--target", str(PEERS), *wanted], check=True)  # fmt: skip
    sys.path.append(str(PEERS))


def measure(rounds: int = 30, n: int = 500) -> dict[str, Any]:
    """Microseconds for each call, the least of `rounds`."""
    install()
    loop = asyncio.new_event_loop()
    sides: dict[str, Batch] = {
        "ledger": ledger(),
        "ledger_10k_waiting": ledger(WAITERS),
        "gate": gate_alone(),
        "whole_life_10k_waiting": whole_life(),
        "aiolimiter": aiolimiter(loop),
        "limits": limits(),
        "throttled": throttled(),
    }
    best = dict.fromkeys(sides, float("inf"))
    for _ in range(rounds):
        for name, batch in sides.items():
            began = time.process_time()
            batch(n)
            best[name] = min(best[name], (time.process_time() - began) / n * 1e6)
    loop.close()
    return {name: round(value, 2) for name, value in best.items()}
