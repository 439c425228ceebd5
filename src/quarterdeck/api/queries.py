"""Query parameters, declared once: what a route accepts, with bounds. A name that is not here is an error, not ignored.

Each model is flat and serves one or more routes. `project` stands in all of them for the document; the access
decision reads it first.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from quarterdeck.api.times import parse_instant
from quarterdeck.errors import BadInput
from quarterdeck.store.cohort_parts import PARTS_MAX
from quarterdeck.store.interface import COHORT_KEYS, CONTRAST_KEYS, RUN_FACETS, RUN_SORTS, RunFilter

Value = Annotated[str, StringConstraints(max_length=1000)]
Facet = Annotated[
    list[Value],
    Field(default_factory=list, max_length=100, description="Accepted values; repeatable; empty = unknown."),
]
Word = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,64}$")]
Instant = Annotated[str, StringConstraints(max_length=64)]
SortName = Annotated[str, StringConstraints(pattern=rf"^-?({'|'.join(RUN_SORTS)})$")]

DEFAULT_FACETS = ("agent", "prompt_version", "model", "status", "lifecycle", "error_class", "environment")


class ProjectQuery(BaseModel):
    """Every route of the API takes the project."""

    model_config = ConfigDict(extra="forbid")

    project: Annotated[str | None, Field(description="Project; by default the key's own, else the server's.")] = None


class LimitQuery(ProjectQuery):
    """Lists without further pages."""

    limit: Annotated[int, Field(ge=1, le=500, description="Most items of one answer.")] = 50


class PageQuery(LimitQuery):
    """Lists with pages."""

    cursor: Annotated[str | None, Field(max_length=2000, description="`next_cursor` of the page before.")] = None


class WindowQuery(ProjectQuery):
    """A window of time, half open."""

    since: Annotated[Instant | None, Field(description="RFC 3339, epoch milliseconds, or `-60m`.")] = None
    until: Annotated[Instant | None, Field(description="As `since`; the end is not part of the window.")] = None


class CohortsQuery(WindowQuery):
    """Cohorts of a window."""

    by: Annotated[str, Field(max_length=300, description=f"Comma-separated: {', '.join(COHORT_KEYS)}.")] = (
        "agent,prompt_version,model"
    )
    limit: Annotated[int, Field(ge=1, le=500, description="Most items of one answer.")] = 50
    parts: Annotated[
        int,
        Field(ge=0, le=PARTS_MAX, description="Cuts the window in so many equal parts, for `series`; 0 = no series."),
    ] = 0


DEFAULT_ATTRIBUTES = tuple(name for name in CONTRAST_KEYS if name not in ("lifecycle", "status", "outcome"))
"""Not how a run ended: that is mostly what the selection itself is about."""

Selection = Annotated[list[Value], Field(default_factory=list, max_length=50)]


class ContrastQuery(WindowQuery):
    """Two selections of runs."""

    where: Annotated[
        Selection,
        Field(description="`NAME=VALUE` of a filter of `runs`, or a word of `has`; repeatable; default `failed`."),
    ]
    against: Annotated[Selection, Field(description="As `where`; default: all runs of the window that `where` leaves.")]
    where_since: Annotated[
        Instant | None,
        Field(description="Narrows `where` to runs that started from here on; then it needs no word. As `since`."),
    ] = None
    where_until: Annotated[Instant | None, Field(description="As `where_since`: to runs that started before.")] = None
    attributes: Annotated[str, Field(max_length=400, description=f"Comma-separated: {', '.join(CONTRAST_KEYS)}.")] = (
        ",".join(DEFAULT_ATTRIBUTES)
    )
    limit: Annotated[int, Field(ge=1, le=500, description="Most values of one answer.")] = 50


class FilterQuery(WindowQuery):
    """Which runs. One parameter per name of RUN_FACETS (a test compares)."""

    q: Annotated[str | None, Field(max_length=200, description="Part of a run id, trace id, agent or root name.")] = (
        None
    )
    has: Annotated[
        list[Word],
        Field(
            default_factory=list,
            max_length=20,
            description="A flag, `orphans`, `residual`, `error`, `failed`, `succeeded`, `estimated`, `over_budget` or `within_budget`; repeatable.",
        ),
    ]
    agent: Facet
    agent_version: Facet
    prompt_version: Facet
    model: Facet
    provider: Facet
    lifecycle: Facet
    status: Facet
    error_class: Facet
    outcome: Facet
    tenant: Facet
    environment: Facet
    feature: Facet
    task_class: Facet
    session_id: Facet
    user_hash: Facet
    toolset_hash: Facet
    config_hash: Facet


class RunsQuery(FilterQuery):
    """A page of runs."""

    sort: Annotated[SortName, Field(description=f"One of {', '.join(RUN_SORTS)}; `-` reverses.")] = "started_at"
    limit: Annotated[int, Field(ge=1, le=500, description="Most items of one answer.")] = 50
    cursor: Annotated[str | None, Field(max_length=2000, description="`next_cursor` of the page before.")] = None


class FacetsQuery(FilterQuery):
    """Facets of the runs that match."""

    names: Annotated[str, Field(max_length=400, description=f"Comma-separated: {', '.join(RUN_FACETS)}.")] = ",".join(
        DEFAULT_FACETS
    )
    limit: Annotated[int, Field(ge=1, le=500, description="Most values per facet.")] = 50


class SpanQuery(ProjectQuery):
    """One span of a run."""

    trace_id: Annotated[
        str | None, Field(max_length=64, description="Needed only when a run of several traces repeats a span id.")
    ] = None


def run_filter(project: str, query: FilterQuery, now_ns: int) -> RunFilter:
    """The store's filter. Raises BadInput for a time nobody understands."""
    since_ns, until_ns = window(query, now_ns)
    equals = {name: tuple(values) for name in RUN_FACETS if (values := getattr(query, name))}
    return RunFilter(project, since_ns, until_ns, equals, query.q or None, tuple(query.has))


