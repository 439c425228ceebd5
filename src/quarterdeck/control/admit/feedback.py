"""What a provider said with an answer, in one typed form for all providers.

Refuses: guessing. What a header did not say is None; a refusal that retrying cannot mend is `terminal` with its reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

Kind = Literal["ok", "rate", "overloaded", "server", "timeout", "client"]
"""How a call ended. `rate`: 429, a limit of the account. `overloaded`: 529 or 503, the provider's own capacity.
`server`: other 5xx and lost connections. `client`: our request was wrong; trying again is of no use."""


class Window(NamedTuple):
    """One dimension as the provider sees it. `limit` per minute, `remaining` now, `reset_s` until the bucket is full."""

    dimension: int
    limit: float | None
    remaining: float | None
    reset_s: float | None = None


@dataclass(frozen=True, slots=True)
class Feedback:
    """One answer of the provider. `retry_after_s`: its own word on when to come again.

    `terminal`: why no retry helps (a spend cap, a daily quota), else None; `resumes_in_s`: when that ends, if it is known.
    `should_retry`: the provider's marker, None when it did not say.
    """

    kind: Kind = "ok"
    windows: tuple[Window, ...] = ()
    retry_after_s: float | None = None
    terminal: str | None = None
    resumes_in_s: float | None = None
    should_retry: bool | None = None
    dimensions: tuple[int, ...] = ()
    """Dimensions that a refusal names; empty when it does not say."""


OK = Feedback()
