"""The simulated provider: scripted answers, counts that can be repeated by hand, a bill that never misses a call."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from quarterdeck.errors import InternalError
from quarterdeck.simulate.provider import BilledCall, Call, Scenario, SimulatedProvider, Turn

WEATHER = Scenario(
    [Turn(calls=[Call("get_weather", {"city": "Tokyo"})], reasoning_tokens=20), Turn("It is sunny in Tokyo.")],
    when="weather",
)
CHAT, RESPONSES, EMBEDDINGS, MESSAGES = "/v1/chat/completions", "/v1/responses", "/v1/embeddings", "/v1/messages"
ASK = {"model": "m", "messages": [{"role": "user", "content": "weather?"}]}


def chat(*messages: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"model": "m", "messages": list(messages), **more}


def events(text: str) -> list[Any]:
    lines = [line.removeprefix("data: ") for line in text.splitlines() if line.startswith("data: ")]
    return [json.loads(line) if line != "[DONE]" else line for line in lines]


@pytest.fixture
def provider() -> SimulatedProvider:
    return SimulatedProvider([WEATHER], aliases={"gpt": "gpt-2026-01-01"})


def test_counts_follow_the_documented_rule(provider: SimulatedProvider) -> None:
    # "weather?" is 8 bytes = 2 tokens, plus 4 for the message, plus 3 for the request;
    # out: "get_weather" 3, {"city":"Tokyo"} 4, reasoning 20.
    status, answer = provider.call(CHAT, ASK)
    assert status == 200
    assert answer["usage"]["prompt_tokens"] == 9
    assert answer["usage"]["completion_tokens"] == 27
    assert answer["usage"]["completion_tokens_details"]["reasoning_tokens"] == 20
    assert answer["choices"][0]["finish_reason"] == "tool_calls"
    assert answer["choices"][0]["message"]["tool_calls"][0]["function"] == {
        "name": "get_weather",
        "arguments": '{"city":"Tokyo"}',
    }
    assert provider.bill == [BilledCall(answer["id"], "chat.completions", "m", 9, 27, 0, 0, 20, stream=False)]


def test_the_turn_is_found_from_the_request_alone(provider: SimulatedProvider) -> None:
    _, first = provider.call(CHAT, ASK)
    answered = first["choices"][0]["message"]
    result = {"role": "tool", "tool_call_id": answered["tool_calls"][0]["id"], "content": "sunny"}
    for _ in range(2):  # the same request again is the same turn again
        _, second = provider.call(CHAT, chat(ASK["messages"][0], answered, result))
        assert second["choices"][0]["message"]["content"] == "It is sunny in Tokyo."
    third = {"role": "assistant", "content": "It is sunny in Tokyo."}
    _, after = provider.call(CHAT, chat(ASK["messages"][0], answered, result, third, {"role": "user", "content": "?"}))
    assert after["choices"][0]["message"]["content"] == "Done."


def test_equal_requests_get_equal_answers_but_ids_of_their_own() -> None:
    def play(seed: int) -> list[dict[str, Any]]:
        provider = SimulatedProvider([WEATHER], seed=seed)
        return [provider.call(path, body)[1] for path, body in ((CHAT, ASK), (CHAT, ASK), (RESPONSES, RESPOND))]

    once, again, other = play(1), play(1), play(2)
    assert once == again
    assert once[0]["id"] != once[1]["id"]
    assert once[0]["id"] != other[0]["id"]
    assert once[0]["usage"] == other[0]["usage"]


RESPOND = {"model": "gpt", "input": "weather?", "instructions": "be brief"}


def test_what_the_call_before_has_sent_is_read_from_the_cache(provider: SimulatedProvider) -> None:
    long = {"role": "user", "content": "weather " * 1000}  # 8,000 bytes = 2,000 tokens, + 4
    said = {"role": "assistant", "content": "x"}
    assert provider.call(CHAT, chat(long))[1]["usage"]["prompt_tokens_details"]["cached_tokens"] == 0
    usage = provider.call(CHAT, chat(long, said, {"role": "user", "content": "?"}))[1]["usage"]
    assert usage["prompt_tokens_details"]["cached_tokens"] == 2004 // 128 * 128
    short = provider.call(CHAT, chat(ASK["messages"][0], said))[1]["usage"]
    assert short["prompt_tokens_details"]["cached_tokens"] == 0  # under 1,024 tokens nothing is cached


def test_anthropic_leaves_the_cache_out_of_its_input_and_the_bill_has_it_in(provider: SimulatedProvider) -> None:
    system = [{"type": "text", "text": "s" * 8000, "cache_control": {"type": "ephemeral"}}]
    ask = {"role": "user", "content": "weather?"}
    body = {"model": "claude", "max_tokens": 9, "system": system, "messages": [ask]}
    first = provider.call(MESSAGES, body)[1]
    block = first["content"][0]
    assert (block["type"], block["name"], first["stop_reason"]) == ("tool_use", "get_weather", "tool_use")
    result = {"type": "tool_result", "tool_use_id": block["id"], "content": "sunny"}
    body["messages"] = [
        ask,
        {"role": "assistant", "content": first["content"]},
        {"role": "user", "content": [result]},
    ]
    second = provider.call(MESSAGES, body)[1]
    assert second["content"] == [{"type": "text", "text": "It is sunny in Tokyo."}]
    for answer, billed in zip((first, second), provider.bill, strict=True):
        usage = answer["usage"]
        cache = usage["cache_read_input_tokens"] + usage["cache_creation_input_tokens"]
        assert usage["input_tokens"] + cache == billed.input
        assert (
            (usage["cache_read_input_tokens"], usage["cache_creation_input_tokens"])
            == billed[5:7]
            == (
                billed.cache_read,
                billed.cache_write,
            )
        )
    assert provider.bill[0].cache_write == provider.bill[0].input
    assert provider.bill[1].cache_read > 1024


def test_responses_can_be_continued_by_id(provider: SimulatedProvider) -> None:
    first = provider.call(RESPONSES, RESPOND)[1]
    assert first["model"] == "gpt-2026-01-01"
    call = first["output"][0]
    assert (call["type"], call["arguments"]) == ("function_call", '{"city":"Tokyo"}')
    item = {"type": "function_call_output", "call_id": call["call_id"], "output": "sunny"}
    second = provider.call(RESPONSES, {"model": "gpt", "previous_response_id": first["id"], "input": [item]})[1]
    assert second["output"][0]["content"][0]["text"] == "It is sunny in Tokyo."
    assert second["usage"]["input_tokens"] > first["usage"]["input_tokens"]
    assert [call.response_id for call in provider.bill] == [first["id"], second["id"]]
    status, problem = provider.call(RESPONSES, {"model": "gpt", "previous_response_id": "resp_0", "input": "x"})
    assert status == 400
    assert "resp_0" in problem["error"]["message"]


def test_a_scripted_refusal_comes_first_and_is_not_billed() -> None:
    provider = SimulatedProvider([Scenario([Turn("hi", refusals=2, retry_after_s=0.5)])])
    with provider as url, httpx.Client(base_url=url) as http:
        refused = [http.post(CHAT, json=ASK) for _ in range(2)]
        answered = http.post(CHAT, json=ASK)
    assert [(answer.status_code, answer.headers["retry-after"]) for answer in refused] == [(429, "0.5")] * 2
    assert answered.json()["choices"][0]["message"]["content"] == "hi"
    assert len(provider.bill) == 1


def test_streams_over_real_http_say_what_the_whole_answer_says(provider: SimulatedProvider) -> None:
    with provider as url, httpx.Client(base_url=url) as http:
        whole = http.post(CHAT, json=ASK).json()
        usage = http.post(CHAT, json={**ASK, "stream": True, "stream_options": {"include_usage": True}})
        silent = http.post(CHAT, json={**ASK, "stream": True})
        messages = http.post(MESSAGES, json={**ASK, "max_tokens": 9, "stream": True})
        responses = http.post(RESPONSES, json={**RESPOND, "stream": True})
    assert usage.headers["content-type"].startswith("text/event-stream")
    chunks = events(usage.text)
    assert chunks[-1] == "[DONE]"
    assert chunks[-2]["usage"] == whole["usage"]
    deltas = [call for chunk in chunks[:-2] for call in chunk["choices"][0]["delta"].get("tool_calls", [])]
    assert "".join(call["function"]["arguments"] for call in deltas) == '{"city":"Tokyo"}'
    assert not any("usage" in chunk for chunk in events(silent.text)[:-1])
    parts = events(messages.text)
    assert "".join(
        part["delta"].get("partial_json", "") for part in parts if part["type"] == "content_block_delta"
    ) == ('{"city":"Tokyo"}')
    assert parts[-2]["usage"]["output_tokens"] == whole["usage"]["completion_tokens"]
    steps = events(responses.text)
    assert [step["sequence_number"] for step in steps] == list(range(len(steps)))
    assert steps[-1]["response"]["usage"]["output_tokens"] == 27
    assert [call.stream for call in provider.bill] == [False, True, True, True, True]


def test_embeddings_are_equal_for_equal_texts(provider: SimulatedProvider) -> None:
    answer = provider.call(EMBEDDINGS, {"model": "e", "input": ["abcd", "abcde", "abcd"]})[1]
    vectors = [item["embedding"] for item in answer["data"]]
    assert vectors[0] == vectors[2] != vectors[1]
    assert answer["usage"]["total_tokens"] == 1 + 2 + 1
    assert provider.bill[0][1:5] == ("embeddings", "e", 4, 0)


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/v1/else", {}, 404),
        (CHAT, {"model": "m"}, 400),
        (CHAT, chat({"role": "nobody", "content": "x"}), 400),
        (MESSAGES, {"model": "m", "messages": []}, 400),
        (EMBEDDINGS, {"model": "e", "input": []}, 400),
        (RESPONSES, None, 400),
    ],
)
def test_another_shape_is_refused_and_not_billed(
    provider: SimulatedProvider, path: str, body: Any, status: int
) -> None:
    got, document = provider.call(path, body)
    assert got == status
    assert document["error"]["message"]
    assert provider.bill == []


def test_it_starts_once_and_stops_cleanly(provider: SimulatedProvider) -> None:
    url = provider.start()
    with pytest.raises(InternalError, match="runs already"):
        provider.start()
    provider.stop()
    provider.stop()
    with pytest.raises(httpx.ConnectError):
        httpx.post(f"{url}{CHAT}", json=ASK)
