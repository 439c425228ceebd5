"""The hard stop of a task whose calls go through the gateway: `x-quarterdeck-task` with `x-quarterdeck-task-ceiling-tokens`.

The first ceiling that a task names stays. A call reserves its input, counted from its bytes at the rate of the task's last call, and
its longest answer, which is cut to what the ceiling pays. Refuses: a ceiling without a task; growing without limit; a
task that has been idle longest is forgotten first, with what it spent.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from typing import NamedTuple

import orjson

from quarterdeck.control.admit.need import Usage, read_usage
from quarterdeck.control.gateway.call import Asked
from quarterdeck.control.gateway.record import CallRecord, Tell
from quarterdeck.control.gateway.who import OWN
from quarterdeck.control.tasks.budget import TaskBudget
from quarterdeck.control.tasks.grant import CallGrant
from quarterdeck.control.tasks.stopped import CallRefused
from quarterdeck.errors import BadInput

CEILING_HEADER = OWN + b"task-ceiling-tokens"
_TASKS_MAX = 10_000
_OUTPUT_MAX = 4_096.0
"""Reserved where a call names no longest answer; it is sent with what was granted of it."""
_TOKENS_PER_BYTE = 0.25
_NOT_SENT = frozenset({"provider", "unreachable"})
"""Failures for which a provider charges nothing."""


class _Task:
    """`rate`: input tokens a byte of the request, of the last call that said."""

    __slots__ = ("budget", "rate")

    def __init__(self, ceiling: float) -> None:
        self.budget = TaskBudget(tokens_total=ceiling)
        self.rate = _TOKENS_PER_BYTE


class Entered(NamedTuple):
    """A call of a task with a ceiling that may begin: as it is to be sent, and who has to hear how it ended."""

    asked: Asked
    tell: Tell


class Halted(NamedTuple):
    """A call that the ceiling cannot pay: in words, and what is gone."""

    words: str
    spent_tokens: float
    steps: float


class TaskCeilings:
    """Of one gateway; used from its event loop alone. `refused`: calls that were stopped."""

    def __init__(self, tasks_max: int = _TASKS_MAX) -> None:
        self._tasks: OrderedDict[tuple[str, str], _Task] = OrderedDict()
        self._tasks_max = tasks_max
        self.refused = self.forgotten = 0

    def __len__(self) -> int:
        """Tasks that are kept."""
        return len(self._tasks)

    def enter(self, asked: Asked, headers: Mapping[bytes, bytes], tell: Tell) -> Entered | Halted | None:
        """None: the call has no ceiling. Raises BadInput for a ceiling that is no number above 0, or has no task."""
        task = self._task(asked, headers.get(CEILING_HEADER))
        if task is None:
            return None
        size = len(asked.request.body)
        wanted = 0.0 if asked.facts.operation == "embeddings" else asked.facts.max_tokens or _OUTPUT_MAX
        answer = task.budget.reserve(tokens_input=task.rate * size, max_tokens=wanted)
        if isinstance(answer, CallRefused):
            self.refused += 1
            return _halted(asked.who.task or "", answer, task.budget)
        return Entered(_capped(asked, answer.max_tokens), _settling(task, answer, size, tell))

    def _task(self, asked: Asked, written: bytes | None) -> _Task | None:
        name = asked.who.task
        if name is None:
            if written is not None:
                raise BadInput("x-quarterdeck-task-ceiling-tokens needs x-quarterdeck-task, the task that it is for")
            return None
        key = (asked.who.tenant, name)
        found = self._tasks.get(key)
        if found is None:
            if written is None:
                return None
            found = self._tasks[key] = _Task(_number(written))
            if len(self._tasks) > self._tasks_max:
                self._tasks.popitem(last=False)
                self.forgotten += 1
        self._tasks.move_to_end(key)
        return found


def _settling(task: _Task, grant: CallGrant, size: int, tell: Tell) -> Tell:
    """Settles when the call is told of, once, and passes the record on."""

    def heard(record: CallRecord) -> None:
        usage = _usage(record)
        if usage is not None:
            task.rate = usage.input / size if size and usage.input else task.rate
            grant.settle(usage.input, usage.output)
        elif (record.reserved_input is None and record.reserved_total is None) or record.failure in _NOT_SENT:
            grant.refund()
        else:  # it was sent, and nobody said what it took
            grant.settle()
        tell(record)

    return heard


def _usage(record: CallRecord) -> Usage | None:
    try:
        return None if record.said is None else read_usage(record.said.usage)
    except BadInput:
        return None


def _capped(asked: Asked, max_tokens: int) -> Asked:
    """With the longest answer that the ceiling pays; untouched where that is what was asked."""
    facts = asked.facts
    if facts.cap is None or facts.operation == "embeddings" or facts.max_tokens == max_tokens:
        return asked
    body = {**asked.body, facts.cap: max_tokens}
    return asked._replace(
        facts=facts._replace(max_tokens=float(max_tokens)),
        body=body,
        request=asked.request._replace(body=orjson.dumps(body)),
    )


def _halted(name: str, refused: CallRefused, budget: TaskBudget) -> Halted:
    spent = budget.spent()
    calls = f"{spent['steps']:,.0f} calls done, {spent['tokens_total']:,.0f} tokens spent"
    return Halted(f"task {name!r} is stopped: {refused.reason}; {calls}", spent["tokens_total"], spent["steps"])


def _number(text: bytes) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        msg = (
            f"x-quarterdeck-task-ceiling-tokens must be a number of tokens above 0, got {text.decode('latin-1')[:40]!r}"
        )
        raise BadInput(msg)
    return value
