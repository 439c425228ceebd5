"""Tool calls as items for `localise`: one item a run and tool, with its calls, its failures and what was normal for the tool.

A tool that always fails often is no news, so each tool is held against its own past. Refuses: runs without a call.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from quarterdeck.stats.bets import Floats
from quarterdeck.stats.scan import Value

Counts = Mapping[str, int]
"""Tool -> number of calls, or of failed ones."""
NORMAL_MAX = 0.99
"""A normal must leave room above it."""


class ToolItems(NamedTuple):
    """Arguments of `localise`. `x`: share of failed calls, `repeats`: calls, `run`: index of the run that the item is of."""

    x: Floats
    m: Floats
    repeats: Floats
    attributes: dict[str, list[Value]]
    run: list[int]


def tool_normals(calls: Sequence[Counts], errors: Sequence[Counts], *, tolerance: float) -> dict[str, float]:
    """Tool -> share of its calls that may fail without news: (failed + .5) / (calls + 1), times 1 + tolerance.

    The two sequences are of the same earlier runs.
    """
    made: Counter[str] = Counter()
    failed: Counter[str] = Counter()
    for one, bad in zip(calls, errors, strict=True):
        made.update(one)
        failed.update(bad)
    return {tool: min(NORMAL_MAX, (failed[tool] + 0.5) / (n + 1) * (1 + tolerance)) for tool, n in made.items()}


def tool_items(
    calls: Sequence[Counts],
    errors: Sequence[Counts],
    attributes: Mapping[str, Sequence[Value]],
    *,
    normals: Mapping[str, float],
    otherwise: float,
) -> ToolItems:
    """One item a run and tool, in order; `attributes` of runs, and `tool`. `otherwise`: normal of a tool without a past."""
    rows = [
        (run, tool, n, min(n, errors[run].get(tool, 0)))
        for run, made in enumerate(calls)
        for tool, n in made.items()
        if n > 0
    ]
    columns: dict[str, list[Value]] = {
        name: [values[run] for run, *_ in rows] for name, values in attributes.items() if name != "tool"
    }
    return ToolItems(
        x=np.array([bad / n for _, _, n, bad in rows]),
        m=np.array([normals.get(tool, otherwise) for _, tool, _, _ in rows]),
        repeats=np.array([float(n) for _, _, n, _ in rows]),
        attributes=columns | {"tool": [tool for _, tool, _, _ in rows]},
        run=[run for run, *_ in rows],
    )
