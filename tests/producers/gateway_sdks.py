"""The official OpenAI and Anthropic SDKs, whole and streamed, with tools, sync and async, through a gateway at argv[1].

Prints how many calls it made and what was not as it should be.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

import anthropic
import openai

base = sys.argv[1]
OWN = {"x-quarterdeck-tenant": "acme"}
OPENAI: Any = {"base_url": f"{base}/openai/v1", "api_key": "sk-own", "default_headers": OWN}
ANTHROPIC: Any = {"base_url": f"{base}/anthropic", "api_key": "sk-own", "default_headers": OWN}
MESSAGES: Any = [{"role": "user", "content": "where is my order"}]
TOOL: Any = {"type": "function", "function": {"name": "lookup", "parameters": {"type": "object", "properties": {}}}}
problems: list[str] = []
checked: list[str] = []
"""One for each call."""


def check(what: str, right: bool) -> None:
    checked.append(what)
    if not right:
        problems.append(what)


def chat() -> None:
    client = openai.OpenAI(**OPENAI)
    raw = client.chat.completions.with_raw_response.create(
        model="gpt-4o-mini", messages=MESSAGES, tools=[TOOL], max_tokens=50
    )
    check("wait header", raw.headers["x-quarterdeck-wait-ms"] == "0")
    asked = raw.parse().choices[0].message
    assert asked.tool_calls
    again = [*MESSAGES, asked, {"role": "tool", "tool_call_id": asked.tool_calls[0].id, "content": "shipped"}]
    done = client.chat.completions.create(model="gpt-4o-mini", messages=again)
    check("answer after a tool", "Friday" in (done.choices[0].message.content or ""))
    events = list(client.chat.completions.create(model="gpt-4o-mini", messages=again, stream=True))
    text = "".join(event.choices[0].delta.content or "" for event in events)
    check("stream", "Friday" in text and all(event.choices and event.usage is None for event in events))
    with client.chat.completions.stream(
        model="gpt-4o-mini", messages=again, stream_options={"include_usage": True}
    ) as stream:
        final = stream.get_final_completion()
    check("usage that was asked for", final.usage is not None and final.usage.total_tokens > 0)
    check("responses", bool(client.responses.create(model="gpt-4o-mini", input="hi").output))
    with client.responses.stream(model="gpt-4o-mini", input="hi again") as stream:
        check("responses, streamed", stream.get_final_response().usage is not None)
    check("embeddings", len(client.embeddings.create(model="embed", input="x").data[0].embedding) > 0)


def messages() -> None:
    client = anthropic.Anthropic(**ANTHROPIC)
    asked = client.messages.create(model="claude-haiku-4-5", max_tokens=100, messages=MESSAGES)
    check("tool use", asked.stop_reason == "tool_use")
    with client.messages.stream(model="claude-haiku-4-5", max_tokens=100, messages=MESSAGES) as stream:
        check("messages, streamed", stream.get_final_message().usage.output_tokens > 0)


async def at_once() -> None:
    async with openai.AsyncOpenAI(**OPENAI) as client:
        found = await asyncio.gather(
            *(
                client.chat.completions.create(
                    model="gpt-4o-mini", messages=[{"role": "user", "content": f"number {n}"}]
                )
                for n in range(30)
            )
        )
    for answer in found:
        check("thirty at once", answer.usage is not None)


def refusals() -> None:
    """The SDK raises its own errors, and does not try again."""
    client = openai.OpenAI(**OPENAI)
    for words, kind, call in (
        (
            "lane",
            openai.BadRequestError,
            lambda: client.chat.completions.create(
                model="m", messages=MESSAGES, extra_headers={"x-quarterdeck-lane": "nope"}
            ),
        ),
        ("served", openai.NotFoundError, client.files.list),
    ):
        try:
            call()
            problems.append(f"no error for {words}")
        except kind as error:
            if words not in str(error):
                problems.append(f"{words} is not in {error}")


chat()
messages()
asyncio.run(at_once())
refusals()
print(json.dumps({"calls": len(checked), "problems": problems}))
