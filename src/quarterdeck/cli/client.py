"""The command line's way to a running server: the HTTP API, with its errors turned into ours.

Refuses: retries and redirects. A command says at once what it met.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

import typer

from quarterdeck.errors import (
    BadInput,
    Forbidden,
    InternalError,
    NotFound,
    Overloaded,
    QuarterdeckError,
    RateLimited,
    Unauthenticated,
    Unreachable,
)

if TYPE_CHECKING:
    import httpx

DEFAULT_URL = "http://127.0.0.1:4320"
TIMEOUT_S = 30.0  # a query's own limit in the server is shorter
PAGE_SIZE = 500  # the API's largest page

Url = Annotated[str, typer.Option("--url", envvar="QUARTERDECK_URL", help="Address of the server's API.")]
Key = Annotated[str | None, typer.Option("--key", envvar="QUARTERDECK_KEY", help="Access key, where one is in force.")]
Project = Annotated[
    str | None, typer.Option("--project", help="Project to ask about; default: the key's own, else `default`.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]

Parameters = Sequence[tuple[str, str]]

_BY_STATUS: Mapping[int, type[QuarterdeckError]] = {
    401: Unauthenticated,
    403: Forbidden,
    404: NotFound,
    429: RateLimited,
    503: Overloaded,
}


class ApiClient:
    """A connection to one server. Use as a context manager.

    `transport` lets a test answer in the server's place.
    """

    def __init__(self, url: str, key: str | None, *, transport: httpx.BaseTransport | None = None) -> None:
        import httpx

        if not url.startswith(("http://", "https://")):
            msg = f"--url {url!r}: expected an address such as {DEFAULT_URL}"
            raise BadInput(msg)
        headers = {"authorization": f"Bearer {key}"} if key else {}
        self._url = url.rstrip("/")
        self._transport_error = httpx.TransportError
        self._http = httpx.Client(
            base_url=f"{self._url}/api/v1/", headers=headers, timeout=TIMEOUT_S, transport=transport
        )

    def __enter__(self) -> ApiClient:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def get(self, path: str, parameters: Parameters = ()) -> Any:
        """The JSON answer of `GET /api/v1/{path}`. Raises a member of the error family."""
        return self._answer(lambda: self._http.get(path, params=list(parameters)))

    def text(self, path: str, parameters: Parameters = ()) -> str:
        """The text of `GET /api/v1/{path}`, which is not JSON. Raises a member of the error family."""
        return self._checked(lambda: self._http.get(path, params=list(parameters))).text

    def _answer(self, ask: Callable[[], httpx.Response]) -> Any:
        return self._document(self._checked(ask))

    def _checked(self, ask: Callable[[], httpx.Response]) -> httpx.Response:
        try:
            response = ask()
        except self._transport_error as failure:
            msg = f"no Quarterdeck server answers at {self._url} ({failure})"
            raise Unreachable(msg, mend="start one with `quarterdeck serve`, or name another with --url") from failure
        if response.status_code >= 400:
            raise _error_of(response)
        return response

    def post(self, path: str, body: bytes, content_type: str, parameters: Parameters = ()) -> Any:
        """The JSON answer of `POST /api/v1/{path}`. Raises a member of the error family."""
        headers = {"content-type": content_type}
        return self._answer(lambda: self._http.post(path, content=body, headers=headers, params=list(parameters)))

    def post_json(self, path: str, document: Mapping[str, Any], parameters: Parameters = ()) -> Any:
        """As `post`, with a JSON document."""
        return self.post(path, json.dumps(document).encode(), "application/json", parameters)

    def delete(self, path: str, parameters: Parameters = ()) -> Any:
        """The JSON answer of `DELETE /api/v1/{path}`, however long it takes. Raises a member of the error family."""
        return self._answer(lambda: self._http.delete(path, params=list(parameters), timeout=None))

    def pages(self, path: str, parameters: Parameters, *, limit: int) -> Iterator[dict[str, Any]]:
        """Items of a list, page after page, at most `limit`."""
        left, cursor = limit, ""
        while left > 0:
            page = self.get(path, [*parameters, ("limit", str(min(left, PAGE_SIZE))), *_cursor(cursor)])
            yield from page["items"]
            left -= len(page["items"])
            cursor = page["next_cursor"] or ""
            if not cursor or not page["items"]:
                return

    def _document(self, response: httpx.Response) -> Any:
        try:
            return response.json()
        except ValueError as failure:
            kind = response.headers.get("content-type", "no content type")
            msg = f"{response.url} answered {kind}, expected JSON"
            raise Unreachable(msg, mend="--url must be the API's address, the one that `serve` prints") from failure


def project_parameter(project: str | None) -> list[tuple[str, str]]:
    """The project as a query parameter; nothing when the server is to take the key's own."""
    return [] if project is None else [("project", project)]


def segment(text: str) -> str:
    """One segment of a path: an id may hold a slash."""
    return quote(text, safe="")


def _cursor(cursor: str) -> Parameters:
    return [("cursor", cursor)] if cursor else []


def _error_of(response: httpx.Response) -> QuarterdeckError:
    problem = _problem(response)
    detail = str(problem.get("detail") or problem.get("title") or f"the server answered {response.status_code}")
    kind = _BY_STATUS.get(response.status_code)
    if kind is None:
        kind = BadInput if response.status_code < 500 else InternalError
    failure = kind(detail, mend=problem.get("mend"), retry_after_s=problem.get("retry_after_s"))
    if isinstance(problem.get("code"), str):
        failure.code = problem["code"]  # type: ignore[misc]  # the server's own, narrower word
    return failure


def _problem(response: httpx.Response) -> dict[str, Any]:
    try:
        document = response.json()
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}