def window(query: WindowQuery, now_ns: int) -> tuple[int | None, int | None]:
    """The bounds in ns, None where there is none. Raises BadInput, also when they are the wrong way round."""
    since = parse_instant(query.since, now_ns=now_ns, name="since") if query.since else None
    until = parse_instant(query.until, now_ns=now_ns, name="until") if query.until else None
    if since is not None and until is not None and since >= until:
        msg = f"since: found {query.since!r}, expected a time before until ({query.until!r})"
        raise BadInput(msg)
    return since, until


def bounded_window(query: WindowQuery, now_ns: int, default_minutes: int) -> tuple[int, int]:
    """As `window`, with the last minutes where nothing is said: until = now, since = until minus the default."""
    since, until = window(query, now_ns)
    end = now_ns if until is None else until
    start = max(0, end - default_minutes * 60 * 10**9) if since is None else since
    if start >= end:
        msg = f"since: found {query.since!r}, expected a time before now"
        raise BadInput(msg)
    return start, end


def narrowed(query: ContrastQuery, window: tuple[int, int], now_ns: int) -> tuple[int, int]:
    """The part of `window` that `where` is narrowed to; all of it where nothing is said. Raises BadInput for an empty part."""
    bounds = {"where_since": query.where_since, "where_until": query.where_until}
    since, until = (parse_instant(text, now_ns=now_ns, name=name) if text else None for name, text in bounds.items())
    start, end = max(window[0], since or window[0]), min(window[1], window[1] if until is None else until)
    if start >= end:
        msg = f"where_since, where_until: found {query.where_since!r} and {query.where_until!r}, expected a part of the window"
        raise BadInput(msg)
    return start, end


def listed_names(name: str, text: str, known: tuple[str, ...]) -> tuple[str, ...]:
    """Comma-separated names, each once. Raises BadInput that lists what is known."""
    names = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    strange = [part for part in names if part not in known]
    if strange or not names:
        found = strange[0][:60] if strange else text[:60]
        msg = f"{name}: found {found!r}, expected some of {', '.join(known)}"
        raise BadInput(msg)
    return names
