"""The answers that the page asks for first, so that they can travel inside the page: one round trip less before the first word.

Refuses: a request that may not read without a key (the page's address carries none), and to hold the page back for
what fails or is not known; the page then asks for itself and shows why.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote, unquote, urlencode

from quarterdeck.api.context import ApiContext
from quarterdeck.api.encode import to_json
from quarterdeck.api.queries import CohortsQuery, WindowQuery
from quarterdeck.api.routes.cohorts import cohorts_document
from quarterdeck.api.routes.fleet import fleet_document
from quarterdeck.api.routes.outline import OutlineQuery, outline_document
from quarterdeck.api.wire.run import run_dict
from quarterdeck.errors import QuarterdeckError

PREFIX = "/api/v1"
_RUN = "runs/"

PAGE_PROJECT = "default"
"""The project that the page names when its address names none (web/src/api/queries.ts)."""
PAGE_COHORTS = {"by": "agent,prompt_version,model", "limit": 500, "parts": 20}
PAGE_OUTLINE = {"quick": "true", "limit": 400, "width": 1200}
"""What the page asks with (web/src/run/use-outline.ts). Where they differ the page asks again: slower, never wrong."""

Make = Callable[[], object]


def first_answers(ctx: ApiContext, project: str, path: str, query: Mapping[str, str]) -> bytes:
    """JSON `{address: document}` for a view of the page; `{}` where nothing can be known ahead. `<` is written as an escape."""
    found: dict[str, Any] = {}
    for address, make in _questions(ctx, project, path, query).items():
        try:
            found[address] = make()
        except (QuarterdeckError, ValueError):
            continue
    return to_json(found).replace(b"<", b"\\u003c")


def _questions(ctx: ApiContext, project: str, path: str, query: Mapping[str, str]) -> dict[str, Make]:
    named = {"project": query.get("project") or PAGE_PROJECT}
    if not path:
        bounds = {name: query[name] for name in ("since", "until") if query.get(name)}
        return _fleet(ctx, project, named, bounds) if not query.get("by") else {}
    if path.startswith(_RUN) and "/" not in path.removeprefix(_RUN):
        return _run(ctx, project, unquote(path.removeprefix(_RUN)), named)
    return {}


def _fleet(ctx: ApiContext, project: str, named: dict[str, str], bounds: dict[str, str]) -> dict[str, Make]:
    cohorts = CohortsQuery.model_validate(bounds | PAGE_COHORTS)
    return {
        _address("fleet", named | bounds): lambda: fleet_document(ctx, project, WindowQuery(**bounds)),
        _address("cohorts", named | bounds | PAGE_COHORTS): lambda: cohorts_document(ctx, project, cohorts),
    }


def _run(ctx: ApiContext, project: str, run_id: str, named: dict[str, str]) -> dict[str, Make]:
    at = _RUN + quote(run_id, safe="")
    outline = OutlineQuery.model_validate(PAGE_OUTLINE)
    return {
        _address(at, named): lambda: run_dict(ctx.services.store.get_run(project, run_id)),
        _address(f"{at}/outline", named | PAGE_OUTLINE): lambda: outline_document(ctx, project, run_id, outline),
    }


def _address(path: str, query: Mapping[str, object]) -> str:
    return f"{PREFIX}/{path}?{urlencode(query)}"
