"""A chat model behind OpenAI's wire shape, asked once with the system text and the input."""

from __future__ import annotations

import json
from typing import Any

from quarterdeck.errors import AdmissionRefused
from quarterdeck.model.ports import Admitter, Leave
from quarterdeck.model.probes import ProbeCase, ProbeReply
from quarterdeck.probes.targets import posting
from quarterdeck.probes.targets.endpoint_options import EndpointSide
from quarterdeck.probes.targets.limits import Limits
from quarterdeck.probes.targets.secrets import key_of

_CUT = {"length": "length", "content_filter": "content_filter"}


class Endpoint:
    """One side. `admitter`: who keeps the ledger of the provider, where the server has one."""

    def __init__(self, side: EndpointSide, limits: Limits, admitter: Admitter | None = None) -> None:
        self._side, self._limits, self._admitter = side, limits, admitter
        self._url = side.base_url.rstrip("/") + "/chat/completions"

    def ask(self, case: ProbeCase) -> ProbeReply:
        """As `ProbeTarget.ask`. Raises BadSetting for a key that is not there, or an address or key that is refused."""
        body = self._body(case)
        key = key_of(self._side.key_env, self._side.key_file)
        try:
            leave = (
                None if self._admitter is None else self._admitter.leave(self._url, self._side.model, body["messages"])
            )
        except AdmissionRefused as refused:
            return ProbeReply(ok=False, limited=True, again_after_s=refused.retry_after_s)
        try:
            return self._exchange(body, key, leave)
        except BaseException:
            if leave is not None:
                leave.fail(None)
            raise

    def _body(self, case: ProbeCase) -> dict[str, Any]:
        side = self._side
        system = case.system if side.system is None else side.system
        messages = [] if not system else [{"role": "system", "content": system}]
        body: dict[str, Any] = {"model": side.model, "messages": [*messages, {"role": "user", "content": case.input}]}
        more = {"max_tokens": side.max_tokens, "temperature": side.temperature}
        return body | {name: value for name, value in more.items() if value is not None}

    def _exchange(self, body: dict[str, Any], key: str | None, leave: Leave | None) -> ProbeReply:
        headers = {"content-type": "application/json"} | posting.bearer(key)
        content = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
        found = posting.exchange(self._limits, "POST", self._url, headers, content)
        if isinstance(found, ProbeReply):
            if leave is not None:
                leave.fail(None)
            return found
        document = _document(found.body)
        if leave is not None and found.status < 400:
            leave.settle(document.get("usage"))
        elif leave is not None:
            leave.fail(found.status, found.headers, document)
        return posting.refused(found, self._url) or _reply(document)


def _document(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _reply(document: dict[str, Any]) -> ProbeReply:
    choices = document.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else None
    if not isinstance(first, dict) or not isinstance(first.get("message"), dict):
        return ProbeReply(ok=False, error_class="not_a_chat_answer")
    text = first["message"].get("content")
    return ProbeReply(
        ok=True, text=text if isinstance(text, str) else "", error_class=_CUT.get(str(first.get("finish_reason")))
    )
