"""The nodes of one run as the later steps see them: spans of the group, parents within the run, parents first.

Refuses: to hold anything that is derived.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import NamedTuple

from quarterdeck.model.spans import OpKind, Span


class Body(NamedTuple):
    """`spans` and `up` are those of the whole group, indexed by node; `order` are the nodes of this run.

    `moved` are spans that a rule hung under another span than the one they came from.
    """

    spans: Sequence[Span]
    up: Sequence[int]
    order: Sequence[int]
    moved: Set[int] = frozenset()

    def span(self, node: int) -> Span | None:
        """The span of a node, None for a synthetic one."""
        return self.spans[node] if node < len(self.spans) else None

    def kind(self, node: int) -> OpKind | None:
        """The kind of a node's span, None for a synthetic one."""
        return self.spans[node].op_kind if node < len(self.spans) else None
