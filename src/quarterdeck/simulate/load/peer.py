"""What several peers' policies share: an SDK's delays before a retry, buckets of what a caller asked for, one alarm.

Refuses: anything that the peers do not do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from quarterdeck.simulate.load.client import Answer, Demand, Refusal, Wire

MINUTE_S = 60.0
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


def refill_s(missing: Mapping[str, float], limits: Mapping[str, float]) -> float:
    """How long until what is missing has flowed in, at a limit's worth a minute; 0 when nothing is missing."""
    longest = max((amount / limits[name] * MINUTE_S for name, amount in missing.items()), default=0.0)
    return longest if longest > 1e-9 else 0.0


class Alarm:
    """Rings once for whoever waits at the head; setting it again before it rang changes nothing."""

    def __init__(self, wire: Wire, what: Callable[[], None]) -> None:
        self._wire = wire
        self._what = what
        self._is_set = False

    def set(self, wait_s: float) -> None:
        """Ring in so many seconds."""
        if not self._is_set:
            self._is_set = True
            self._wire.after(wait_s, self._ring)

    def _ring(self) -> None:
        self._is_set = False
        self._what()


class TakesNoNotice:
    """Of good news: most peers learn nothing from it."""

    def began(self, demand: Demand, headers: Mapping[str, str]) -> None:
        """The provider accepted."""

    def answered(self, demand: Demand, answer: Answer) -> None:
        """The answer is complete."""
