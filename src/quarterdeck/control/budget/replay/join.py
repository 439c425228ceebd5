"""Runs put end on end: the long run that a worker makes which goes from one customer to the next without a new context."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from quarterdeck.control.budget.replay.said import Said, Trajectory


def joined(trajectories: Iterable[Trajectory], tokens: int) -> Iterator[Trajectory]:
    """Runs of one model in their order, the head of the first kept, until `tokens` are reached; the last may be shorter."""
    open_runs: dict[str | None, list[Trajectory]] = {}
    for one in trajectories:
        part = open_runs.setdefault(one.model, [])
        part.append(one)
        if sum(_body(run) for run in part) >= tokens:
            yield _one(open_runs.pop(one.model))
    yield from (_one(part) for part in open_runs.values())


def _body(run: Trajectory) -> int:
    return sum(said.tokens for said in run.said if said.role != "system")


def _one(runs: list[Trajectory]) -> Trajectory:
    said: list[Said] = [one for one in runs[0].said if one.role == "system"]
    for number, run in enumerate(runs):
        said.extend(_numbered(one, number) for one in run.said if one.role != "system")
    size = sum(len(run.said) for run in runs) or 1
    return Trajectory(
        runs[0].name,
        runs[0].model,
        tuple(replace(one, index=at) for at, one in enumerate(said)),
        sum(run.measured * len(run.said) for run in runs) / size,
    )


def _numbered(said: Said, number: int) -> Said:
    """With ids of calls that no other run has."""
    calls = tuple(call._replace(id=f"{number}:{call.id}") for call in said.calls)
    return replace(said, calls=calls, answers=None if said.answers is None else f"{number}:{said.answers}")
