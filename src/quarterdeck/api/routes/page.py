"""Serves the built page: files as they are, and `index.html` for every address that the page itself understands.

A visit gets the answers that its view asks for first in the same document, as data that no browser runs.

Refuses: to leave its folder, and to answer a missing asset with a page (a browser would cache it as a script).
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import lru_cache
from hashlib import sha256
from mimetypes import guess_type
from pathlib import Path
from typing import NamedTuple

from fastapi import APIRouter, Request
from starlette.responses import Response, StreamingResponse

from quarterdeck.api.context import ApiContext, Ctx
from quarterdeck.api.encode import compress
from quarterdeck.api.first_answers import PAGE_PROJECT, first_answers
from quarterdeck.api.problems import unknown_route
from quarterdeck.errors import NotFound, QuarterdeckError

router = APIRouter(include_in_schema=False)

_ASSETS = "assets/"
_INDEX = "index.html"
_FOREVER = "public, max-age=31536000, immutable"
"""Names under assets/ carry a hash of their content, so a name never means anything else."""
_ASK_AGAIN = "no-cache"
_LEVEL = 9
"""Files are compressed once and kept."""
_TEXTUAL = ("text/", "application/javascript", "application/json", "image/svg+xml")
_NOT_BUILT = (
    b"<!doctype html><html lang=en><meta charset=utf-8><title>Quarterdeck</title>"
    b"<p>The page has not been built. Run <code>make setup</code> to build it. "
    b"The API answers at <a href=/api/v1/openapi.json>/api/v1</a>.</p></html>"
)


class _File(NamedTuple):
    body: bytes
    gzip: bytes | None
    media_type: str
    etag: str


@router.api_route("/{path:path}", methods=["GET", "HEAD"])
async def page(request: Request, ctx: Ctx, path: str) -> Response:
    """The page, or a sentence that says how to build it."""
    if path == "api" or path.startswith("api/"):
        raise unknown_route(f"/{path}")
    folder = ctx.services.webui_dir
    if folder is None or not (folder / "index.html").is_file():
        return Response(_NOT_BUILT, media_type="text/html")
    found = await ctx.threads.run(lambda: _locate(folder, path))
    if found is None:
        msg = f"the page has no file {path[:80]!r}"
        raise NotFound(msg, mend="reload the page: it was built anew")
    file = await ctx.threads.run(lambda: _load(found))
    if found.name == _INDEX and _is_visit(request):
        project = await _project(request, ctx)
        if project is not None:
            return StreamingResponse(
                _with_first(ctx, file, project, path, dict(request.query_params)),
                media_type="text/html",
                headers={"cache-control": "no-store"},
            )
    return _answer(request, file, _FOREVER if path.startswith(_ASSETS) else _ASK_AGAIN)


def _is_visit(request: Request) -> bool:
    """A browser that opens a page, not a check whether it is still the same."""
    return request.method == "GET" and "text/html" in request.headers.get("accept", "")


async def _project(request: Request, ctx: Ctx) -> str | None:
    """The project that may be read without a key; None where a key is wanted, since no visit carries one."""
    try:
        return await ctx.access.project({}, request.query_params.get("project") or PAGE_PROJECT)
    except QuarterdeckError:
        return None


async def _with_first(
    ctx: ApiContext, file: _File, project: str, path: str, query: dict[str, str]
) -> AsyncIterator[bytes]:
    """The page up to the end of its body, at once, so that its script is on the way; then the first answers as data."""
    head, mark, tail = file.body.rpartition(b"</body>")
    yield head
    try:
        answers = await ctx.threads.run(lambda: first_answers(ctx, project, path, query))
    except QuarterdeckError:  # no thread was free: the page asks for itself
        answers = b"{}"
    yield b'<script type="application/json" id="first">' + answers + b"</script>" + mark + tail


def _locate(folder: Path, path: str) -> Path | None:
    """The file for a path; index.html for the page's own routes; None for an asset that is not there."""
    root = folder.resolve()
    try:
        wanted = (root / path).resolve()
        if path and wanted.is_relative_to(root) and wanted.is_file():
            return wanted
    except (ValueError, OSError):  # a NUL in the name, or a name too long for the file system
        return None if path.startswith(_ASSETS) else root / "index.html"
    return None if path.startswith(_ASSETS) else root / "index.html"


def _load(path: Path) -> _File:
    stat = path.stat()
    return _read(path, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=256)
def _read(path: Path, _changed_ns: int, _size: int) -> _File:
    """Read and compressed once per version of a file: a page has a few dozen."""
    body = path.read_bytes()
    media_type = guess_type(path.name)[0] or "application/octet-stream"
    packed = compress(body, _LEVEL) if media_type.startswith(_TEXTUAL) else None
    return _File(body, packed, media_type, f'"{sha256(body).hexdigest()[:24]}"')


def _answer(request: Request, file: _File, cache: str) -> Response:
    headers = {"cache-control": cache, "etag": file.etag, "vary": "accept-encoding"}
    if request.headers.get("if-none-match") == file.etag:
        return Response(status_code=304, headers=headers)
    if file.gzip is not None and "gzip" in request.headers.get("accept-encoding", ""):
        headers["content-encoding"] = "gzip"
        return Response(file.gzip, headers=headers, media_type=file.media_type)
    return Response(file.body, headers=headers, media_type=file.media_type)
