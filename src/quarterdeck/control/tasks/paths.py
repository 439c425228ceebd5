"""What ended runs looked like step by step, as counts: how often a run ends at step k, and how often well.

Discrete-time hazards in three levels (all runs, the group, the group in the run's state), each drawn to the level above. A run that was
cut counts until its last step and ends nowhere. Refuses: growing without limit; a group too many is counted and learned as "all" only.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from quarterdeck.control.tasks.amounts import checked_count
from quarterdeck.errors import BadInput

PRIOR_END, PRIOR_GOOD = 0.05, 0.5
"""Before any history: one end in 20 steps, half of them good."""
SHRINK = 12.0
"""Steps of a level's own that weigh as much as the level above."""
TASK_SHRINK = 2.0
"""Ended runs of the same task that weigh as much as all others."""
_BINS_MAX = 64
STEPS_MAX = 10_000
FORM = 1
"""Of `Paths.dump`."""
_SUMS = ("biases", "growths", "outputs", "squares")
"""Of a group: number and sum."""


class Step(NamedTuple):
    """One model call that is over. `error`: it, or a tool that it called, failed. `repeat`: it did what was done before."""

    tokens_input: float
    tokens_output: float
    error: bool = False
    repeat: bool = False


class Path(NamedTuple):
    """A run that is over. `finished` False: it was cut. `succeeded` None: nobody said. `task`: the same for repeats of one task."""

    group: str
    steps: Sequence[Step]
    finished: bool = True
    succeeded: bool | None = None
    task: str | None = None


class State(NamedTuple):
    """What of a run so far tells of its end: counts in three classes, and whether its context is larger than the group's mean."""

    errors: int
    repeats: int
    large: bool


class Pace(NamedTuple):
    """Of a group: growth of the context a step, output a step; `log_bias` and `log_sd`: error of the tokens predicted from them."""

    growth: float
    output: float
    log_bias: float
    log_sd: float


class Odds(NamedTuple):
    """At one step: the odds that the run ends with it, and that this end is good."""

    end: float
    good: float


class _Cell:
    """`known`: ends whose outcome is known, `good` among them."""

    __slots__ = ("ends", "exposed", "good", "known")

    def __init__(self, exposed: float = 0.0, ends: float = 0.0, known: float = 0.0, good: float = 0.0) -> None:
        self.exposed, self.ends, self.known, self.good = exposed, ends, known, good

    def add(self, *, ended: bool, succeeded: bool | None) -> None:
        self.exposed += 1.0
        if ended:
            self.ends += 1.0
            if succeeded is not None:
                self.known += 1.0
                self.good += succeeded


class _Group:
    """Paces of one group, and how large its contexts are by step."""

    __slots__ = ("biases", "growths", "logs", "outputs", "runs", "squares")

    def __init__(self) -> None:
        self.runs = 0
        self.growths, self.outputs = [0.0, 0.0], [0.0, 0.0]
        self.biases, self.squares = [0.0, 0.0], [0.0, 0.0]
        self.logs: dict[int, list[float]] = {}

    def dump(self) -> dict[str, Any]:
        logs = [[number, *sums] for number, sums in self.logs.items()]
        return {"runs": self.runs, "logs": logs, **{name: getattr(self, name) for name in _SUMS}}

    @classmethod
    def load(cls, row: dict[str, Any]) -> _Group:
        """Raises KeyError, TypeError or ValueError for what `dump` did not give."""
        made = cls()
        made.runs = int(row["runs"])
        made.logs = {int(number): [float(n), float(total)] for number, n, total in row["logs"]}
        for name in _SUMS:
            n, total = row[name]
            setattr(made, name, [float(n), float(total)])
        return made


def bin_of(step: int) -> int:
    """Steps 1 to 10 singly, then classes that grow by a quarter."""
    return step if step <= 10 else min(10 + int(math.log(step / 10.0) / math.log(1.25)), _BINS_MAX)


