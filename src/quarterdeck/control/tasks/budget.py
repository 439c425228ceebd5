"""The hard stop of one task, outside the model: a call begins only if every ceiling can pay what it reserves.

`reserve` → the call with the grant's `max_tokens` → `settle`. Children have shares of their own. One lock for the tree, held for
arithmetic only, so threads and asyncio use one budget alike. Refuses: a call that the ceiling cannot pay; a cut answer.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from types import TracebackType
from typing import Self, TypeVar

from quarterdeck.clock import Clock, SystemClock
from quarterdeck.control.tasks.amounts import Amounts, Price, call_amounts, checked_ceilings, checked_count, said
from quarterdeck.control.tasks.asking import Ask
from quarterdeck.control.tasks.grant import CallGrant
from quarterdeck.control.tasks.ledger import Ledger
from quarterdeck.control.tasks.running import arun_steps, run_steps
from quarterdeck.control.tasks.shares import child_ceilings
from quarterdeck.control.tasks.stopped import CallRefused, Done, Finished, Stopped, TaskHalted
from quarterdeck.control.tasks.tools import ToolAnswer, Withheld, is_irreversible, over_ceiling
from quarterdeck.control.tasks.words import remaining_words
from quarterdeck.errors import BadInput
from quarterdeck.model.estimates import Estimate, Quantity

T = TypeVar("T")
Approve = Callable[[Ask], bool]
"""Asked outside the lock; may take its time."""


class TaskBudget:
    """Ceilings of one task, None = no such ceiling, and its ledger. `steps`: model calls.

    `price`: makes dollars of tokens. `irreversible`: names of tools (`*` and `?` allowed) that cannot be undone.
    `approve` answers whether a withheld tool may be used. `estimate`: what the task will probably take.
    Raises BadInput for a ceiling that is no positive number.
    """

    def __init__(
        self,
        *,
        tokens_input: float | None = None,
        tokens_output: float | None = None,
        tokens_total: float | None = None,
        steps: float | None = None,
        cost_usd: float | None = None,
        seconds: float | None = None,
        price: Price | tuple[float, float] | None = None,
        estimate: Estimate | None = None,
        irreversible: Collection[str] = (),
        approve: Approve | None = None,
        task_id: str | None = None,
        agent: str | None = None,
        clock: Clock | None = None,
    ) -> None:
        asked = _ceilings(tokens_input, tokens_output, tokens_total, steps=steps, cost_usd=cost_usd, seconds=seconds)
        self.task_id, self.agent = task_id, agent
        self._price = None if price is None else Price(*price)
        self._estimate, self._approve = estimate, approve
        self._irreversible = tuple(irreversible)
        self._clock = clock or SystemClock()
        self._lock = threading.RLock()
        self._open(asked, None)

    def _open(self, ceilings: dict[Quantity, float], parent: TaskBudget | None) -> None:
        self.ceilings: dict[Quantity, float] = ceilings
        self._parent = parent
        self._began_s = self._clock.monotonic_s()
        self._halted: str | None = None
        self._ledger: Ledger = Ledger(ceilings, None if parent is None else parent._ledger)

    # What is left.

    def spent(self) -> dict[Quantity, float]:
        """What calls took that are settled, and what closed children took; seconds since the start."""
        with self._lock:
            return {**self._ledger.spent, "seconds": self._clock.monotonic_s() - self._began_s}

    def left(self) -> dict[Quantity, float]:
        """Of each ceiling: what may still be reserved; never below 0."""
        with self._lock:
            return {name: max(self._left(name), 0.0) for name in self.ceilings}

    def remaining_words(self) -> str:
        """What is left in a sentence or three, for the agent's next prompt; "" without a ceiling."""
        return remaining_words(self.ceilings, self.left(), self.spent())

    # A call.

    def reserve(
        self,
        *,
        tokens_input: float,
        max_tokens: float,
        tokens_output_min: float = 1.0,
        cost_usd: float | None = None,
    ) -> CallGrant | CallRefused:
        """Leave for one call. `max_tokens`: what it would be asked with; the grant's may be lower, down to `tokens_output_min`.

        `cost_usd`: its most, where there is no `price`. Raises BadInput for numbers that are none, and where a ceiling in
        dollars has no price.
        """
        wanted_in = checked_count("tokens_input", tokens_input)
        wanted_out = math.floor(checked_count("max_tokens", max_tokens))
        least = min(math.ceil(checked_count("tokens_output_min", tokens_output_min)), wanted_out)
        with self._lock:
            refused = self._refused_outright()
            if refused is not None:
                return refused
            output = max(least, min(wanted_out, math.floor(self._output_left(wanted_in, wanted_out))))
            amounts = call_amounts(wanted_in, float(output), self._cost(wanted_in, output, cost_usd))
            short = self._ledger.short(amounts)
            if short is not None:
                return _cannot_pay(short, amounts[short], self._left(short))
            self._ledger.hold(amounts)
            timeout_s = self._left("seconds") if "seconds" in self.ceilings else None
            return CallGrant(amounts, output, timeout_s, price=self._price, release=self._release)

    def require(
        self, *, tokens_input: float, max_tokens: float, tokens_output_min: float = 1.0, cost_usd: float | None = None
    ) -> CallGrant:
        """As `reserve`. Raises TaskHalted where that refuses; `run` makes a partial result of it."""
        answer = self.reserve(
            tokens_input=tokens_input, max_tokens=max_tokens, tokens_output_min=tokens_output_min, cost_usd=cost_usd
        )
        if isinstance(answer, CallRefused):
            raise TaskHalted(answer, self.spent())
        return answer

    # The end.

    def halt(self, reason: str) -> None:
        """No further call of this task and its children, for this reason; for an advice to stop."""
        with self._lock:
            self._halted = self._halted or reason

    def run(self, steps: Iterable[tuple[str, Callable[[], T]]]) -> Finished[T] | Stopped[T]:
        """Do steps (name, act) in order. A step whose call the budget refuses ends the task with what was done so far."""
        return run_steps(steps, self.spent)

    async def arun(self, steps: Iterable[tuple[str, Callable[[], Awaitable[T]]]]) -> Finished[T] | Stopped[T]:
        """As `run`, each step awaited."""
        return await arun_steps(steps, self.spent)

    def stopped(self, refused: CallRefused, done: Iterable[Done[T]] = (), remaining: Sequence[str] = ()) -> Stopped[T]:
        """The partial result of a loop of one's own that met a refusal."""
        return Stopped(tuple(done), tuple(remaining), self.spent(), refused.reason, refused.quantity)

    def close(self) -> None:
        """No further call begins here. What a child did not spend returns to its parent; calls under way may still settle."""
        with self._lock:
            self._ledger.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # Children.

    def child(
        self,
        share: float | None = None,
        *,
        tokens_input: float | None = None,
        tokens_output: float | None = None,
        tokens_total: float | None = None,
        steps: float | None = None,
        cost_usd: float | None = None,
        seconds: float | None = None,
        agent: str | None = None,
    ) -> TaskBudget:
        """A budget of its own, taken from what is left here at once; close it, and what it did not spend returns.

        `share` of all that is left (above 0, at most 1), or amounts; what is not named goes in the smallest share among
        those named. Seconds are not divided. Raises BadInput, and TaskHalted where less is left than asked for.
        """
        named = _ceilings(tokens_input, tokens_output, tokens_total, steps=steps, cost_usd=cost_usd, seconds=seconds)
        with self._lock:
            refused = self._refused_outright()
            if refused is None:
                ceilings = child_ceilings({name: self._left(name) for name in self.ceilings}, share, named)
                short = self._ledger.short(ceilings)
                if short is None:
                    return self._child(ceilings, agent)
                refused = _cannot_pay(short, ceilings[short], self._left(short))
        raise TaskHalted(refused, self.spent())

    # Tools.

    def expect(self, estimate: Estimate | None) -> None:
        """What the task will take as known now: from the estimator at the start, from `LiveEstimate` in each turn."""
        with self._lock:
            self._estimate = estimate

    def withholds(self, tool: str) -> str | None:
        """Why this tool is withheld now; None: it is not. Asks nobody: for the list of tools of a turn."""
        found = self._withheld(tool)
        return None if found is None else found.why

    def allows_tool(self, tool: str, arguments: str | None = None) -> ToolAnswer:
        """Whether this tool may be used now, once. Asks `approve` where it is withheld; without `approve` that is a no.

        `arguments`: what it would be called with, in words, for who decides. May wait for people: in asyncio call it with
        `asyncio.to_thread`.
        """
        found = self._withheld(tool)
        if found is None:
            return ToolAnswer(True, "it is not withheld")
        if self._approve is None:
            return ToolAnswer(False, f"{found.why}; nobody can be asked")
        spent = self.spent()[found.quantity]
        ask = Ask(
            tool, found.why, arguments, self.task_id, None, self.agent, found.quantity, found.q90, found.ceiling, spent
        )
        allowed = self._approve(ask)
        return ToolAnswer(allowed, f"{found.why}; {'approved' if allowed else 'not approved'}")

    # Under the lock.

    def _child(self, ceilings: dict[Quantity, float], agent: str | None) -> TaskBudget:
        child = TaskBudget.__new__(TaskBudget)
        child.task_id, child.agent = self.task_id, agent or self.agent
        child._price, child._estimate, child._approve = self._price, None, self._approve
        child._irreversible, child._clock, child._lock = self._irreversible, self._clock, self._lock
        child._open(ceilings, self)
        return child

    def _withheld(self, tool: str) -> Withheld | None:
        with self._lock:
            if not is_irreversible(tool, self._irreversible):
                return None
            found = None if self._estimate is None else over_ceiling(self._estimate, self.ceilings)
            return found if found is not None or self._parent is None else self._parent._withheld(tool)

    def _left(self, quantity: Quantity) -> float:
        if quantity == "seconds":
            return self.ceilings["seconds"] - (self._clock.monotonic_s() - self._began_s)
        return self._ledger.left(quantity)

    def _refused_outright(self) -> CallRefused | None:
        if self._halted is not None:
            return CallRefused(self._halted, None, None, None)
        if self._ledger.closed:
            return CallRefused("the task is closed", None, None, None)
        if "seconds" in self.ceilings and self._left("seconds") <= 0:
            return CallRefused(f"the time is over: {said('seconds', self.ceilings['seconds'])}", "seconds", None, 0.0)
        return None if self._parent is None else self._parent._refused_outright()

    def _output_left(self, tokens_input: float, wanted: float) -> float:
        """Tokens of output that all ceilings pay after this input."""
        most = wanted
        if "tokens_output" in self.ceilings:
            most = min(most, self._left("tokens_output"))
        if "tokens_total" in self.ceilings:
            most = min(most, self._left("tokens_total") - tokens_input)
        if "cost_usd" in self.ceilings and self._price is not None and self._price.usd_per_million_output > 0:
            usd = self._left("cost_usd") - self._price.of(tokens_input, 0.0)
            most = min(most, usd * 1e6 / self._price.usd_per_million_output)
        return most

    def _cost(self, tokens_input: float, tokens_output: float, cost_usd: float | None) -> float | None:
        if cost_usd is not None:
            return checked_count("cost_usd", cost_usd)
        if self._price is not None:
            return self._price.of(tokens_input, tokens_output)
        if "cost_usd" in self.ceilings:
            raise BadInput(
                "a ceiling in cost_usd needs price=(USD per million input, per million output), or cost_usd= in reserve"
            )
        return None

    def _release(self, held: Amounts, actual: Amounts) -> None:
        with self._lock:
            self._ledger.release(held, actual)


def _ceilings(
    tokens_input: float | None,
    tokens_output: float | None,
    tokens_total: float | None,
    *,
    steps: float | None,
    cost_usd: float | None,
    seconds: float | None,
) -> dict[Quantity, float]:
    return checked_ceilings(
        {
            "tokens_input": tokens_input,
            "tokens_output": tokens_output,
            "tokens_total": tokens_total,
            "steps": steps,
            "cost_usd": cost_usd,
            "seconds": seconds,
        }
    )


def _cannot_pay(quantity: Quantity, needed: float, left: float) -> CallRefused:
    words = f"{said(quantity, max(left, 0.0))} left, and {said(quantity, needed)} would be reserved"
    return CallRefused(words, quantity, needed, left)
