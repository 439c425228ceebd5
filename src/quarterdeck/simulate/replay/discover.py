"""From one address to both: where spans go in, and where they can be read.

The address may be the server's API or its OTLP port; each names the other. Any other OTLP receiver is accepted,
but then nobody can say whether what was sent is readable.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import httpx

from quarterdeck.errors import BadInput, Unauthenticated, Unreachable

_TRACES = "/v1/traces"


class Endpoints(NamedTuple):
    """`otlp`: base address that takes `/v1/traces`. `api`: base address of the API, None for a foreign receiver."""

    otlp: str
    api: str | None


async def discover(http: httpx.AsyncClient, url: str) -> Endpoints:
    """Ask the address who it is. Raises BadInput for a text that is no address, Unreachable when nobody answers."""
    base = _base(url)
    health = await _json(http, f"{base}/api/v1/health")
    if health is not None:
        otlp = (health.get("endpoints") or {}).get("otlp_http")
        if not otlp:
            raise Unreachable(f"{base} is an API without an OTLP/HTTP door", mend="name the OTLP address with --to")
        return Endpoints(str(otlp).rstrip("/"), base)
    card = await _json(http, f"{base}/")
    if card is not None and card.get("service") == "quarterdeck" and card.get("api"):
        return Endpoints(base, str(card["api"]).rstrip("/"))
    return Endpoints(base, None)


async def find_endpoints(url: str, headers: Mapping[str, str]) -> Endpoints:
    """`discover` with a connection of its own."""
    async with httpx.AsyncClient(headers=dict(headers), trust_env=False) as http:
        return await discover(http, url)


def _base(url: str) -> str:
    if not url.startswith(("http://", "https://")):
        raise BadInput(f"--to {url!r} is no address", mend="for example http://127.0.0.1:4318")
    return url.rstrip("/").removesuffix(_TRACES).removesuffix("/api/v1")


async def _json(http: httpx.AsyncClient, url: str) -> dict[str, Any] | None:
    """The JSON object at `url`; None when the answer is another one."""
    try:
        answer = await http.get(url)
    except httpx.TransportError as error:
        raise Unreachable(f"{url} does not answer: {error}", mend="start it with: quarterdeck serve") from error
    if answer.status_code in (401, 403):
        raise Unauthenticated(f"{url} wants a key", mend="give one with --key or QUARTERDECK_KEY")
    try:
        document = answer.json() if answer.is_success else None
    except ValueError:
        return None
    return document if isinstance(document, dict) else None
