"""A task as steps with names: done in order until all are done or the budget says stop.

Refuses: losing what was done. An error of a step that is no stop goes on to the caller.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from quarterdeck.control.tasks.stopped import Done, Finished, Stopped, TaskHalted
from quarterdeck.model.estimates import Quantity

T = TypeVar("T")
Spent = Callable[[], Mapping[Quantity, float]]


def run_steps(steps: Iterable[tuple[str, Callable[[], T]]], spent: Spent) -> Finished[T] | Stopped[T]:
    """Each step is called once; one that raises TaskHalted ends the task."""
    left = list(steps)
    done: list[Done[T]] = []
    for name, act in left:
        try:
            done.append(Done(name, act()))
        except TaskHalted as halted:
            return _stopped(done, left, halted, spent)
    return Finished(tuple(done), dict(spent()))


async def arun_steps(steps: Iterable[tuple[str, Callable[[], Awaitable[T]]]], spent: Spent) -> Finished[T] | Stopped[T]:
    """As `run_steps`, each awaited."""
    left = list(steps)
    done: list[Done[T]] = []
    for name, act in left:
        try:
            done.append(Done(name, await act()))
        except TaskHalted as halted:
            return _stopped(done, left, halted, spent)
    return Finished(tuple(done), dict(spent()))


def _stopped(
    done: list[Done[T]], steps: Sequence[tuple[str, Callable[[], object]]], halted: TaskHalted, spent: Spent
) -> Stopped[T]:
    remaining = tuple(name for name, _ in steps[len(done) :])
    return Stopped(tuple(done), remaining, dict(spent()), halted.refused.reason, halted.refused.quantity)
