"""The contexts of a run's model calls through the API: sizes, the call before, differences, what is not kept."""

from __future__ import annotations

import json
from typing import Any

import pytest

from quarterdeck.api.wire.run_context import ContextDiffOut, ContextOut
from quarterdeck.model.raw import Absent

API = "/api/v1"
AGENT = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "support"}


def _say(role: str, text: str) -> dict[str, Any]:
    return {"role": role, "parts": [{"type": "text", "content": text}]}


HISTORY = [_say("system", "s" * 6000), _say("user", "u" * 2000), _say("assistant", "a" * 1000), _say("user", "more")]


def _call(raw: Any, span: int, messages: list[Any] | None, parent: int = 1, **usage: int) -> Any:
    attributes: dict[str, Any] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-4o",
        "gen_ai.usage.input_tokens": 3000,
        **{f"gen_ai.usage.{name}.input_tokens": count for name, count in usage.items()},
    }
    if messages is not None:
        attributes["gen_ai.input.messages"] = json.dumps(messages)
    return raw(1, span, parent, name="chat", attributes=attributes)


@pytest.fixture
def run(deck, raw) -> str:
    """Three calls of one agent: the second goes on, the third has lost the middle; and one of another agent."""
    spans = [
        raw(1, 1, attributes=AGENT, end_ns=0),
        _call(raw, 2, HISTORY[:2]),
        _call(raw, 4, HISTORY, cache_read=2000),
        _call(raw, 6, [HISTORY[0], HISTORY[3]], cache_read=0),
        raw(1, 7, 1, attributes=AGENT | {"gen_ai.agent.name": "critic"}),
        _call(raw, 8, None, parent=7),
    ]
    return str(deck.take(spans)[0])


@pytest.mark.parametrize("engine", ["memory", "duckdb"])
def test_each_call_says_how_large_its_context_is_and_what_it_shares(engine, deck, client, run) -> None:
    body = client.get(f"{API}/runs/{run}/context").json()
    ContextOut.model_validate(body, extra="forbid")
    first, second, third, other = body["items"]
    assert first["chars"] == {"tools": 0, "system": 6000, "user": 2000, "assistant": 0, "tool_results": 0}
    assert (first["previous_span_id"], first["shared_chars"], first["cut"]) == (None, None, None)
    assert (second["previous_span_id"], second["shared_chars"], second["cut"]) == (first["span_id"], 8000, 0)
    assert (third["shared_chars"], third["cut"]) == (6000, 2)
    assert [second["cache"], third["cache"]] == ["hit", "missed"]
    assert (other["previous_span_id"], other["chars"], other["content_state"]) == (None, None, "absent")


def test_calls_come_in_pages_by_place(client, run) -> None:
    first = client.get(f"{API}/runs/{run}/context?limit=3").json()
    second = client.get(f"{API}/runs/{run}/context", params={"limit": 3, "cursor": first["next_cursor"]}).json()
    assert [len(first["items"]), len(second["items"])] == [3, 1]
    assert (first["calls"], second["next_cursor"]) == (4, None)


def test_the_difference_of_two_calls_in_words_and_messages(client, run) -> None:
    body = client.get(f"{API}/runs/{run}/context/diff?b={4:016x}").json()
    ContextDiffOut.model_validate(body, extra="forbid")
    assert [change["change"] for change in body["changes"]] == ["kept", "kept", "added", "added"]
    assert body["added"]["chars"] == 1004
    assert body["prefix"]["share"] == pytest.approx(8000 / 9004)
    assert "2 kept, 2 added" in body["in_words"]
    assert "read 2,000 tokens of it from its cache" in body["in_words"]


def test_any_two_calls_can_be_compared_and_the_last_is_taken_by_itself(client, run) -> None:
    chosen = client.get(f"{API}/runs/{run}/context/diff?a={2:016x}&b={6:016x}").json()
    assert [change["change"] for change in chosen["changes"]] == ["kept", "edited"]
    assert client.get(f"{API}/runs/{run}/context/diff").json()["b"]["span_id"] == f"{6:016x}"


@pytest.mark.parametrize(
    ("query", "status", "says"),
    [
        (f"b={1:016x}", 400, "expected a model call"),
        ("b=beef", 404, "has no span"),
    ],
)
def test_what_cannot_be_compared_is_said(client, run, query, status, says) -> None:
    answer = client.get(f"{API}/runs/{run}/context/diff?{query}")
    assert answer.status_code == status
    assert says in answer.json()["detail"]


def test_the_first_call_of_an_agent_has_nothing_before_it(client, run) -> None:
    body = client.get(f"{API}/runs/{run}/context/diff?b={2:016x}").json()
    ContextDiffOut.model_validate(body, extra="forbid")
    assert (body["a"], [change["change"] for change in body["changes"]]) == (None, ["added", "added"])
    assert body["in_words"] == "The first call of its agent: 2 messages, and nothing before them."


def test_a_run_without_model_calls_has_nothing_to_compare(deck, client, raw) -> None:
    (run,) = deck.take([raw(1, 1, attributes=AGENT)])
    answer = client.get(f"{API}/runs/{run}/context/diff")
    assert answer.status_code == 400
    assert "without model calls" in answer.json()["detail"]


def test_a_foreign_cursor_is_refused(client, run) -> None:
    outline = client.get(f"{API}/runs/{run}/outline?limit=1").json()
    for cursor in ("bm9uZQ", outline["next_cursor"]):
        assert client.get(f"{API}/runs/{run}/context", params={"cursor": cursor}).status_code == 400


def test_a_call_without_content_cannot_be_compared_and_says_so(client, run) -> None:
    body = client.get(f"{API}/runs/{run}/context/diff?a={2:016x}&b={8:016x}").json()
    assert "cannot be compared" in body["in_words"]
    assert body["prefix"]["share"] is None


def test_a_body_that_is_not_kept_says_why(deck, client, raw) -> None:
    call = _call(raw, 2, None)
    call.attributes["gen_ai.input.messages"] = Absent("sampled", 4096)
    (run,) = deck.take([raw(1, 1, attributes=AGENT, end_ns=0), call])
    (item,) = client.get(f"{API}/runs/{run}/context").json()["items"]
    assert (item["content_state"], item["absent"]) == ("sampled", {"reason": "sampled", "bytes": 4096})
    detail = client.get(f"{API}/runs/{run}/spans/{2:016x}").json()
    assert detail["raw"]["attributes"]["gen_ai.input.messages"] == {"absent": "sampled", "bytes": 4096}
    assert detail["messages"]["content_state"] == "sampled"
    assert detail["absent"] == {"reason": "sampled", "bytes": 4096}


def test_an_agent_that_is_called_anew_goes_on_or_begins_afresh(deck, client, raw) -> None:
    """One agent span per turn: the second goes on with the history, the third is another conversation."""
    spans = [raw(1, 1, name="flow", attributes={"gen_ai.operation.name": "invoke_workflow"}, end_ns=0)]
    for span, messages in ((2, HISTORY[:2]), (4, HISTORY), (6, [_say("user", "something else")])):
        spans += [raw(1, span, 1, attributes=AGENT), _call(raw, span + 1, messages, parent=span)]
    (run,) = deck.take(spans)
    first, second, third = client.get(f"{API}/runs/{run}/context").json()["items"]
    assert (second["previous_span_id"], second["shared_chars"], second["cut"]) == (first["span_id"], 8000, 0)
    assert (third["previous_span_id"], third["shared_chars"], third["cut"]) == (None, None, None)
