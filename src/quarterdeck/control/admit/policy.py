"""How a gate decides, as numbers: declared once, frozen. The library's own; it needs no settings library.

Refuses: a value that cannot be, with what was expected.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from quarterdeck.errors import BadInput


class Price(NamedTuple):
    """US dollars per million tokens; `cached`: of input that is read from a cache, None as `input`."""

    input: float
    output: float
    cached: float | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """The numbers behind decisions.

    lanes: highest first. floor_share: of each lane, so that none stops. quantile: of learned output that is reserved.
    cap: when `max_tokens` is cut to the learned 0.99 quantile: where the provider never gives back, always, or never.
    max_tokens_unknown: tokens assumed when the caller does not say and nothing is learned. lease_s: after which a hold
    without sign of life ends. queue_s: longest predicted and real wait. retry_share, fallback_share: of first attempts.
    cost_usd_per_hour: opens the cost breaker; None: never. budget_kept: share of a day's money that only the first lane
    may spend. weights: of tenants in fairness, 1 if not named. prices: by model, needed for budgets.
    """

    lanes: tuple[str, ...] = ("interactive", "standard", "batch")
    floor_share: float = 0.05
    quantile: float = 0.9
    cap: Literal["no_refund", "always", "never"] = "no_refund"
    max_tokens_unknown: int = 4_096
    lease_s: float = 600.0
    queue_s: float = 600.0
    retry_share: float = 0.1
    fallback_share: float = 0.2
    cost_usd_per_hour: float | None = None
    budget_kept: float = 0.15
    weights: Mapping[str, float] = field(default_factory=dict)
    prices: Mapping[str, Price] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.lanes or len(set(self.lanes)) != len(self.lanes):
            raise BadInput(f"lanes must be names, each once, got {self.lanes!r}")
        _between("floor_share", self.floor_share, 0.0, 1.0 / len(self.lanes))
        _between("quantile", self.quantile, 0.5, 0.999)
        _between("retry_share", self.retry_share, 0.0, 1.0)
        _between("fallback_share", self.fallback_share, 0.0, 1.0)
        _between("budget_kept", self.budget_kept, 0.0, 0.9)
        _between("lease_s", self.lease_s, 1.0, 86_400.0)
        _between("queue_s", self.queue_s, 0.0, 86_400.0)
        _between("max_tokens_unknown", self.max_tokens_unknown, 1, 10_000_000)
        if self.cap not in ("no_refund", "always", "never"):
            raise BadInput(f"cap must be no_refund, always or never, got {self.cap!r}")
        for tenant, weight in self.weights.items():
            _between(f"weight of tenant {tenant!r}", weight, 1e-6, 1e6)

    def lane(self, name: str | None) -> int:
        """The place of a lane; None is the middle one. Raises BadInput with the names there are."""
        if name is None:
            return len(self.lanes) // 2
        if name not in self.lanes:
            raise BadInput(f"unknown lane {name!r}; expected one of {', '.join(self.lanes)}")
        return self.lanes.index(name)

    @classmethod
    def read(cls, given: Policy | Mapping[str, Any] | None) -> Policy:
        """A policy from a mapping, for example of JSON. Raises BadInput for an unknown name or value."""
        if given is None:
            return cls()
        if isinstance(given, Policy):
            return given
        unknown = sorted(set(given) - set(cls.__dataclass_fields__))
        if unknown:
            raise BadInput(
                f"unknown policy {', '.join(unknown)}; expected some of {', '.join(cls.__dataclass_fields__)}"
            )
        values = dict(given)
        if "lanes" in values:
            values["lanes"] = tuple(values["lanes"])
        if "prices" in values:
            values["prices"] = {model: _price(model, price) for model, price in values["prices"].items()}
        return cls(**values)


def _price(model: str, given: Any) -> Price:
    if isinstance(given, Price):
        return given
    try:
        return Price(**given) if isinstance(given, Mapping) else Price(*given)
    except TypeError as error:
        raise BadInput(f"price of {model!r} must be input and output in dollars per million tokens") from error


def _between(name: str, value: Any, low: float, high: float) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise BadInput(f"{name} must be between {low:g} and {high:g}, got {value!r}")
