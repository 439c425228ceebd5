"""Which runs a finding of the whole or of a cohort is about: the narrowest slice that explains it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from quarterdeck.model.signals import Keys, SliceScore
from quarterdeck.observe.signals.localise import localise
from quarterdeck.observe.signals.newest import ATTRIBUTES, Newest, Told
from quarterdeck.stats.bets import Floats

SLICES_MAX = 10
TOOL_ERRORS = "tool_errors"
_NEAR_ONE = 1 - 1e-6


def slices_of(newest: Newest, signal: str, column: int, cohort: Keys | None) -> Sequence[SliceScore]:
    """Candidates, best first; of the newest runs since the most likely moment of change. () with too few.

    Failed tool calls are searched call by call, by tool too.
    """
    rows = newest.since_change(column, cohort)
    if len(rows) == 0:
        return ()
    told = [newest.told[row] for row in rows]
    normal = np.clip(newest.normal[rows, column], 1e-6, _NEAR_ONE)
    if signal == TOOL_ERRORS:
        return _by_tool(told, normal)
    return localise(newest.places[rows, column], normal, _attributes(told))[:SLICES_MAX]


def _by_tool(told: Sequence[Told], normal: Floats) -> Sequence[SliceScore]:
    """One item for each run and tool, as heavy as its calls."""
    calls = [(at, tool, n) for at, one in enumerate(told) for tool, n in one.tools.items() if n > 0]
    if not calls:
        return ()
    runs = [told[at] for at, _, _ in calls]
    failed = [min(1.0, one.tool_errors.get(tool, 0) / n) for one, (_, tool, n) in zip(runs, calls, strict=True)]
    attributes = _attributes(runs) | {"tool": [tool for _, tool, _ in calls]}
    expected = normal[[at for at, _, _ in calls]]
    return localise(np.array(failed), expected, attributes, repeats=[n for _, _, n in calls])[:SLICES_MAX]


def _attributes(told: Sequence[Told]) -> dict[str, Sequence[str | None]]:
    return {name: [one.attributes[at] for one in told] for at, name in enumerate(ATTRIBUTES)}
