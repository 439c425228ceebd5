"""What every engine derives from a run in the same way: its cost, its place in an order, its cohort, its words.

What for: two engines that computed these apart would answer apart.
Refuses: I/O, and names outside `store.interface` (BadInput says which are known).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from quarterdeck.errors import BadInput
from quarterdeck.model.runs import Run
from quarterdeck.model.spans import Span
from quarterdeck.store.interface import COHORT_KEYS, CONTRAST_KEYS, RUN_FACETS, RUN_SORTS, RunFilter

MINUTE_NS = 60_000_000_000
LIVE = ("running", "waiting", "stalled")
"""Lifecycles of a run from which something may still come; `finished` and `lost` are ends."""

STATUS_MESSAGE_MAX = 128
"""Characters of a status message that the skeleton keeps; the whole text is in the raw form."""


def cost_usd(run: Run) -> float | None:
    """The one figure in US dollars that stands for the run: reported where the producer is the source, else computed."""
    first, second = run.cost.computed, run.cost.reported
    if run.cost.source == "reported":
        first, second = second, first
    return second if first is None else first


def ending(run: Run) -> tuple[int, str, str]:
    """The order in which runs that are written together count as written: as they ended, else were last seen."""
    return run.last_seen_ns if run.ended_at_ns is None else run.ended_at_ns, run.run_id, run.project


def minute_of(ns: int) -> int:
    """Minutes since the epoch."""
    return ns // MINUTE_NS


def minutes_of(since_ns: int, until_ns: int) -> tuple[int, int]:
    """The minutes (half open) that a window touches; a rollup knows no finer time."""
    return since_ns // MINUTE_NS, -(-until_ns // MINUTE_NS)


def cohort_of(run: Run) -> tuple[str | None, ...]:
    """The values of COHORT_KEYS, in their order."""
    return (
        run.agent, run.agent_version, run.prompt_version, run.model, run.provider,
        run.environment, run.feature, run.tenant, run.task_class,
    )  # fmt: skip


def search_text(run: Run) -> str:
    """What `RunFilter.text` is looked for in, lower case; the parts are kept apart by a unit separator."""
    return "\x1f".join((run.run_id, *run.trace_ids, run.agent or "", run.root_name)).lower()


def words_of(run: Run) -> set[str]:
    """What `RunFilter.has` may ask for: the flags, and `orphans`, `residual`, `error`, `failed`, `succeeded`."""
    words = set(run.flags)
    if run.orphans.repaired or run.orphans.missing:
        words.add("orphans")
    if run.residual_tokens:
        words.add("residual")
    if run.status == "error" or run.errors:
        words.add("error")
    if run.failed is not None:
        words.add("failed" if run.failed else "succeeded")
    return words


_SORT_VALUES: dict[str, Callable[[Run], float | int | None]] = {
    "started_at": lambda run: run.started_at_ns,
    "duration_s": lambda run: run.duration_s,
    "tokens_total": lambda run: run.tokens.total,
    "cost_usd": cost_usd,
    "model_calls": lambda run: run.model_calls,
    "tool_calls": lambda run: run.tool_calls,
    "spans": lambda run: run.spans,
    "last_seen": lambda run: run.last_seen_ns,
}


def sort_value(run: Run, name: str) -> float | int | None:
    """The value by which a list sorted by `name` (one of RUN_SORTS) places the run."""
    return _SORT_VALUES[name](run)


def parse_sort(sort: str) -> tuple[str, bool]:
    """The name and whether the smallest comes first. Raises BadInput."""
    name = sort.removeprefix("-")
    if name not in RUN_SORTS:
        raise BadInput(f"sort {sort!r} is not known: expected one of {', '.join(RUN_SORTS)}, with '-' to reverse")
    return name, sort.startswith("-")


def check_facets(names: Iterable[str]) -> None:
    """Raises BadInput for a name outside RUN_FACETS."""
    _check(names, RUN_FACETS, "filter or facet")


def check_filter(where: RunFilter) -> None:
    """Raises BadInput when a filter names something outside RUN_FACETS."""
    check_facets(where.equals)


def check_cohort_keys(by: Sequence[str]) -> tuple[str, ...]:
    """`by` without repeats. Raises BadInput for a name outside COHORT_KEYS."""
    _check(by, COHORT_KEYS, "cohort key")
    return tuple(dict.fromkeys(by))


def check_contrast_keys(keys: Sequence[str]) -> tuple[str, ...]:
    """`keys` without repeats. Raises BadInput for a name outside CONTRAST_KEYS."""
    _check(keys, CONTRAST_KEYS, "attribute")
    return tuple(dict.fromkeys(keys))


def check_limit(limit: int) -> None:
    """Raises BadInput unless at least one item is asked for."""
    if limit < 1:
        raise BadInput(f"limit {limit} is too small: expected 1 or more")


def _check(names: Iterable[str], known: Sequence[str], what: str) -> None:
    for name in names:
        if name not in known:
            raise BadInput(f"{what} {name!r} is not known: expected one of {', '.join(known)}")


def clipped_message(message: str | None) -> str | None:
    """A status message as the skeleton keeps it: at most STATUS_MESSAGE_MAX characters, ending in `…` when cut."""
    if message is None or len(message) <= STATUS_MESSAGE_MAX:
        return message
    return message[: STATUS_MESSAGE_MAX - 1] + "…"


def stored_span(span: Span) -> Span:
    """The span as a store keeps it: the status message clipped."""
    if span.status_message is None or len(span.status_message) <= STATUS_MESSAGE_MAX:
        return span
    return span._replace(status_message=clipped_message(span.status_message))


def is_model_call(span: Span) -> bool:
    """Whether coverage expects usage of it."""
    return span.op_kind == "llm"


def has_usage(span: Span) -> bool:
    """Whether it reported input or output tokens."""
    return span.tokens_input is not None or span.tokens_output is not None
