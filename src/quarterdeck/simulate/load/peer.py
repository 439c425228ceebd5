"""What several peers' policies share: an SDK's delays before a retry, and buckets of what a caller asked for.

Refuses: anything that the peers do not do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from quarterdeck.simulate.load.client import Demand, Refusal

RETRIES = 2
BASE_S = 0.5
LONGEST_S = 8.0
TOLD_S_MAX = 60.0


def sdk_delay_s(refusal: Refusal, tried: int, chance: Callable[[], float]) -> float:
    """The official SDKs' wait: the server's delay if it is up to a minute, else doubled from half a second, jitter a quarter."""
    told = refusal.headers.get("retry-after-ms")
    seconds = float(told) / 1000 if told else _seconds(refusal.headers.get("retry-after"))
    if seconds is not None and 0 < seconds <= TOLD_S_MAX:
        return seconds
    return min(BASE_S * 2.0**tried, LONGEST_S) * (1 - 0.25 * chance())


def _seconds(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None


def asked_for(demand: Demand, limits: Mapping[str, float]) -> dict[str, float]:
    """What a limiter that knows only the request charges: the prompt and the whole of max_tokens, by limited dimension."""
    amounts = {
        "requests": 1.0,
        "input": demand.tokens_input,
        "output": demand.max_tokens,
        "total": demand.tokens_input + demand.max_tokens,
    }
    return {name: amounts[name] for name in limits if name in amounts}
