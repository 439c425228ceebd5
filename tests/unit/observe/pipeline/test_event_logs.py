"""GenAI events that come as logs end in the conversation of their span, in any order of arrival, once."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import pytest

from quarterdeck.observe.canonical import conversation
from quarterdeck.store.memory import MemoryStore

from ..ingest.requests import request
from ..ingest.test_logs import record
from ..ingest.test_logs import request as logs_request
from .test_pipeline import pipeline

TRACE, SPAN = "ab" * 16, "cd" * 8

SPANS = request(
    [
        {
            "trace": bytes.fromhex(TRACE),
            "id": bytes.fromhex(SPAN),
            "parent": b"",
            "name": "chat m",
            "start": 10**18,
            "end": 10**18 + 5,
            "attributes": {"gen_ai.operation.name": "chat", "gen_ai.request.model": "m"},
        }
    ]
).SerializeToString()
ASKED = logs_request(record("gen_ai.user.message", {}, {"role": "user", "content": "Hi"})).SerializeToString()
SAID = logs_request(
    record("gen_ai.choice", {}, {"message": {"role": "assistant", "content": "Hello."}, "finish_reason": "stop"}),
    record("", {"level": "info"}, "a line of another kind"),
).SerializeToString()
SENT: list[tuple[bytes, Any]] = [(SPANS, "traces"), (ASKED, "logs"), (SAID, "logs"), (ASKED, "logs")]


@pytest.mark.parametrize("order", list(itertools.permutations(range(4)))[::3])
def test_messages_join_their_span_in_any_order_once(order: tuple[int, ...]) -> None:
    async def scenario() -> dict[str, Any]:
        store = MemoryStore()
        async with pipeline(store) as way:
            for index in order:
                body, signal = SENT[index]
                receipt = await way.submit("default", body, "protobuf", signal)
                assert receipt.refused == (1 if body is SAID else 0)
        return conversation(store.spans_raw("default", [(TRACE, SPAN)])[TRACE, SPAN])

    found = asyncio.run(scenario())
    assert found["input"] == [{"role": "user", "parts": [{"type": "text", "content": "Hi"}]}]
    assert [message["finish_reason"] for message in found["output"]] == ["stop"]
    assert found["output"][0]["parts"] == [{"type": "text", "content": "Hello."}]


def test_what_is_not_stored_is_said() -> None:
    async def scenario() -> str:
        async with pipeline(MemoryStore()) as way:
            return (await way.submit("default", SAID, "protobuf", "logs")).summary

    assert "1 log records are no GenAI events" in asyncio.run(scenario())
