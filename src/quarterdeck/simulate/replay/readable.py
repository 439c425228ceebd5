"""Waiting until what was sent can be read through the API, for a bounded time.

Asks for the last runs that were sent, because the server settles in order, and for its own word that nothing waits.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import httpx

from quarterdeck.clock import Clock
from quarterdeck.errors import Overloaded, Unreachable
from quarterdeck.simulate.histories.tally import Tally
from quarterdeck.simulate.replay.pace import Sleep

_ASKED_RUNS = 20
_STEP_S = 0.2


async def wait_until_readable(
    http: httpx.AsyncClient, api: str, tally: Tally, clock: Clock, sleep: Sleep, *, wait_s_max: float, complete: bool
) -> None:
    """Returns when the last runs are there. `complete`: no span was rejected, so span counts must be reached too.

    Raises Overloaded when the time is over, Unreachable when the API does not answer.
    """
    deadline_s = clock.monotonic_s() + wait_s_max
    missing = await _missing(http, api, tally, complete=complete)
    while missing:
        if clock.monotonic_s() >= deadline_s:
            mend = f"ask {api}/api/v1/health whether it still settles, and {api}/api/v1/rejections what it refused"
            raise Overloaded(f"sent, but not readable after {wait_s_max:.0f} s: {missing}", mend=mend)
        await sleep(_STEP_S)
        missing = await _missing(http, api, tally, complete=complete)


async def _missing(http: httpx.AsyncClient, api: str, tally: Tally, *, complete: bool) -> str | None:
    """What is not there yet, in words; None when all is."""
    health = await _get(http, f"{api}/api/v1/health")
    lag_s = ((health or {}).get("ingest") or {}).get("settle_lag_s")
    if lag_s:
        return f"the server is {lag_s:.1f} s behind"
    for run_id in list(tally.spans_by_run)[-_ASKED_RUNS:]:
        run = await _get(http, f"{api}/api/v1/runs/{quote(run_id, safe='')}")
        if run is None:
            return f"run {run_id} is missing"
        if complete and run["spans"] < tally.spans_by_run[run_id]:
            return f"run {run_id} has {run['spans']} of {tally.spans_by_run[run_id]} spans"
    for trace_id in list(tally.unnamed)[-_ASKED_RUNS:]:
        found = await _get(http, f"{api}/api/v1/runs", {"q": trace_id, "limit": "1"})
        if complete and not (found or {}).get("items"):
            return f"trace {trace_id} has no run"
    return None


async def _get(http: httpx.AsyncClient, url: str, query: dict[str, str] | None = None) -> dict[str, Any] | None:
    try:
        answer = await http.get(url, params=query)
    except httpx.TransportError as error:
        raise Unreachable(f"{url} does not answer: {error!r}", mend="is the server still running?") from error
    if answer.status_code in (404, 429, 503):
        return None
    if not answer.is_success:
        raise Unreachable(f"{url} answered {answer.status_code}: {answer.text[:200]}")
    document = answer.json()
    return document if isinstance(document, dict) else None
