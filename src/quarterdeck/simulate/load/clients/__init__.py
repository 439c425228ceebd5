"""Peers' policies by name: what clients commonly do, as their sources and documents say, one file each.

Siblings do not know each other; what several share is in `simulate.load.peer`. To add one: copy the smallest neighbour.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from quarterdeck.simulate.load.client import Client, Wire
from quarterdeck.simulate.load.clients.adaptive import AdaptiveRate
from quarterdeck.simulate.load.clients.cookbook import Cookbook
from quarterdeck.simulate.load.clients.leaky import LeakyBucket
from quarterdeck.simulate.load.clients.sdk_retry import SdkRetry
from quarterdeck.simulate.load.clients.semaphore import Semaphore
from quarterdeck.simulate.load.clients.window import MinuteWindow


class Peer(NamedTuple):
    """A peer's policy: its maker, and one sentence on what it is."""

    make: Callable[[Wire, Mapping[str, float], Callable[[], float]], Client]
    sentence: str


PEERS: Mapping[str, Peer] = {
    "sdk_retry": Peer(lambda wire, _, chance: SdkRetry(wire, chance), "no limiter; the SDK's two retries, then again"),
    "semaphore": Peer(
        lambda wire, _, chance: Semaphore(wire, chance, most=32), "32 calls at a time, retries as an SDK does"
    ),
    "window": Peer(
        lambda wire, limits, _: MinuteWindow(wire, limits, wakes=False),
        "counters by clock minute, max_tokens reserved and settled; a refusal waits for the next minute",
    ),
    "window_wake": Peer(
        lambda wire, limits, _: MinuteWindow(wire, limits, wakes=True), "the same, woken whenever something is settled"
    ),
    "leaky": Peer(
        lambda wire, limits, _: LeakyBucket(wire, limits, by_amount=False),
        "a leaky bucket charged with max_tokens, no settlement, first come first served",
    ),
    "aiolimiter": Peer(
        lambda wire, limits, _: LeakyBucket(wire, limits, by_amount=True),
        "the same with waiters ordered by amount, as aiolimiter has them",
    ),
    "cookbook": Peer(
        lambda wire, limits, _: Cookbook(wire, limits),
        "linear refill, one caller at the head, 15 s of pause after a refusal, as the OpenAI cookbook's script",
    ),
    "adaptive": Peer(
        lambda wire, _, chance: AdaptiveRate(wire, chance), "the AWS SDK's adaptive mode: CUBIC on the rate of requests"
    ),
}
"""Peers by name."""
