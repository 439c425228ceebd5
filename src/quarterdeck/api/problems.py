"""Errors at the edge: every member of the family, and every refusal of the framework, as problem+json.

Refuses: to show what went wrong inside. An error that is not `showable` is answered with a reference that the log
has too, never with its message.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from difflib import get_close_matches
from http import HTTPStatus
from math import ceil
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from quarterdeck.api.encode import to_json
from quarterdeck.errors import BadInput, InternalError, NotFound, QuarterdeckError, Unauthenticated, WrongMethod

MEDIA_TYPE = "application/problem+json"
_SHOWN_CHARS_MAX = 80
"""Of a value that a client sent, this much is sent back."""


def problem(error: QuarterdeckError, *, reference: str | None = None) -> dict[str, Any]:
    """The document of an error. `reference` stands in for the message of an error that may not be shown."""
    kind = type(error)
    return {
        "type": "about:blank",
        "title": title(kind),
        "status": kind.http_status,
        "detail": error.message if kind.showable else f"The server failed; its log says why under {reference}.",
        "code": kind.code,
        "mend": error.mend if kind.showable else None,
        "retry_after_s": error.retry_after_s,
    }


def title(kind: type[QuarterdeckError]) -> str:
    """A few words for people, from the class name: `BadInput` → "Bad input"."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", kind.__name__.removesuffix("Error")) or "Error"
    return words[0] + words[1:].lower()


def answer_problem(error: QuarterdeckError) -> Response:
    """The whole response of an error, with the headers that HTTP wants beside it."""
    reference = None
    if not type(error).showable:
        reference = secrets.token_hex(4)
        structlog.get_logger().error("request_failed", code=type(error).code, reference=reference, exc_info=error)
    headers = {"cache-control": "no-store"}
    if error.retry_after_s is not None:
        headers["retry-after"] = str(max(1, ceil(error.retry_after_s)))
    if isinstance(error, Unauthenticated):
        headers["www-authenticate"] = 'Bearer realm="quarterdeck"'
    body = to_json(problem(error, reference=reference))
    return Response(body, status_code=type(error).http_status, headers=headers, media_type=MEDIA_TYPE)


def answer_unexpected(error: Exception) -> Response:
    """A failure that nobody foresaw is an internal error of ours."""
    internal = InternalError("unexpected failure")
    internal.__cause__ = error
    return answer_problem(internal)


def install(app: FastAPI) -> None:
    """Hang the handlers into an application."""

    async def family(_: Request, error: Exception) -> Response:
        return answer_problem(error) if isinstance(error, QuarterdeckError) else answer_unexpected(error)

    async def validation(request: Request, error: Exception) -> Response:
        found = error.errors() if isinstance(error, RequestValidationError) else []
        return answer_problem(_validation_error(found, _query_names(request)))

    async def http(request: Request, error: Exception) -> Response:
        return _http_answer(request, error)

    app.add_exception_handler(QuarterdeckError, family)
    app.add_exception_handler(RequestValidationError, validation)
    app.add_exception_handler(HTTPException, http)


def unknown_route(path: str) -> NotFound:
    """For a path under /api that leads nowhere."""
    return NotFound(f"no route {path[:_SHOWN_CHARS_MAX]!r}", mend="the routes are listed at /api/v1/openapi.json")


def _http_answer(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        wrong = WrongMethod(
            f"{request.method} is not answered at {request.url.path[:_SHOWN_CHARS_MAX]!r}", mend="use GET"
        )
        response = answer_problem(wrong)
        response.headers["allow"] = "GET"
        return response
    if status == HTTPStatus.NOT_FOUND:
        return answer_problem(unknown_route(request.url.path))
    return answer_problem(BadInput(f"the request was refused: {getattr(error, 'detail', status)}"))


def _query_names(request: Request) -> Sequence[str]:
    """Names of the query parameters that the matched route knows."""
    route = request.scope.get("route")
    names: list[str] = []
    for parameter in getattr(getattr(route, "dependant", None), "query_params", []):
        fields = getattr(parameter.field_info.annotation, "model_fields", None)
        names.extend(fields or [parameter.alias])
    return names


def _validation_error(found: Sequence[Any], known: Sequence[str]) -> BadInput:
    """Every complaint in one sentence each: the parameter, what was found, what was expected."""
    told = [_told(complaint, known) for complaint in found[:5]]
    return BadInput("; ".join(told) or "the request cannot be understood", mend="see /api/v1/openapi.json")


def _told(complaint: Any, known: Sequence[str]) -> str:
    name = ".".join(str(part) for part in complaint["loc"][1:]) or str(complaint["loc"][0])
    if complaint["type"] == "extra_forbidden":
        return _told_unknown(name, known)
    value = str(complaint.get("input"))[:_SHOWN_CHARS_MAX]
    return f"{name}: found {value!r}, expected: {complaint['msg']}"


def _told_unknown(name: str, known: Sequence[str]) -> str:
    near = get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}"
    return f"{name[:_SHOWN_CHARS_MAX]}: no such parameter; {hint}"
