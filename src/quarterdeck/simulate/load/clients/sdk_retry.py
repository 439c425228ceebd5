"""No limiter: every call is sent at once; the SDK tries twice more, and then the agent begins again."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from quarterdeck.simulate.load.client import Answer, Demand, Refusal, Wire
from quarterdeck.simulate.load.peer import RETRIES, sdk_delay_s


class SdkRetry:
    """As the official OpenAI and Anthropic SDKs at their defaults, in an agent that does not give up."""

    def __init__(self, wire: Wire, chance: Callable[[], float]) -> None:
        self._wire = wire
        self._chance = chance
        self._tried: dict[int, int] = {}

    def arrived(self, demand: Demand) -> None:
        self._wire.send(demand, demand.max_tokens)

    def began(self, demand: Demand, headers: Mapping[str, str]) -> None:
        del demand, headers

    def answered(self, demand: Demand, answer: Answer) -> None:
        del answer
        self._tried.pop(demand.ticket, None)

    def refused(self, demand: Demand, refusal: Refusal) -> None:
        tried = self._tried.get(demand.ticket, 0)
        self._tried[demand.ticket] = (tried + 1) % (RETRIES + 1)
        self._wire.after(sdk_delay_s(refusal, tried, self._chance), self._wire.send, demand, demand.max_tokens)
