"""`GET contrast`: what failing runs (or any selection) have that the others have not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from quarterdeck.api.context import Ctx, Project
from quarterdeck.api.exemplars import exemplars_of
from quarterdeck.api.queries import ContrastQuery, bounded_window, listed_names, narrowed
from quarterdeck.api.routes.common import answers
from quarterdeck.api.selections import selection
from quarterdeck.api.wire.contrast import ContrastsOut, Deep, contrast_dict
from quarterdeck.model.signals import SliceScore
from quarterdeck.observe.signals.between import RUNS_MAX, SYMPTOMS, between
from quarterdeck.observe.signals.exemplars import Exemplar
from quarterdeck.store.interface import CONTRAST_KEYS, ContrastCell, ContrastCounts, RunFilter, TelemetryStore

router = APIRouter(tags=["fleet"])

_VALUES_MAX = 500
"""Values of one attribute that are looked at, most frequent first; a rarer one would need more runs than it has."""
_WHERE = ("failed",)
_EXAMPLE_NS = 1_795_503_600_000_000_000
_EXAMPLE = contrast_dict(
    ContrastCounts(
        170, 1246, [ContrastCell("prompt_version", "v7", 131, 212), ContrastCell("tool", "refund", 9, 71)], 0
    ),
    Deep(
        (SliceScore((("prompt_version", "v7"),), 343, 131 / 343, 0.12, 61.2),),
        (170, 1246),
        (
            Exemplar(
                "medoid",
                "9f86d081884c7d659a2feaa0c55ad015",
                "the most typical of 170 such runs: least unlike all others",
            ),
        ),
    ),
    words=(_WHERE, ()),
    window=(_EXAMPLE_NS - 3600 * 10**9, _EXAMPLE_NS),
    limit=50,
)


@router.get("/contrast", response_model=ContrastsOut, responses=answers(_EXAMPLE))
async def contrast(request: Request, ctx: Ctx, project: Project, query: Annotated[ContrastQuery, Query()]) -> Response:
    """Attribute values that are more or less frequent in one selection of runs than in the rest or in another.

    Default: the failed runs of the last 60 minutes against all others of that time. With `where_since` or `where_until`
    the runs of a part of the window, failed or not, against those of the rest.
    """
    services = ctx.services
    now_ns = services.clock.now_ns()
    window = bounded_window(query, now_ns, services.options.default_window_minutes)
    part = narrowed(query, window, now_ns)
    keys = listed_names("attributes", query.attributes, CONTRAST_KEYS)
    narrow = bool(query.where_since or query.where_until)
    words = (tuple(query.where) or (() if narrow else _WHERE), tuple(query.against))
    where = selection(project, "where", words[0], part)
    against = selection(project, "against", words[1], window)

    def make() -> object:
        counts = services.store.contrast(where, against, keys, values_max=_VALUES_MAX)
        deep = _deep(services.store, where, against, keys)
        return contrast_dict(counts, deep, words=words, window=window, limit=query.limit, part=part if narrow else None)

    return await ctx.answer(request, make)


def _deep(store: TelemetryStore, where: RunFilter, against: RunFilter, keys: Sequence[str]) -> Deep:
    """Slices of what is no symptom and was not chosen by, and runs to open."""
    chosen_by = {name for one in (where, against) for name in one.equals}
    telling = [key for key in keys if key not in SYMPTOMS and key not in chosen_by]
    judged = _judged(where, against)
    found = store.contrast_rows(where, judged, telling, runs_max=RUNS_MAX)
    slices = between(found, telling)
    return Deep(slices, (found.where, found.against), exemplars_of(store, where, judged))


def _judged(where: RunFilter, against: RunFilter) -> RunFilter:
    """Failed runs are held against good ones: those that go on may fail yet, and a new version has most of them."""
    for word, other in (("failed", "succeeded"), ("succeeded", "failed")):
        if word in where.has and not {word, other} & set(against.has):
            return replace(against, has=(*against.has, other))
    return against
