"""Two selections of runs by all attributes together: what a search for pairs of attributes reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from quarterdeck.store.interface import RunFilter

LIST_KEYS = ("tool", "tool_error", "flag", "dialect")
"""Attributes of which a run has any number of values."""

RowValue = str | None | tuple[str, ...]
"""A value, None = unknown; of LIST_KEYS all values of the run, sorted."""


class ContrastRow(NamedTuple):
    """How many runs of either side have exactly these values, in the order of the keys that were asked for."""

    values: tuple[RowValue, ...]
    where: int
    against: int


@dataclass(frozen=True, slots=True)
class ContrastRows:
    """`where` and `against`: runs of either side that were read."""

    where: int
    against: int
    rows: Sequence[ContrastRow]


class ContrastRowReader(Protocol):
    """Run rows of two selections."""

    def contrast_rows(
        self, where: RunFilter, against: RunFilter, keys: Sequence[str], *, runs_max: int
    ) -> ContrastRows:
        """Runs of `where`, and those of `against` that `where` does not match, grouped by all keys.

        At most `runs_max` of either side, drawn evenly: those whose run ids have the lowest MD5 digests. Rows come in no
        order. Raises BadInput for a name outside CONTRAST_KEYS.
        """
        ...
