"""Filters, orders, pages and facets over runs held in memory.

Pure: runs in, runs out. Refuses I/O and state.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from quarterdeck.model.runs import Run
from quarterdeck.store.cursors import RunCursor, decode_run_cursor, encode_run_cursor
from quarterdeck.store.interface import FacetCount, Page, RunFilter
from quarterdeck.store.measures import parse_sort, search_text, sort_value, words_of
from quarterdeck.store.promises import promise_words


def matches(run: Run, where: RunFilter, *, without: str | None = None) -> bool:
    """Whether the filter accepts the run; `without` is a facet name whose own condition is left out."""
    return (
        run.project == where.project
        and (where.since_ns is None or run.started_at_ns >= where.since_ns)
        and (where.until_ns is None or run.started_at_ns < where.until_ns)
        and (not where.text or where.text.lower() in search_text(run))
        and (not where.has or (words_of(run) | promise_words(run)).issuperset(where.has))
        and all(_accepts(run, name, values) for name, values in where.equals.items() if values and name != without)
    )


def _accepts(run: Run, name: str, values: Sequence[str]) -> bool:
    """`""` in a filter stands for unknown, so a value that is the empty text counts as unknown too."""
    return (getattr(run, name) or "") in values


def page_of(runs: Iterable[Run], *, sort: str, cursor: str | None, limit: int) -> Page:
    """The runs after the cursor in the order of `sort`, unknown values last, ties by run id."""
    name, smallest_first = parse_sort(sort)
    place = _placing(name, smallest_first=smallest_first)
    ordered = sorted(runs, key=place)
    if cursor is not None:
        after = decode_run_cursor(cursor, sort)
        left_at = _key(after.value, after.run_id, smallest_first=smallest_first)
        ordered = [run for run in ordered if place(run) > left_at]
    items = ordered[:limit]
    if len(ordered) <= limit:
        return Page(items, None)
    last = items[-1]
    return Page(items, encode_run_cursor(sort, RunCursor(sort_value(last, name), last.run_id)))


_Key = tuple[bool, float | int, str]


def _placing(name: str, *, smallest_first: bool) -> Callable[[Run], _Key]:
    return lambda run: _key(sort_value(run, name), run.run_id, smallest_first=smallest_first)


def _key(value: float | int | None, run_id: str, *, smallest_first: bool) -> _Key:
    if value is None:
        return True, 0, run_id
    return False, value if smallest_first else -value, run_id


def facet_of(runs: Iterable[Run], name: str, *, limit: int) -> list[FacetCount]:
    """Counts per value, most frequent first, ties by value with unknown last."""
    counts = Counter(getattr(run, name) or None for run in runs)
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0] is None, item[0] or ""))
    return [FacetCount(value, count) for value, count in ordered[:limit]]
