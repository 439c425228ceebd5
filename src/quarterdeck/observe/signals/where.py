"""Which runs a finding of the whole or of a cohort is about: the narrowest slice that explains it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from quarterdeck.model.signals import Keys, SliceScore
from quarterdeck.observe.signals.localise import localise
from quarterdeck.observe.signals.newest import ATTRIBUTES, Newest, Told
from quarterdeck.observe.signals.tool_items import tool_items, tool_normals

SLICES_MAX = 10
TOOL_ERRORS = "tool_errors"
_NEAR_ONE = 1 - 1e-6


def slices_of(newest: Newest, signal: str, column: int, cohort: Keys | None) -> Sequence[SliceScore]:
    """Candidates, best first; of the newest runs since the most likely moment of change. () with too few.

    Failed tool calls are searched call by call, each tool against its own past.
    """
    rows = newest.since_change(column, cohort)
    if len(rows) == 0:
        return ()
    told = [newest.told[row] for row in rows]
    attributes = {name: [one.attributes[at] for one in told] for at, name in enumerate(ATTRIBUTES)}
    normal = np.clip(newest.normal[rows, column], 1e-6, _NEAR_ONE)
    if signal == TOOL_ERRORS:
        return _by_tool(newest, told, rows, attributes, float(normal.mean()))
    return localise(newest.places[rows, column], normal, attributes)[:SLICES_MAX]


def _by_tool(
    newest: Newest,
    told: Sequence[Told],
    rows: NDArray[np.int64],
    attributes: dict[str, list[str | None]],
    normal: float,
) -> Sequence[SliceScore]:
    chosen = set(rows.tolist())
    past = [newest.told[row] for row in newest.rows() if int(row) not in chosen]
    normals = tool_normals([one.tools for one in past], [one.tool_errors for one in past], tolerance=0.0)
    calls, errors = [one.tools for one in told], [one.tool_errors for one in told]
    items = tool_items(calls, errors, attributes, normals=normals, otherwise=normal)
    return localise(items.x, items.m, items.attributes, repeats=items.repeats)[:SLICES_MAX]
