"""The outline of a run: one row per span in the order of the tree, in columns that cost a few dozen bytes a span.

Refuses: I/O, and to hold what only a selected span shows. Pure: a run, its nodes and spans in, columns out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from quarterdeck.model.runs import Run, SpanNode
from quarterdeck.model.spans import Span

SpanKey = tuple[str, str]
"""(trace_id, span_id)."""

FAILED, OWN_ERROR, SYNTHETIC, OPEN, CRITICAL = 1, 2, 4, 8, 16
"""Bits of the column `flags`: status error; the error began here; never received; has not ended; on the critical path."""

TEXT_MAX = 200
"""Characters of a name in a row; the span in full has all of it."""


class Columns(NamedTuple):
    """One list per field, all of one length. Times are microseconds from the run's start.

    `parent` is a row or -1. `end` is the row after the last of the subtree. `duration_us` is None while a span has not
    ended, or was never received. `name`, `kind`, `model`, `tool`, `agent`, `error`, `rule` are places in `texts`, -1 = none.
    """

    trace: list[int]
    span_id: list[str]
    parent: list[int]
    depth: list[int]
    end: list[int]
    offset_us: list[int]
    duration_us: list[int | None]
    flags: list[int]
    kind: list[int]
    name: list[int]
    model: list[int]
    tool: list[int]
    agent: list[int]
    error: list[int]
    rule: list[int]
    tokens_input: list[int | None]
    tokens_output: list[int | None]
    cache_read: list[int | None]
    residual: list[int | None]
    cost_usd: list[float | None]


@dataclass(frozen=True, slots=True)
class Outline:
    """A run as rows. `texts` and `traces` are what the columns point into; `at` finds the row of a span."""

    run: Run
    columns: Columns
    texts: tuple[str, ...]
    traces: tuple[str, ...]
    at: Mapping[SpanKey, int]

    @property
    def rows(self) -> int:
        return len(self.columns.span_id)

    def text(self, place: int) -> str | None:
        """What a column points to; None for -1."""
        return None if place < 0 else self.texts[place]

    @property
    def end_us(self) -> int:
        """Where the last span ends, microseconds from the run's start; at least 1."""
        pairs = zip(self.columns.offset_us, self.columns.duration_us, strict=True)
        return max((offset + (length or 0) for offset, length in pairs), default=1) or 1


