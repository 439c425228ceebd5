"""Session: all runs of one conversation, with their sums."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import fsum
from typing import Any

from pydantic import BaseModel

from quarterdeck.api.times import rfc3339, rfc3339_or_none
from quarterdeck.api.wire.run import CostOut, RunOut, TokensOut, cost_dict, run_dict, tokens_dict
from quarterdeck.model.runs import Cost, CostSource, Coverage, Run, Tokens


class TurnOut(BaseModel):
    """What one message of the user set off: its runs in order of start. `ended_at` is null while one of them has no end."""

    turn: int
    started_at: str
    ended_at: str | None
    run_ids: list[str]


class SessionOut(BaseModel):
    """Runs in order of start. Sums are over the runs that know; `coverage` and `source` say when that is not all."""

    session_id: str
    runs: list[RunOut]
    turns: list[TurnOut]
    tokens: TokensOut
    cost_usd: CostOut
    started_at: str
    ended_at: str | None


def session_dict(session_id: str, runs: Sequence[Run]) -> dict[str, Any]:
    """`runs` is not empty. `ended_at` is null while one of them has no end."""
    ends = [run.ended_at_ns for run in runs if run.ended_at_ns is not None]
    return {
        "session_id": session_id,
        "runs": [run_dict(run) for run in runs],
        "turns": [_turn_dict(number, turn) for number, turn in enumerate(turns_of(runs), 1)],
        "tokens": tokens_dict(summed_tokens([run.tokens for run in runs])),
        "cost_usd": cost_dict(summed_cost([run.cost for run in runs])),
        "started_at": rfc3339(min(run.started_at_ns for run in runs)),
        "ended_at": rfc3339_or_none(max(ends)) if len(ends) == len(runs) else None,
    }


def turns_of(runs: Sequence[Run]) -> list[list[Run]]:
    """Runs of a session by turn. A turn begins with a run that begins when all before it have ended: the user had the word.

    Runs that overlap answer one message: a called agent in a trace of its own, or a simulated user who listens. A run without end keeps
    its turn open.
    """
    turns: list[list[Run]] = []
    until: int | None = None
    for run in sorted(runs, key=lambda run: (run.started_at_ns, run.run_id)):
        if turns and (until is None or run.started_at_ns < until):
            turns[-1].append(run)
        else:
            turns.append([run])
            until = run.started_at_ns
        until = None if until is None or run.ended_at_ns is None else max(until, run.ended_at_ns)
    return turns


def _turn_dict(number: int, runs: Sequence[Run]) -> dict[str, Any]:
    ends = [run.ended_at_ns for run in runs if run.ended_at_ns is not None]
    return {
        "turn": number,
        "started_at": rfc3339(runs[0].started_at_ns),
        "ended_at": rfc3339_or_none(max(ends)) if len(ends) == len(runs) else None,
        "run_ids": [run.run_id for run in runs],
    }


def summed_tokens(parts: Sequence[Tokens]) -> Tokens:
    """Class by class; None only where no run reported that class."""
    return Tokens(
        input=_sum(part.input for part in parts),
        output=_sum(part.output for part in parts),
        cache_read=_sum(part.cache_read for part in parts),
        cache_write=_sum(part.cache_write for part in parts),
        reasoning=_sum(part.reasoning for part in parts),
        coverage=_coverage({part.coverage for part in parts}),
    )


def summed_cost(parts: Sequence[Cost]) -> Cost:
    """Dollars of the runs that know. `source` is theirs when they agree, `reconciled` when they differ."""
    computed = [part.computed for part in parts if part.computed is not None]
    reported = [part.reported for part in parts if part.reported is not None]
    sources: set[CostSource] = {part.source for part in parts if part.source != "unpriced"}
    source: CostSource = "unpriced"
    if sources:
        source = sources.pop() if len(sources) == 1 else "reconciled"
    return Cost(fsum(computed) if computed else None, fsum(reported) if reported else None, source)


def _sum(values: Iterable[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _coverage(found: set[Coverage]) -> Coverage:
    return found.pop() if len(found) == 1 else "partial"
