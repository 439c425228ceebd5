"""The door's bounds and its framing, against clients that are slow, large, many, or no clients at all."""

from __future__ import annotations

import asyncio
import itertools
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from .conftest import ANSWER, CHAT, LIMITS, Seen, read_answer, reply, rigged, wire


async def first_answer(rig: Any, *parts: bytes) -> Any:
    """Send bytes as they are; the first answer, and whether the connection ended behind it."""
    reader, writer = await rig.connect()
    try:
        for part in parts:
            writer.write(part)
            await writer.drain()
        return await read_answer(reader)
    finally:
        writer.close()


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET / HTTP/1.1\r\nhost: x\r\nx: " + b"y" * 9_000, 431),
        (b"GET /" + b"a" * 9_000 + b" HTTP/1.1\r\n", 431),
        (b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100001\r\n\r\n", 413),
        (b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 99999999999999999999\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n20000\r\n" + b"x" * 0x20000, 413),
        (b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    ],
)
def test_what_is_too_large_or_no_http_is_refused_before_it_is_kept(run: Any, sent: bytes, status: int) -> None:
    async def scenario() -> None:
        async with rigged() as rig:
            assert (await first_answer(rig, sent)).status == status
            assert rig.upstream.seen == []
            assert (await rig.ask()).status == 200, "others are served as before"
            assert rig.door.held_bytes == 0

    run(scenario)


def test_a_client_that_never_ends_its_request_is_told(run: Any) -> None:
    async def scenario() -> None:
        async with rigged(limits=LIMITS._replace(request_s_max=0.01)) as rig:
            got = await first_answer(rig, b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nabc")
            assert got.status == 408

    run(scenario)


def test_a_silent_connection_is_closed(run: Any) -> None:
    async def scenario() -> None:
        async with rigged(limits=LIMITS._replace(idle_s_max=0.01)) as rig:
            reader, writer = await rig.connect()
            assert await reader.read() == b""
            writer.close()

    run(scenario)


def test_more_connections_than_allowed_are_turned_away(run: Any) -> None:
    async def scenario() -> None:
        async with rigged(limits=LIMITS._replace(connections_max=1)) as rig:
            reader, writer = await rig.connect()
            writer.write(wire(CHAT))
            assert (await read_answer(reader)).status == 200
            assert (await first_answer(rig, b"")).status == 503
            assert rig.door.refused_connections == 1
            writer.close()

    run(scenario)


def test_bodies_of_all_calls_have_one_bound(run: Any) -> None:
    async def scenario() -> None:
        go = asyncio.Event()

        async def waits(seen: Seen, writer: asyncio.StreamWriter) -> None:
            await go.wait()
            writer.write(reply(ANSWER))

        async with rigged(waits) as rig:
            large = {**CHAT, "messages": [{"role": "user", "content": "x" * 90_000}]}
            first = asyncio.create_task(rig.ask(large))
            while not rig.upstream.seen:
                await asyncio.sleep(0)
            assert rig.door.held_bytes > 90_000
            assert (await rig.ask(large)).status == 503
            go.set()
            assert (await first).status == 200
            assert rig.door.held_bytes == 0

    run(scenario)


def test_a_fault_behind_a_call_under_way_does_not_land_in_its_answer(run: Any) -> None:
    async def scenario() -> None:
        go = asyncio.Event()

        async def waits(seen: Seen, writer: asyncio.StreamWriter) -> None:
            await go.wait()
            writer.write(reply(ANSWER))

        async with rigged(waits) as rig:
            reader, writer = await rig.connect()
            writer.write(wire(CHAT) + b"\x00nonsense\r\n\r\n")
            while not rig.upstream.seen:
                await asyncio.sleep(0)
            go.set()
            got = await read_answer(reader)
            assert (got.status, got.json) == (200, ANSWER)
            assert await reader.read() == b""
            writer.close()

    run(scenario)


def test_a_chunked_body_and_one_that_asks_first(run: Any) -> None:
    async def scenario() -> None:
        async with rigged() as rig:
            data = json.dumps(CHAT).encode()
            head = b"POST /openai/v1/chat/completions HTTP/1.1\r\nhost: localhost\r\n"
            chunked = b"transfer-encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(data), data)
            assert (await first_answer(rig, head + chunked)).status == 200
            assert rig.upstream.seen[0].body == data
            reader, writer = await rig.connect()
            writer.write(head + b"expect: 100-continue\r\ncontent-length: %d\r\n\r\n" % len(data))
            assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
            writer.write(data)
            assert (await read_answer(reader)).status == 200
            writer.close()

    run(scenario)


def test_an_old_client_gets_its_answer_and_the_end(run: Any) -> None:
    async def scenario() -> None:
        async with rigged() as rig:
            reader, writer = await rig.connect()
            data = json.dumps(CHAT).encode()
            writer.write(b"POST /openai/v1/chat/completions HTTP/1.0\r\ncontent-length: %d\r\n\r\n" % len(data) + data)
            got = await read_answer(reader)
            assert (got.status, got.headers["connection"]) == (200, "close")
            assert await reader.read() == b""
            writer.close()

    run(scenario)


def test_stopping_lets_a_call_end(run: Any) -> None:
    async def scenario() -> None:
        go = asyncio.Event()

        async def waits(seen: Seen, writer: asyncio.StreamWriter) -> None:
            await go.wait()
            writer.write(reply(ANSWER))

        async with rigged(waits) as rig:
            call = asyncio.create_task(rig.ask())
            while not rig.upstream.seen:
                await asyncio.sleep(0)
            stopping = asyncio.create_task(rig.door.stop(30))
            await asyncio.sleep(0)
            go.set()
            assert (await call).status == 200
            await stopping
            assert rig.door.connections == 0

    run(scenario)


@settings(max_examples=15, deadline=None)
@given(cuts=st.lists(st.integers(1, 900), max_size=12), many=st.integers(1, 4))
def test_however_the_bytes_are_cut_the_requests_are_the_same(cuts: list[int], many: int) -> None:
    async def scenario() -> None:
        async with rigged() as rig:
            sent = b"".join(wire({**CHAT, "model": f"gpt-{n}"}) for n in range(many))
            reader, writer = await rig.connect()
            edges = [0, *sorted(cut % len(sent) for cut in cuts), len(sent)]
            for begin, end in itertools.pairwise(edges):
                writer.write(sent[begin:end])
                await writer.drain()
                await asyncio.sleep(0)
            for _ in range(many):
                assert (await read_answer(reader)).json == ANSWER
            writer.close()
            assert [seen.json["model"] for seen in rig.upstream.seen] == [f"gpt-{n}" for n in range(many)]

    asyncio.run(asyncio.wait_for(scenario(), 60))