class Paths:
    """Learns from ended runs; deterministic. `groups_max`, `tasks_max`: most that are kept apart; `turned_away` counts the others."""

    def __init__(self, *, groups_max: int = 1_000, tasks_max: int = 20_000) -> None:
        self._cells: dict[tuple[object, ...], _Cell] = {}
        self._groups: dict[str, _Group] = {}
        self._tasks: dict[str, list[float]] = {}
        self._groups_max, self._tasks_max = groups_max, tasks_max
        self._outcomes = [0.0, 0.0]
        self.turned_away = 0

    def __len__(self) -> int:
        """Groups that are kept apart."""
        return len(self._groups)

    def dump(self) -> bytes:
        """All of it: the same history gives the same bytes."""
        return json.dumps(
            {
                "form": FORM,
                "cells": [[key, cell.exposed, cell.ends, cell.known, cell.good] for key, cell in self._cells.items()],
                "groups": {name: group.dump() for name, group in self._groups.items()},
                "tasks": self._tasks,
                "outcomes": self._outcomes,
                "turned_away": self.turned_away,
            },
            separators=(",", ":"),
        ).encode()

    @classmethod
    def load(cls, data: bytes, *, groups_max: int = 1_000, tasks_max: int = 20_000) -> Paths:
        """What `dump` gave; what it holds beyond the limits stays. Raises BadInput for anything else."""
        made = cls(groups_max=groups_max, tasks_max=tasks_max)
        try:
            row = _of_this_form(json.loads(data))
            for key, *counts in row["cells"]:
                made._cells[tuple(key)] = _Cell(*map(float, counts))
            made._groups = {name: _Group.load(one) for name, one in row["groups"].items()}
            made._tasks = {name: [float(known), float(good)] for name, (known, good) in row["tasks"].items()}
            made._outcomes = [float(one) for one in row["outcomes"]]
            made.turned_away = int(row["turned_away"])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise BadInput("these bytes are no history of steps: expected what Paths.dump gave") from error
        return made

    def learn(self, path: Path) -> None:
        """Take one ended run in. Raises BadInput for tokens that are no numbers; a run without steps tells nothing."""
        for step in path.steps:
            checked_count("tokens_input", step.tokens_input)
            checked_count("tokens_output", step.tokens_output)
        steps = path.steps[:STEPS_MAX]
        if not steps:
            return
        group = self._group(path.group)
        states = self.states(path.group, steps)
        for number, (step, state) in enumerate(zip(steps, states, strict=True), 1):
            ended = path.finished and number == len(path.steps)
            for key in _keys(path.group if group else None, bin_of(number), state):
                self._cells.setdefault(key, _Cell()).add(ended=ended, succeeded=path.succeeded)
            if group is not None:
                _add(group.logs.setdefault(bin_of(number), [0.0, 0.0]), math.log1p(step.tokens_input))
                _add(group.outputs, step.tokens_output)
        self._learn_outcome(path)
        if group is not None:
            self._learn_pace(path.group, group, steps)

    def runs(self, group: str) -> int:
        """Ended and cut runs of a group."""
        found = self._groups.get(group)
        return 0 if found is None else found.runs

    def outcomes(self) -> int:
        """Ended runs whose outcome was known, of all groups."""
        return round(self._outcomes[0])

    def states(self, group: str, steps: Sequence[Step]) -> list[State]:
        """The state after each step."""
        found, errors, repeats = [], 0, 0
        logs = self._groups[group].logs if group in self._groups else {}
        for number, step in enumerate(steps, 1):
            errors, repeats = errors + step.error, repeats + step.repeat
            n, total = logs.get(bin_of(number), (0.0, 0.0))
            large = n > 0 and math.log1p(step.tokens_input) > total / n
            found.append(State(_class(errors), _class(repeats), large))
        return found

    def odds(self, group: str, step: int, state: State, weight: float = 1.0) -> Odds:
        """At one step. `weight` of the state's own level: less for steps ahead, whose state is not known."""
        end, good = PRIOR_END, PRIOR_GOOD
        for level, key in enumerate(_keys(group, bin_of(step), state)):
            cell = self._cells.get(key)
            if cell is None:
                continue
            part = weight if level == 2 else 1.0
            end = (part * cell.ends + SHRINK * end) / (part * cell.exposed + SHRINK)
            good = (part * cell.good + SHRINK * good) / (part * cell.known + SHRINK)
        return Odds(end, good)

    def task_factor(self, task: str | None) -> float:
        """By how much earlier runs of this task move the odds of success; 1 where there are none."""
        known, good = self._tasks.get(task or "", (0.0, 0.0))
        if not known:
            return 1.0
        everybody = (self._outcomes[1] + 1.0) / (self._outcomes[0] + 2.0)
        share = (good + TASK_SHRINK * everybody) / (known + TASK_SHRINK)
        return (share / (1.0 - share)) * (1.0 - everybody) / everybody

    def pace(self, group: str) -> Pace | None:
        """None: nothing of this group was learned."""
        found = self._groups.get(group)
        if found is None or not found.outputs[0]:
            return None
        bias, square = _mean(found.biases, 0.0), _mean(found.squares, 0.25)
        # Drawn to an error of one half while few runs are known.
        square = (found.squares[0] * square + 4.0 * 0.25) / (found.squares[0] + 4.0)
        sd = math.sqrt(max(square - bias * bias, 1e-4))
        return Pace(_mean(found.growths, 0.0), _mean(found.outputs, 0.0), bias, sd)

    def _group(self, name: str) -> _Group | None:
        found = self._groups.get(name)
        if found is None and len(self._groups) < self._groups_max:
            found = self._groups[name] = _Group()
        if found is None:
            self.turned_away += 1
        else:
            found.runs += 1
        return found

    def _learn_outcome(self, path: Path) -> None:
        if path.succeeded is None or not path.finished:
            return
        self._outcomes[0] += 1.0
        self._outcomes[1] += path.succeeded
        if path.task is None:
            return
        if path.task not in self._tasks and len(self._tasks) >= self._tasks_max:
            self.turned_away += 1
            return
        counts = self._tasks.setdefault(path.task, [0.0, 0.0])
        counts[0] += 1.0
        counts[1] += path.succeeded

    def _learn_pace(self, name: str, group: _Group, steps: Sequence[Step]) -> None:
        """Growth a step, and how far off the tokens of the second half were, predicted at its beginning with its true length."""
        half = len(steps) // 2
        before = self.pace(name)
        if half >= 1 and before is not None:
            rest = steps[half:]
            true = sum(step.tokens_input + step.tokens_output for step in rest)
            wanted = sum(tokens_ahead(steps[:half], before, len(rest)))
            if true > 0 and wanted > 0:
                _add(group.biases, math.log(true / wanted))
                _add(group.squares, math.log(true / wanted) ** 2)
        if len(steps) > 1:
            _add(group.growths, (steps[-1].tokens_input - steps[0].tokens_input) / (len(steps) - 1))


