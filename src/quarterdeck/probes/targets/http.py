"""A service of the user's own: its address and JSON body with the input put in.

The input is put into texts of the JSON after it was read, and quoted into the address: it cannot change the shape of either.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from quarterdeck.model.probes import ProbeCase, ProbeReply
from quarterdeck.probes.targets import posting
from quarterdeck.probes.targets.http_options import HttpSide
from quarterdeck.probes.targets.limits import Limits
from quarterdeck.probes.targets.secrets import key_of


class Http:
    """One side."""

    def __init__(self, side: HttpSide, limits: Limits) -> None:
        self._side, self._limits = side, limits

    def ask(self, case: ProbeCase) -> ProbeReply:
        """As `ProbeTarget.ask`. Raises BadSetting for a key that is not there, or an address or key that is refused."""
        side = self._side
        headers = side.headers | posting.bearer(key_of(side.key_env, side.key_file))
        content = None
        if side.body is not None:
            content = json.dumps(filled(side.body, case), ensure_ascii=False).encode("utf-8", "replace")
            headers = {"content-type": "application/json"} | headers
        url = side.url.replace("{input}", quote(case.input, safe=""))
        found = posting.exchange(self._limits, side.method, url, headers, content)
        if isinstance(found, ProbeReply):
            return found
        return posting.refused(found, url) or ProbeReply(ok=True, text=posting.text_of(found.body))


def filled(value: Any, case: ProbeCase) -> Any:
    """`value` with {input} and {system} replaced in all its texts, at once: an input that says {system} stays what it is."""
    if isinstance(value, str):
        parts = value.split("{input}")
        return case.input.join(part.replace("{system}", case.system or "") for part in parts)
    if isinstance(value, list):
        return [filled(one, case) for one in value]
    if isinstance(value, dict):
        return {name: filled(one, case) for name, one in value.items()}
    return value
