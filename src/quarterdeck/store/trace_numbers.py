"""Traces as numbers, in pages: what a start reads of millions of traces, at a fraction of the cost of their names.

Pure. Refuses storage; which pages there are is each engine's own business.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

_PAGE = 50_000


class TraceNumbers(NamedTuple):
    """Traces of one project: the high and the low 64 bits of their ids, in equal places."""

    project: str
    high: npt.NDArray[np.uint64]
    low: npt.NDArray[np.uint64]


class TraceNumberReader(Protocol):
    """Which traces are stored, cheaply."""

    def trace_numbers(self) -> Iterator[TraceNumbers]:
        """Every trace that has a span stored, in pages; a trace may be told more than once."""
        ...


def pages_of(keys: Iterable[tuple[str, str]]) -> Iterator[TraceNumbers]:
    """Pages of (project, trace id) pairs; ids are 32 hex digits."""
    for project, group in groupby(sorted(keys), key=lambda key: key[0]):
        ids = [trace_id for _, trace_id in group]
        for at in range(0, len(ids), _PAGE):
            halves = np.frombuffer(bytes.fromhex("".join(ids[at : at + _PAGE])), ">u8").astype(np.uint64).reshape(-1, 2)
            yield TraceNumbers(project, halves[:, 0], halves[:, 1])
