"""What is read from an answer on its way, and what is taken out of it: the same, however the bytes are cut."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.control.gateway.asked import UsageTakenOut, asking, wanted
from quarterdeck.control.gateway.usage import Said, StreamReader, WholeReader

texts = st.text(max_size=20) | st.sampled_from([',"usage":null', '"choices":[]', "\n\n", 'data: {"usage":', "length"])


def event(document: Any, name: str = "") -> bytes:
    head = f"event: {name}\n" if name else ""
    return f"{head}data: {json.dumps(document, separators=(',', ':'))}\n\n".encode()


def cut(data: bytes, cuts: list[int]) -> list[bytes]:
    edges = [0, *sorted(at % (len(data) + 1) for at in cuts), len(data)]
    return [data[a:b] for a, b in itertools.pairwise(edges)]


def chat(texts_: list[str], *, asked: bool) -> bytes:
    """A chat stream as the provider writes it, when usage was asked for and when not."""
    more = {"usage": None} if asked else {}
    events = [event({"id": "c", "choices": [{"index": 0, "delta": {"content": text}}], **more}) for text in texts_]
    usage = {"id": "c", "choices": [], "usage": {"prompt_tokens": 4, "completion_tokens": len(texts_)}}
    return b"".join([*events, *([event(usage)] if asked else []), b"data: [DONE]\n\n"])


@given(said=st.lists(texts, max_size=6), cuts=st.lists(st.integers(0, 5_000), max_size=10))
def test_a_stream_with_usage_taken_out_is_the_stream_without(said: list[str], cuts: list[int]) -> None:
    filter_ = UsageTakenOut()
    out = b"".join(filter_.feed(part) for part in cut(chat(said, asked=True), cuts)) + filter_.rest()
    assert out == chat(said, asked=False)


@given(said=st.lists(texts, max_size=6), cuts=st.lists(st.integers(0, 5_000), max_size=10))
def test_a_stream_says_the_same_however_it_is_cut(said: list[str], cuts: list[int]) -> None:
    reader = StreamReader()
    for part in cut(chat(said, asked=True), cuts):
        reader.feed(part)
    found = reader.said()
    assert found.usage == {"prompt_tokens": 4, "completion_tokens": len(said)}
    assert (found.response_id, found.pieces, found.was_cut) == ("c", len(said) + 2, False)


def test_anthropic_says_input_first_and_output_last() -> None:
    reader = StreamReader()
    start = {
        "type": "message_start",
        "message": {"id": "msg_1", "model": "claude-1", "usage": {"input_tokens": 7, "output_tokens": 1}},
    }
    end = {"type": "message_delta", "delta": {"stop_reason": "max_tokens"}, "usage": {"output_tokens": 20}}
    for document in (start, {"type": "ping"}, end):
        reader.feed(event(document, document["type"]))
    assert reader.said() == Said(
        {"input_tokens": 7, "output_tokens": 20}, True, 3, "msg_1", "claude-1", ("max_tokens",)
    )


def test_responses_say_it_in_their_last_event() -> None:
    reader = StreamReader()
    done = {"id": "resp_1", "model": "gpt-1", "status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"},
            "usage": {"input_tokens": 3, "output_tokens": 9, "input_tokens_details": {"cached_tokens": 0}}}  # fmt: skip
    reader.feed(event({"type": "response.created", "response": {"id": "resp_1", "model": "gpt-1", "usage": None}}))
    reader.feed(event({"type": "response.incomplete", "response": done}))
    found = reader.said()
    assert (found.usage, found.was_cut, found.response_id) == (done["usage"], True, "resp_1")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"x"',
        b"{}",
        b'{"usage":3}',
        b'{"choices":3,"usage":null}',
        b"\xff",
        b'{"choices":[3]}',
    ],
)
def test_what_says_nothing_is_unknown_and_never_0(data: bytes) -> None:
    whole, stream = WholeReader(), StreamReader()
    whole.feed(data)
    stream.feed(b"data: " + data + b"\n\n")
    assert (whole.said().usage, whole.said().was_cut, stream.said().usage, stream.said().was_cut) == (
        None,
        False,
        None,
        False,
    )


def test_asking_keeps_what_the_client_set() -> None:
    body = {"model": "m", "stream_options": {"include_obfuscation": False}}
    assert wanted(body)
    assert asking(body) == {"model": "m", "stream_options": {"include_obfuscation": False, "include_usage": True}}
    assert not wanted(asking(body))
