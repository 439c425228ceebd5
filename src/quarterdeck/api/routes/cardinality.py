"""`GET cardinality`: the budget of each cohort label, and what came beyond it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from quarterdeck.api.context import Ctx, Project
from quarterdeck.api.queries import ProjectQuery
from quarterdeck.api.routes.common import answers
from quarterdeck.api.wire.cardinality import EXAMPLE, CardinalityOut, label_dict
from quarterdeck.api.wire.common import listing

router = APIRouter(tags=["health"])


@router.get("/cardinality", response_model=CardinalityOut, responses=answers(listing([label_dict(EXAMPLE)])))
async def list_labels(
    request: Request, ctx: Ctx, project: Project, _query: Annotated[ProjectQuery, Query()]
) -> Response:
    """Distinct values, admitted values, most frequent values and refusals of every cohort label."""
    return await ctx.answer(request, lambda: listing([label_dict(label) for label in ctx.services.labels(project)]))
