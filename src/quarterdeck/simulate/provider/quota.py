"""The simulated provider's limits over HTTP: the account of the virtual clock, kept for requests that really come.

One rule for simulations and for the server, so that what was tried in seconds holds on the wire. Refuses: chance; the
same requests at the same times meet the same limits.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from quarterdeck.clock import Clock
from quarterdeck.errors import BadInput
from quarterdeck.simulate.load.account import Account, Spell
from quarterdeck.simulate.provider.told import (
    Closed,
    Refusal,
    Standing,
    closed_refusal,
    failure,
    headers_of,
    rate_refusal,
)

_DIMENSIONS = {
    "openai": ("requests", "total"),
    "azure": ("requests", "total"),
    "anthropic": ("requests", "input", "output"),
    "bedrock_runtime": ("requests", "total"),
    "bedrock_mantle": ("input", "output"),
    "gemini": ("requests", "input"),
    "generic": ("requests", "input", "output", "total"),
}
MAX_TOKENS_UNSET = 4096.0
"""What a model may answer when the caller does not say."""


class Taken(NamedTuple):
    """A call that was let in: what `finish` is told, the headers, and by how much its first token is slower."""

    ticket: Any
    headers: Mapping[str, str]
    slower: float


class Quota:
    """An account under `meter` with `limits` a minute, on `clock`; `spells` are times from the start at which it differs.

    Thread-safe. Raises BadInput for a meter or a limit that there is not.
    """

    def __init__(self, meter: str, limits: Mapping[str, float], spells: Sequence[Spell], clock: Clock) -> None:
        if meter not in _DIMENSIONS:
            raise BadInput(f"unknown meter {meter!r}; expected one of {', '.join(_DIMENSIONS)}")
        strange = sorted(set(limits) - set(_DIMENSIONS[meter]))
        if strange or any(not value > 0 for value in limits.values()):
            raise BadInput(f"{meter} limits {', '.join(_DIMENSIONS[meter])}, each above 0; got {dict(limits)!r}")
        self._meter = meter
        self._limits = dict(limits)
        self._clock = clock
        self._began_s = clock.monotonic_s()
        self._account = Account(meter, limits, spells)
        self._lock = threading.Lock()
        self._closed: tuple[Closed, float] | None = None

    def close(self, why: Closed, for_s: float = 3_600.0) -> None:
        """From now on every call is refused for good: a spend cap, or a day's quota."""
        with self._lock:
            self._closed = (why, self._now() + for_s)

    def _now(self) -> float:
        return self._clock.monotonic_s() - self._began_s

    def offer(
        self, tokens_input: float, tokens_cached: float, max_tokens: float | None, output: float
    ) -> Taken | Refusal:
        """A call comes in that would answer `output` tokens."""
        ceiling = MAX_TOKENS_UNSET if max_tokens is None else max_tokens
        with self._lock:
            now = self._now()
            if self._closed is not None and now < self._closed[1]:
                return closed_refusal(self._meter, self._closed[0], self._closed[1] - now)
            verdict = self._account.offer(now, tokens_input, tokens_cached, ceiling, min(output, ceiling))
            if verdict.status == 200:
                self._account.begin(now, verdict.ticket)
                return Taken(verdict.ticket, self._headers(), verdict.slower)
            if verdict.status != 429:
                return failure(self._meter, verdict.status)
            standings = self._standings()
            scarce = min(standings, key=lambda name: standings[name].remaining / standings[name].limit)
            wait_s = float(verdict.headers.get("retry-after", 1.0))
            return rate_refusal(self._meter, scarce, wait_s, standings[scarce], self._headers())

    def finish(self, ticket: Any) -> None:
        """The answer is complete."""
        with self._lock:
            self._account.finish(self._now(), ticket)

    def _headers(self) -> dict[str, str]:
        return headers_of(self._meter, self._standings(), self._clock.now_ns() / 1e9)

    def _standings(self) -> dict[str, Standing]:
        found = {}
        for name, limit in self._limits.items():
            now = limit * self._account.limit_share
            level = self._account.level[name]
            found[name] = Standing(now, level, max((now - level) / now * 60.0, 0.0) if now else 0.0)
        return found
