"""How a task's calls and a task itself end: granted or refused, finished or stopped.

Refuses: a cut answer. Who is stopped gets what was done, what remains, what was spent and why.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

from quarterdeck.errors import TaskStopped
from quarterdeck.model.estimates import Quantity

__all__ = ["CallRefused", "Done", "Finished", "Stopped", "TaskHalted"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class CallRefused:
    """The call may not begin. `quantity`: the ceiling that cannot pay it; None: the task is closed or was stopped.

    `needed` and `left` are in its unit.
    """

    reason: str
    quantity: Quantity | None
    needed: float | None
    left: float | None

    @property
    def granted(self) -> bool:
        """Always False."""
        return False


class Done(NamedTuple, Generic[T]):
    """A step that was done to its end."""

    name: str
    result: T


@dataclass(frozen=True, slots=True)
class Finished(Generic[T]):
    """All steps were done. `spent`: what was counted, also without a ceiling."""

    done: tuple[Done[T], ...]
    spent: Mapping[Quantity, float]

    @property
    def finished(self) -> bool:
        """Always True."""
        return True


@dataclass(frozen=True, slots=True)
class Stopped(Generic[T]):
    """A part of the task. `remaining`: names of steps that were not done, first the one that was stopped."""

    done: tuple[Done[T], ...]
    remaining: tuple[str, ...]
    spent: Mapping[Quantity, float]
    reason: str
    quantity: Quantity | None = None

    @property
    def finished(self) -> bool:
        """Always False."""
        return False


class TaskHalted(TaskStopped):
    """As its parent, from `TaskBudget.require`: `refused` says which ceiling, `spent` what is gone."""

    def __init__(self, refused: CallRefused, spent: Mapping[Quantity, float]) -> None:
        super().__init__(refused.reason, mend="give a larger ceiling, or take the partial result")
        self.refused = refused
        self.spent = dict(spent)
