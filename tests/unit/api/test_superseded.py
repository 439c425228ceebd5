"""References to what had been superseded: found over the whole run, also where the window had lost it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from quarterdeck.api.run_views.superseded import plain_messages
from quarterdeck.api.wire.superseded import SupersededListOut

API = "/api/v1"
Message = dict[str, Any]


def say(role: str, text: str) -> Message:
    return {"role": role, "parts": [{"type": "text", "content": text}]}


def call(call_id: str, name: str, **arguments: Any) -> Message:
    return {"role": "assistant", "parts": [{"type": "tool_call", "id": call_id, "name": name, "arguments": arguments}]}


def result(call_id: str, text: str) -> Message:
    return {"role": "tool", "parts": [{"type": "tool_call_response", "id": call_id, "result": text}]}


ASK = say("user", "Tidy up the reports.")
DELETE = call("c1", "delete_file", path="/reports/old.csv")
READ = call("c2", "read_file", path="/reports/old.csv")


def span(raw: Any, at: int, given: list[Message], made: Message) -> Any:
    attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-4o",
        "gen_ai.input.messages": json.dumps(given),
        "gen_ai.output.messages": json.dumps([made]),
    }
    return raw(1, at, 1, name="chat", attributes=attributes)


@pytest.fixture
def run(deck, raw) -> str:
    """The file is deleted at the first call; the third, whose window has lost that, asks for it again."""
    agent = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "clerk"}
    spans = [
        raw(1, 1, attributes=agent, end_ns=0),
        span(raw, 2, [ASK], DELETE),
        span(raw, 4, [ASK, DELETE, result("c1", "deleted")], say("assistant", "It is gone.")),
        span(raw, 6, [ASK, say("user", "Now show me the old one.")], READ),
    ]
    return str(deck.take(spans)[0])


def test_a_call_that_names_a_deleted_file_is_found_although_its_window_had_lost_it(client, run) -> None:
    body = client.get(f"{API}/runs/{run}/context/superseded").json()
    SupersededListOut.model_validate(body, extra="forbid")
    assert (body["calls"], body["calls_left_out"], body["next_cursor"]) == (3, 0, None)
    [one] = body["items"]
    assert (one["span_id"], one["call"], one["tool"], one["argument"]) == (f"{6:016x}", 3, "read_file", "path")
    assert (one["value"], one["since_call"], one["since_span_id"]) == ("/reports/old.csv", 2, f"{4:016x}")
    assert one["in_words"] == "read_file was asked with path '/reports/old.csv', superseded before call 2: now deleted."


def test_the_deletion_itself_is_no_reference_to_the_past(deck, client, raw) -> None:
    agent = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "clerk"}
    run = deck.take([raw(2, 1, attributes=agent, end_ns=0), span(raw, 2, [ASK], DELETE)])[0]
    assert client.get(f"{API}/runs/{run}/context/superseded").json()["items"] == []


def test_runs_without_texts_have_no_references_and_unknown_runs_are_404(deck, client, raw) -> None:
    bare = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o"}
    run = deck.take([raw(3, 1, attributes=bare)])[0]
    assert client.get(f"{API}/runs/{run}/context/superseded").json()["items"] == []
    assert client.get(f"{API}/runs/nobody/context/superseded").status_code == 404


def test_recorded_messages_become_plain_ones() -> None:
    both = {"role": "user", "parts": [*say("user", "see")["parts"], *result("c1", "done")["parts"], {"type": "image"}]}
    assert plain_messages(both) == [
        {"role": "user", "content": "see"},
        {"role": "tool", "tool_call_id": "c1", "content": "done"},
    ]
    assert plain_messages(DELETE)[0]["tool_calls"][0]["name"] == "delete_file"
    assert plain_messages(result("c1", "done")) == [{"role": "tool", "tool_call_id": "c1", "content": "done"}]
