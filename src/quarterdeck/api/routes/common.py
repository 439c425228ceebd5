"""What the route files share: the documented error answers and the bounds of ids in paths."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path

from quarterdeck.api.problems import MEDIA_TYPE, problem
from quarterdeck.api.wire.common import ProblemOut
from quarterdeck.errors import BadInput, Forbidden, NotFound, Overloaded, QuarterdeckError, Unauthenticated

Id = Annotated[str, Path(min_length=1, max_length=512)]

_EXAMPLES: tuple[QuarterdeckError, ...] = (
    BadInput(
        "limit: found '501', expected: Input should be less than or equal to 500", mend="see /api/v1/openapi.json"
    ),
    Unauthenticated("this server wants a key", mend="make a key with `quarterdeck keys create`"),
    Forbidden("this key belongs to project 'alpha' and may not read another", mend="leave the parameter project out"),
    NotFound("no run has the id 'abc' in project 'default'"),
    Overloaded("72 requests already wait for the store", mend="come again", retry_after_s=1.0),
)


def answers(example: dict[str, Any] | None = None, *, missing: bool = False) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route: its own example, and every error that it may answer."""
    found: dict[int | str, dict[str, Any]] = {}
    if example is not None:
        found[200] = {"content": {"application/json": {"example": example}}}
    for error in _EXAMPLES:
        if missing or not isinstance(error, NotFound):
            found[type(error).http_status] = {
                "model": ProblemOut,
                "description": type(error).__doc__,
                "content": {MEDIA_TYPE: {"example": problem(error)}},
            }
    return found