def tokens_ahead(steps: Sequence[Step], pace: Pace, n: float) -> tuple[float, float]:
    """Input and output tokens of `n` more steps: n·S + D·n(n−1)/2, since each call carries the history again.

    S: context of the next call; D: growth a step, the run's own drawn to its group's.
    """
    k, own = len(steps), 4.0
    growth = pace.growth
    if k > 1:
        slope = (steps[-1].tokens_input - steps[0].tokens_input) / (k - 1)
        growth = (slope * (k - 1) + pace.growth * own) / (k - 1 + own)
    growth = max(growth, 0.0)
    output = (sum(step.tokens_output for step in steps) + pace.output * own) / (k + own)
    first = (steps[-1].tokens_input if steps else 0.0) + growth
    return n * first + growth * n * (n - 1) / 2.0, n * output


def _of_this_form(row: dict[str, Any]) -> dict[str, Any]:
    if row["form"] != FORM:
        raise ValueError(row["form"])
    return row


def _keys(group: str | None, number: int, state: State) -> list[tuple[object, ...]]:
    keys: list[tuple[object, ...]] = [(number,)]
    return keys if group is None else [*keys, (group, number), (group, number, *state)]


def _class(count: int) -> int:
    return 0 if count == 0 else 1 if count <= 2 else 2


def _add(sums: list[float], value: float) -> None:
    sums[0] += 1.0
    sums[1] += value


def _mean(sums: Sequence[float], nothing: float) -> float:
    return sums[1] / sums[0] if sums[0] else nothing