class Texts:
    """Every text once; answers its place."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {}

    def place(self, text: str | None) -> int:
        """-1 for None and for nothing."""
        if not text:
            return -1
        return self._places.setdefault(text[:TEXT_MAX], len(self._places))

    def all(self) -> tuple[str, ...]:
        return tuple(self._places)


def outline_of(
    run: Run, nodes: Sequence[SpanNode], spans: Mapping[SpanKey, Span], cost_usd: Callable[[Span], float | None]
) -> Outline:
    """Rows of `nodes` (every parent stands before its children), siblings by start. O(n log n), nothing recurses."""
    found = [spans.get((node.trace_id, node.span_id)) for node in nodes]
    above = _parents(nodes)
    starts = _starts(found, above, run.started_at_ns)
    order = _tree_order(above, starts)
    row_of = [0] * len(order)
    for row, index in enumerate(order):
        row_of[index] = row
    texts, traces = Texts(), Texts()
    columns = _fill(run, [(nodes[i], found[i], starts[i]) for i in order], texts, traces, cost_usd)
    columns.parent.extend(-1 if above[i] < 0 else row_of[above[i]] for i in order)
    columns.end.extend(_ends(columns.parent))
    columns.depth.extend(_depths(columns.parent))
    _mark(columns)
    at = {(node.trace_id, node.span_id): row_of[i] for i, node in enumerate(nodes)}
    return Outline(run, columns, texts.all(), traces.all(), at)


def _parents(nodes: Sequence[SpanNode]) -> list[int]:
    """Index of the parent of each node; a parent may stand in another trace of the run, then the span id decides."""
    at = {(node.trace_id, node.span_id): i for i, node in enumerate(nodes)}
    by_id = {node.span_id: i for i, node in reversed(list(enumerate(nodes)))}
    return [
        at.get((node.trace_id, node.parent_span_id), by_id.get(node.parent_span_id, -1)) if node.parent_span_id else -1
        for node in nodes
    ]


def _starts(found: Sequence[Span | None], above: Sequence[int], run_start_ns: int) -> list[int]:
    """Start of each node; of one that never came, the earliest start below it."""
    starts: list[int | None] = [None if span is None else span.start_ns for span in found]
    for i in range(len(starts) - 1, -1, -1):
        start, parent = starts[i], above[i]
        if start is not None and parent >= 0 and found[parent] is None:
            starts[parent] = min(starts[parent] or start, start)
    return [run_start_ns if start is None else start for start in starts]


def _tree_order(above: Sequence[int], starts: Sequence[int]) -> list[int]:
    """Indexes in preorder, siblings by start."""
    below: dict[int, list[int]] = {}
    for i in sorted(range(len(above)), key=starts.__getitem__, reverse=True):
        below.setdefault(above[i], []).append(i)
    order: list[int] = []
    stack = below.get(-1, [])
    while stack:
        i = stack.pop()
        order.append(i)
        stack.extend(below.get(i, ()))
    return order


def _fill(
    run: Run,
    rows: Sequence[tuple[SpanNode, Span | None, int]],
    texts: Texts,
    traces: Texts,
    cost_usd: Callable[[Span], float | None],
) -> Columns:
    """All columns but `parent`, `end` and `depth`, which need the whole order."""
    columns = Columns(*([] for _ in Columns._fields))
    for node, span, start_ns in rows:
        columns.trace.append(traces.place(node.trace_id))
        columns.span_id.append(node.span_id)
        columns.offset_us.append((start_ns - run.started_at_ns) // 1000)
        columns.rule.append(texts.place(node.repair_rule))
        columns.residual.append(node.tokens_residual)
        if span is None:
            _fill_missing(columns, texts)
        else:
            _fill_span(columns, span, texts, cost_usd(span))
    return columns


def _fill_missing(columns: Columns, texts: Texts) -> None:
    columns.duration_us.append(None)
    columns.flags.append(SYNTHETIC)
    columns.kind.append(texts.place("other"))
    columns.name.append(texts.place("missing span"))
    for column in (columns.model, columns.tool, columns.agent, columns.error):
        column.append(-1)
    columns.tokens_input.append(None)
    columns.tokens_output.append(None)
    columns.cache_read.append(None)
    columns.cost_usd.append(None)


def _fill_span(columns: Columns, span: Span, texts: Texts, cost: float | None) -> None:
    columns.duration_us.append(max(0, span.end_ns - span.start_ns) // 1000 if span.end_ns else None)
    columns.flags.append((FAILED if span.status == "error" else 0) | (0 if span.end_ns else OPEN))
    columns.kind.append(texts.place(span.op_kind))
    columns.name.append(texts.place(span.name))
    columns.model.append(texts.place(span.model_response or span.model_request))
    columns.tool.append(texts.place(span.tool_name))
    columns.agent.append(texts.place(span.agent_name))
    columns.error.append(texts.place(span.error_class))
    columns.tokens_input.append(span.tokens_input)
    columns.tokens_output.append(span.tokens_output)
    columns.cache_read.append(span.tokens_cache_read)
    columns.cost_usd.append(cost)


def _ends(parent: Sequence[int]) -> list[int]:
    """The row after the last of each subtree, of rows in preorder."""
    ends = list(range(1, len(parent) + 1))
    for row in range(len(parent) - 1, -1, -1):
        if parent[row] >= 0:
            ends[parent[row]] = max(ends[parent[row]], ends[row])
    return ends


def _depths(parent: Sequence[int]) -> list[int]:
    depths: list[int] = []
    for above in parent:
        depths.append(0 if above < 0 else depths[above] + 1)
    return depths


def _mark(columns: Columns) -> None:
    """Sets the bits that need more than one row: where an error began, and the critical path."""
    echoed = {above for above, flags in zip(columns.parent, columns.flags, strict=True) if flags & FAILED}
    for row, flags in enumerate(columns.flags):
        if flags & FAILED and row not in echoed:
            columns.flags[row] |= OWN_ERROR
    for row in critical_path(columns.parent, columns.offset_us, columns.duration_us):
        columns.flags[row] |= CRITICAL


def critical_path(parent: Sequence[int], offset_us: Sequence[int], duration_us: Sequence[int | None]) -> list[int]:
    """Rows without which the run would have ended earlier.

    From each span on the path backwards in time: the child that ended last, then the one that ended last before that
    one began, and so on. A span that has not ended counts as ending with its latest child. Rows in preorder.
    """
    ends = [start + (length or 0) for start, length in zip(offset_us, duration_us, strict=True)]
    below: dict[int, list[int]] = {}
    for row in range(len(parent) - 1, -1, -1):
        if duration_us[row] is None and row in below:
            ends[row] = max(ends[row], *(ends[child] for child in below[row]))
        below.setdefault(parent[row], []).append(row)
    path: list[int] = []
    stack = [max(below.get(-1, []), key=ends.__getitem__)] if below else []
    while stack:
        row = stack.pop()
        path.append(row)
        until = ends[row]
        for child in sorted(below.get(row, ()), key=ends.__getitem__, reverse=True):
            if ends[child] <= until:
                stack.append(child)
                until = offset_us[child]
    return path
