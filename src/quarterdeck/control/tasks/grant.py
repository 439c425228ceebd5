"""Leave for one call: what it may take, and where it says what it took.

Refuses: being settled twice; the second time does nothing. Who leaves the block without a word is charged what was reserved,
since the call may have been made.
"""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Self

from quarterdeck.control.tasks.amounts import Amounts, Price, call_amounts, checked_count

Release = Callable[[Amounts, Amounts], None]
"""What was held, and what was spent instead."""


class CallGrant:
    """`max_tokens`: ask the model for no more. `timeout_s`: what is left of the task's time; None: it has no such ceiling.

    Use as a context manager, or call `settle` or `refund`.
    """

    def __init__(
        self, reserved: Amounts, max_tokens: int, timeout_s: float | None, *, price: Price | None, release: Release
    ) -> None:
        self.reserved = dict(reserved)
        self.max_tokens = max_tokens
        self.timeout_s = timeout_s
        self._price = price
        self._release: Release | None = release

    @property
    def granted(self) -> bool:
        """Always True; of a refusal it is False."""
        return True

    def settle(
        self, tokens_input: float | None = None, tokens_output: float | None = None, cost_usd: float | None = None
    ) -> None:
        """What the call took, as the provider reports it. What it did not report is charged as reserved. Raises BadInput."""
        took_in = self._or_reserved("tokens_input", tokens_input)
        took_out = self._or_reserved("tokens_output", tokens_output)
        if cost_usd is not None:
            cost: float | None = checked_count("cost_usd", cost_usd)
        else:
            cost = self._price.of(took_in, took_out) if self._price else self.reserved.get("cost_usd")
        self._end(call_amounts(took_in, took_out, cost))

    def refund(self) -> None:
        """The call was not made: nothing is charged."""
        self._end({})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.settle()

    def _or_reserved(self, name: str, value: float | None) -> float:
        if value is not None:
            return checked_count(name, value)
        return self.reserved["tokens_input" if name == "tokens_input" else "tokens_output"]

    def _end(self, actual: Amounts) -> None:
        release, self._release = self._release, None
        if release is not None:
            release(self.reserved, actual)
