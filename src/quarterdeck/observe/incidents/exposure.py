"""Who was in an incident's slice and window: counted, described, and listed session by session. Reads the store, blocks.

Refuses: to list more runs than its limit. What a store cannot filter by (a tool, a flag of a call) widens the slice, and is said.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from quarterdeck.errors import BadInput, TooLarge
from quarterdeck.model.incidents import Exposure, FieldName, FieldValue, Incident
from quarterdeck.model.runs import Run
from quarterdeck.store.interface import RUN_FACETS, FacetCount, RunFilter, RunReader

_ALL = 10_000_000
"""Distinct values counted of one attribute."""
_SHOWN = 5
_PAGE = 500
_DAY_NS = 86_400 * 10**9
_PEOPLE = ("session_id", "user_hash", "tenant")
_PARTS: dict[FieldName, tuple[str, ...]] = {
    "prompt_revision": ("prompt_version", "config_hash"),
    "model_route": ("provider", "model"),
    "tool_schema_versions": ("toolset_hash",),
    "traffic_mix": ("agent", "task_class"),
}
"""Fields that runs can tell, and the attributes that tell them."""


class Affected(NamedTuple):
    """One session of the slice. `session` is the run's own id where runs name no session; times are ns."""

    session: str
    user_hash: str | None
    tenant: str | None
    runs: int
    failing: int
    first_ns: int
    last_ns: int


def slice_of(incident: Incident) -> RunFilter:
    """The runs of its slice and window. Raises BadInput when it has no window."""
    if incident.from_ns is None:
        raise BadInput(
            "the incident has no window, so nobody knows whom it affected",
            mend="open it from an alert, or with since and until",
        )
    equals = {name: (value or "",) for name, value in incident.where if name in RUN_FACETS}
    return RunFilter(incident.project, incident.from_ns, incident.to_ns, equals)


def widened_by(incident: Incident) -> tuple[str, ...]:
    """Parts of the slice that the store cannot filter runs by, and that are left out of the count."""
    return tuple(name for name, _ in incident.where if name not in RUN_FACETS)


def exposure_of(store: RunReader, incident: Incident, now_ns: int) -> Exposure:
    """Counted now. Users and tenants only where runs name them."""
    where = slice_of(incident)
    runs = store.count_runs(where)
    failing, fine = (store.count_runs(_with(where, word)) for word in ("failed", "succeeded"))
    found = store.facets(where, _PEOPLE, limit=_ALL)
    sessions, users, tenants = (_distinct(where, name, found[name]) for name in _PEOPLE)
    days = (min(incident.to_ns or now_ns, now_ns) - (incident.from_ns or 0)) / _DAY_NS
    return Exposure(
        runs, failing, failing + fine, sessions, users, tenants, round(runs / days, 1) if days > 0 else None
    )


def in_words(exposure: Exposure, widened: Sequence[str]) -> str:
    """One sentence."""
    said = f"{exposure.failing:,} of {exposure.judged:,} judged runs failed; {exposure.runs:,} runs"
    said += f" in {exposure.sessions:,} sessions of {exposure.users:,} users and {exposure.tenants:,} tenants"
    return said + (f" (counted without {', '.join(widened)})" if widened else "")


def fields_from_runs(store: RunReader, incident: Incident, by: str) -> tuple[FieldValue, ...]:
    """Those of the six fields that the runs of the slice tell, with shares; what no run says is left out."""
    where = slice_of(incident)
    names = tuple(dict.fromkeys(name for parts in _PARTS.values() for name in parts))
    found = store.facets(where, names, limit=_ALL)
    told = (
        (field, "; ".join(filter(None, (_shares(name, where, found[name]) for name in parts))))
        for field, parts in _PARTS.items()
    )
    return tuple(FieldValue(field, value, "runs", by) for field, value in told if value)


def affected(store: RunReader, incident: Incident, runs_max: int) -> Iterator[Affected]:
    """Session by session, the one with most failing runs first. Raises TooLarge before the first."""
    where = slice_of(incident)
    n = store.count_runs(where)
    if n > runs_max:
        raise TooLarge(
            f"{n:,} runs are in the slice, the list reads at most {runs_max:,} (incidents.affected_runs_max)"
        )
    sessions: dict[str, Affected] = {}
    for run in _runs(store, where):
        key = run.session_key
        sessions[key] = _joined(sessions.get(key), run)
    yield from sorted(sessions.values(), key=lambda one: (-one.failing, one.first_ns, one.session))


def _runs(store: RunReader, where: RunFilter) -> Iterator[Run]:
    cursor: str | None = None
    while True:
        page = store.list_runs(where, sort="started_at", cursor=cursor, limit=_PAGE)
        yield from page.items
        cursor = page.next_cursor
        if cursor is None:
            return


def _joined(before: Affected | None, run: Run) -> Affected:
    failing, last = int(run.failed is True), run.ended_at_ns or run.last_seen_ns
    if before is None:
        return Affected(run.session_key, run.user_hash, run.tenant, 1, failing, run.started_at_ns, last)
    return Affected(
        before.session,
        before.user_hash or run.user_hash,
        before.tenant or run.tenant,
        before.runs + 1,
        before.failing + failing,
        min(before.first_ns, run.started_at_ns),
        max(before.last_ns, last),
    )


def _with(where: RunFilter, word: str) -> RunFilter:
    return RunFilter(where.project, where.since_ns, where.until_ns, where.equals, has=(word,))


def _distinct(where: RunFilter, name: str, counts: Sequence[FacetCount]) -> int:
    """A facet ignores the filter on itself, so that is applied here."""
    return sum(one.value is not None for one in _within(where, name, counts))


def _within(where: RunFilter, name: str, counts: Sequence[FacetCount]) -> list[FacetCount]:
    wanted = where.equals.get(name)
    return [one for one in counts if one.count and (wanted is None or (one.value or "") in wanted)]


def _shares(name: str, where: RunFilter, counts: Sequence[FacetCount]) -> str | None:
    """`model gpt-4o 80 %, gpt-4o-mini 20 %`; None where no run says."""
    inside = _within(where, name, counts)
    total = sum(one.count for one in inside)
    if not any(one.value for one in inside):
        return None
    shown = [f"{one.value or 'unknown'} {one.count / total:.0%}".replace("%", " %") for one in inside[:_SHOWN]]
    more = f", {len(inside) - _SHOWN:,} more" if len(inside) > _SHOWN else ""
    return f"{name.replace('_', ' ')} {', '.join(shown)}{more} of {total:,} runs"
