"""A call through the gateway: what the provider gets, what the client gets, what the ledger and the record say."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from quarterdeck.control.gateway.stops import Stops
from quarterdeck.control.gateway.tenants import Tenants

from .conftest import ANSWER, CHAT, LIMITS, Seen, answers, read_answer, reply, rigged, wire

MESSAGES = {"model": "claude-x", "max_tokens": 50, "messages": [{"role": "user", "content": "hi"}]}


def chunk(document: Any) -> bytes:
    return f"data: {json.dumps(document)}\n\n".encode()


def piece(text: str, **more: Any) -> dict[str, Any]:
    return {"id": "chatcmpl-9", "model": "gpt-x-1", "choices": [{"index": 0, "delta": {"content": text}, **more}]}


EXTRA = {"id": "chatcmpl-9", "choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}}


def streams(*events: bytes, cut_at: int | None = None):
    """A provider that sends these events, one chunk each; broken off after `cut_at` of them."""

    async def script(seen: Seen, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
        for at, event in enumerate(events):
            if at == cut_at:
                writer.close()
                return
            writer.write(b"%x\r\n%s\r\n" % (len(event), event))
            await writer.drain()
        writer.write(b"0\r\n\r\n")

    return script


def test_an_answer_passes_byte_for_byte_and_is_settled(run: Any) -> None:
    async def scenario() -> None:
        async with rigged() as rig:
            body = json.dumps(CHAT, indent=3).encode()
            got = await rig.ask(body, authorization="Bearer sk-1", x_quarterdeck_tenant="acme", x_quarterdeck_task="t1")
            assert (got.status, got.body) == (200, json.dumps(ANSWER).encode())
            assert got.headers["x-quarterdeck-wait-ms"] == "0"
            assert int(got.headers["x-quarterdeck-remaining-requests"]) <= 6_000
            seen = rig.upstream.seen[0]
            assert seen.line == "POST /v1/chat/completions HTTP/1.1"
            assert seen.body == body
            assert seen.headers["authorization"] == "Bearer sk-1"
            assert not [name for name in seen.headers if name.startswith("x-quarterdeck")]
            (record,) = rig.records
            assert (record.who.tenant, record.who.task, record.failure, record.attempts, record.status) == (
                "acme",
                "t1",
                "",
                1,
                200,
            )
            assert record.said is not None
            assert (record.said.usage, record.said.response_id, record.said.finish) == (
                ANSWER["usage"],
                "chatcmpl-1",
                ("stop",),
            )
            assert rig.held() == 0

    run(scenario)


def test_connections_to_the_provider_and_of_the_client_are_used_again(run: Any) -> None:
    async def scenario() -> None:
        async with rigged() as rig:
            reader, writer = await rig.connect()
            for _ in range(5):
                writer.write(wire(CHAT))
                assert (await read_answer(reader)).status == 200
            writer.close()
            assert (rig.upstream.connections, len(rig.upstream.seen)) == (1, 5)

    run(scenario)


def test_requests_sent_ahead_are_answered_in_their_order(run: Any) -> None:
    async def scenario() -> None:
        async def names(seen: Seen, writer: asyncio.StreamWriter) -> None:
            writer.write(reply({"model": seen.json["model"]}))

        async with rigged(names) as rig:
            reader, writer = await rig.connect()
            writer.write(b"".join(wire({**CHAT, "model": f"gpt-{n}"}) for n in range(20)))
            found = [(await read_answer(reader)).json["model"] for _ in range(20)]
            writer.close()
            assert found == [f"gpt-{n}" for n in range(20)]

    run(scenario)


def test_a_stream_is_as_if_usage_had_not_been_asked_for(run: Any) -> None:
    """The gateway asks; the client gets neither the extra chunk nor the nulls; the ledger gets the real count."""

    async def scenario() -> None:
        sent = [
            chunk({**piece("a"), "usage": None}),
            chunk({**piece('said ,"usage":null here', finish_reason="stop"), "usage": None}),
        ]
        async with rigged(streams(*sent, chunk(EXTRA), b"data: [DONE]\n\n")) as rig:
            got = await rig.ask({**CHAT, "stream": True})
            plain = (
                chunk(piece("a")) + chunk(piece('said ,"usage":null here', finish_reason="stop")) + b"data: [DONE]\n\n"
            )
            assert got.body == plain
            assert rig.upstream.seen[0].json["stream_options"] == {"include_usage": True}
            said = rig.records[0].said
            assert said is not None
            assert (said.usage, said.finish) == (EXTRA["usage"], ("stop",))

    run(scenario)


def test_a_client_that_asks_for_usage_gets_every_byte(run: Any) -> None:
    async def scenario() -> None:
        events = [chunk({**piece("a"), "usage": None}), chunk(EXTRA), b"data: [DONE]\n\n"]
        body = json.dumps({**CHAT, "stream": True, "stream_options": {"include_usage": True}}, indent=1).encode()
        async with rigged(streams(*events)) as rig:
            got = await rig.ask(body)
            assert got.body == b"".join(events)
            assert rig.upstream.seen[0].body == body

    run(scenario)


def test_a_stream_is_passed_on_while_it_is_written(run: Any) -> None:
    async def scenario() -> None:
        go_on = asyncio.Event()

        async def script(seen: Seen, writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
            event = b'event: a\ndata: {"type":"a"}\n\n'
            writer.write(b"%x\r\n%s\r\n" % (len(event), event))
            await go_on.wait()
            writer.write(b"0\r\n\r\n")

        async with rigged(script) as rig:
            reader, writer = await rig.connect()
            writer.write(wire({**MESSAGES, "stream": True}, "/anthropic/v1/messages"))
            await reader.readuntil(b'data: {"type":"a"}\n\n')
            go_on.set()
            await reader.readuntil(b"0\r\n\r\n")
            writer.close()

    run(scenario)


def test_a_thousand_streams_are_held_at_once_and_each_is_settled(run: Any) -> None:
    """None may end before all have begun, so they are all open at the same time."""
    many = 1_000

    async def scenario() -> None:
        go_on = asyncio.Event()
        first, last = chunk(piece("a")), chunk(piece("b"))

        async def script(seen: Seen, writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
            writer.write(b"%x\r\n%s\r\n" % (len(first), first))
            await go_on.wait()
            writer.write(b"%x\r\n%s\r\n0\r\n\r\n" % (len(last), last))

        async def begin(rig: Any) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
            reader, writer = await rig.connect()
            writer.write(wire({**CHAT, "stream": True}))
            await reader.readuntil(first)
            return reader, writer

        limits = {"requests": 1e6, "input": 1e9, "output": 1e9, "concurrency": 2 * many}
        accounts = {"*": {"meter": "anthropic", "limits": limits}}
        bounds = LIMITS._replace(connections_max=2 * many, held_bytes_max=2**24)
        async with rigged(script, accounts=accounts, limits=bounds) as rig:
            held = [one for _ in range(10) for one in await asyncio.gather(*(begin(rig) for _ in range(many // 10)))]
            assert len(rig.upstream.seen) == many
            assert rig.held() > 0
            go_on.set()
            for reader, writer in held:
                assert last in await reader.readuntil(b"0\r\n\r\n")
                writer.close()
            assert len(rig.records) == many
            assert {(record.failure, record.status) for record in rig.records} == {("", 200)}
            assert rig.held() == 0

    run(scenario)


def test_a_broken_stream_is_seen_as_broken_and_what_came_is_charged(run: Any) -> None:
    async def scenario() -> None:
        events = [chunk(piece(str(n))) for n in range(5)]
        async with rigged(streams(*events, cut_at=3)) as rig:
            with pytest.raises(asyncio.IncompleteReadError):
                await rig.ask({**CHAT, "stream": True})
            assert (rig.records[0].failure, rig.records[0].attempts) == ("broken_off", 1)
            assert rig.held() == 0
            assert len(rig.upstream.seen) == 1, "an answer of which the client saw a part is not asked for again"

    run(scenario)


def test_a_client_that_leaves_a_stream_ends_it_at_the_provider_too(run: Any) -> None:
    async def scenario() -> None:
        async def endless(seen: Seen, writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
            while not writer.is_closing():
                event = chunk(piece("more"))
                writer.write(b"%x\r\n%s\r\n" % (len(event), event))
                await writer.drain()
                await asyncio.sleep(0)

        async with rigged(endless) as rig:
            reader, writer = await rig.connect()
            writer.write(wire({**CHAT, "stream": True}))
            await reader.readuntil(b"more")
            writer.transport.abort()
            await rig.told.wait()
            assert rig.records[0].failure == "cancelled"
            assert rig.held() == 0

    run(scenario)


def test_a_client_that_leaves_while_it_waits_leaves_the_queue(run: Any) -> None:
    async def scenario() -> None:
        let_go = asyncio.Event()

        async def slow(seen: Seen, writer: asyncio.StreamWriter) -> None:
            await let_go.wait()
            writer.write(reply(ANSWER))

        accounts = {"*": {"meter": "generic", "limits": {"concurrency": 1}}}
        async with rigged(slow, accounts=accounts) as rig:
            first = asyncio.create_task(rig.ask())
            while not rig.upstream.seen:
                await asyncio.sleep(0)
            _, writer = await rig.connect()
            writer.write(wire(CHAT))
            while not sum(lane.calls for lane in rig.admission.status()[0].lanes):
                await asyncio.sleep(0)
            writer.transport.abort()
            await rig.told.wait()
            assert [(r.failure, r.status) for r in rig.records] == [("cancelled", None)]
            assert sum(lane.calls for lane in rig.admission.status()[0].lanes) == 0
            let_go.set()
            assert (await first).status == 200
            assert len(rig.upstream.seen) == 1

    run(scenario)


def test_a_client_that_takes_nothing_stops_the_provider(run: Any) -> None:
    """Backpressure: what the gateway holds of a long answer stays far below the answer."""

    async def scenario() -> None:
        size = 64 * 1024 * 1024
        sent = 0

        async def large(seen: Seen, writer: asyncio.StreamWriter) -> None:
            nonlocal sent
            writer.write(
                b"HTTP/1.1 200 OK\r\ncontent-type: application/octet-stream\r\ncontent-length: %d\r\n\r\n" % size
            )
            piece = b"x" * 65_536
            while sent < size:
                writer.write(piece)
                await writer.drain()
                sent += len(piece)

        async with rigged(large) as rig:
            reader, writer = await asyncio.open_connection("127.0.0.1", rig.port, limit=65_536)
            writer.write(wire(CHAT))
            await reader.readuntil(b"\r\n\r\n")
            last = -1
            while sent != last:  # nobody reads: the provider comes to a halt
                last = sent
                await asyncio.sleep(0.2)
            assert sent < size / 2
            rest = 0
            while rest < size:
                rest += len(await reader.read(2**20))
            assert rest == size
            writer.close()

    run(scenario)


def test_a_failure_is_tried_again_and_the_client_does_not_notice(run: Any) -> None:
    async def scenario() -> None:
        failures = [reply({"error": {"message": "busy"}}, 503, retry_after="0.01"), None]

        async def script(seen: Seen, writer: asyncio.StreamWriter) -> None:
            failure = failures.pop(0) if failures else reply(ANSWER)
            if failure is None:
                writer.close()
            else:
                writer.write(failure)

        async with rigged(script) as rig:
            got = await rig.ask()
            assert (got.status, got.json) == (200, ANSWER)
            (record,) = rig.records
            assert (record.attempts, record.failure) == (3, "")
            assert rig.held() == 0

    run(scenario)


def test_a_refusal_that_no_retry_mends_comes_back_as_it_was(run: Any) -> None:
    async def scenario() -> None:
        error = {"error": {"message": "bad model", "type": "invalid_request_error", "param": "model", "code": None}}

        async def script(seen: Seen, writer: asyncio.StreamWriter) -> None:
            writer.write(reply(error, 400, x_request_id="req-7"))

        async with rigged(script) as rig:
            got = await rig.ask()
            assert (got.status, got.json, got.headers["x-request-id"]) == (400, error, "req-7")
            assert got.headers["x-should-retry"] == "false"
            assert (len(rig.upstream.seen), rig.records[0].failure, rig.held()) == (1, "provider", 0)

    run(scenario)


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        ("/openai/v1/chat/completions", CHAT, lambda d: d["error"]["message"]),
        ("/anthropic/v1/messages", MESSAGES, lambda d: d["error"]["message"]),
    ],
)
def test_admission_says_no_at_once_in_the_shape_of_the_provider(run: Any, path: str, body: Any, message: Any) -> None:
    async def scenario() -> None:
        accounts = {"*": {"meter": "generic", "limits": {"requests": 1}}}
        async with rigged(accounts=accounts) as rig:
            assert (await rig.ask(body, path)).status == 200
            got = await rig.ask(body, path, x_quarterdeck_deadline_s="1")
            assert (got.status, got.headers["x-quarterdeck-reason"], got.headers["x-should-retry"]) == (
                429,
                "deadline",
                "false",
            )
            assert 50 <= int(got.headers["retry-after"]) <= 60
            assert "deadline" in message(got.json)
            assert len(rig.upstream.seen) == 1, "what was refused was never sent"
            assert [r.failure for r in rig.records] == ["", "deadline"]

    run(scenario)


def test_a_key_of_the_gateway_replaces_that_of_the_client(run: Any) -> None:
    async def scenario() -> None:
        tenants = Tenants({"gateway-key-of-acme": "acme"})
        async with rigged(route={"key": "sk-held"}, tenants=tenants) as rig:
            got = await rig.ask(authorization="Bearer gateway-key-of-acme", x_quarterdeck_tenant="globex")
            assert got.status == 200
            assert rig.upstream.seen[0].headers["authorization"] == "Bearer sk-held"
            assert rig.records[0].who.tenant == "acme", "the key says who it is, not the header"
            got = await rig.ask(MESSAGES, "/anthropic/v1/messages", x_api_key="gateway-key-of-acme")
            assert (got.status, rig.upstream.seen[1].headers["x-api-key"]) == (200, "sk-held")
            refused = await rig.ask(authorization="Bearer nobody")
            assert (refused.status, refused.json["error"]["code"]) == (401, "unauthenticated")
            assert b"nobody" not in refused.body
            assert len(rig.upstream.seen) == 2

    run(scenario)


def test_a_key_beside_that_of_the_provider(run: Any) -> None:
    async def scenario() -> None:
        async with rigged(tenants=Tenants({"gateway-key-of-acme": "acme"})) as rig:
            got = await rig.ask(authorization="Bearer sk-own", x_quarterdeck_key="gateway-key-of-acme")
            assert (got.status, rig.upstream.seen[0].headers["authorization"]) == (200, "Bearer sk-own")
            assert (await rig.ask(authorization="Bearer sk-own")).status == 401

    run(scenario)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/openai/v1/models", 200),
        ("GET", "/openai/v1/models/gpt-x", 200),
        ("GET", "/anthropic/v1/models?limit=3", 200),
        ("POST", "/anthropic/v1/messages/count_tokens", 200),
        ("GET", "/openai/v1/files", 404),
        ("POST", "/openai/v1/completions", 404),
        ("GET", "/openai/v1/models/../files", 404),
        ("GET", "/openai/v1/models/%2e%2e/files", 404),
        ("DELETE", "/openai/v1/models/ft-1", 404),
        ("GET", "/v1/models", 404),
        ("GET", "/", 404),
    ],
)
def test_only_harmless_questions_pass_without_admission(run: Any, method: str, path: str, status: int) -> None:
    async def scenario() -> None:
        async with rigged() as rig:
            got = (
                await rig.ask({} if method == "POST" else None, path, method)
                if method == "POST"
                else await rig.ask(b"", path, method)
            )
            assert got.status == status
            assert len(rig.upstream.seen) == (status == 200)
            assert rig.records == []

    run(scenario)


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b'"x"', b"{}", b'{"model": 3}', b'{"model": ""}', b"", b"\xff\xfe", b"null"]
)
def test_a_body_that_is_no_call_is_a_400_that_never_goes_out(run: Any, body: bytes) -> None:
    async def scenario() -> None:
        async with rigged() as rig:
            got = await rig.ask(body)
            if body == b'{"model": 3}':
                assert got.status in (200, 400)
                return
            assert (got.status, got.json["error"]["code"]) == (400, "bad_input")
            assert rig.upstream.seen == []

    run(scenario)


@pytest.mark.parametrize("deadline", ["0", "-1", "soon", "nan", "inf"])
def test_a_deadline_that_is_none_is_told(run: Any, deadline: str) -> None:
    async def scenario() -> None:
        async with rigged() as rig:
            got = await rig.ask(x_quarterdeck_deadline_s=deadline)
            assert (got.status, "deadline" in got.json["error"]["message"]) == (400, True)

    run(scenario)


def test_a_stopped_cohort_is_refused_until_its_time(run: Any) -> None:
    async def scenario() -> None:
        stops = Stops("default", lambda: 1_000)
        assert stops.stop("default", (("agent", "loops"),), "runaway", 10**10)
        async with rigged(stops=stops) as rig:
            got = await rig.ask(x_quarterdeck_agent="loops")
            assert (got.status, got.headers["x-quarterdeck-reason"], got.headers["retry-after"]) == (
                429,
                "stopped",
                "10",
            )
            assert (await rig.ask(x_quarterdeck_agent="other")).status == 200
            assert [r.failure for r in rig.records] == ["stopped", ""]

    run(scenario)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"host": "evil.example"}, 403),
        ({"origin": "http://localhost:3000"}, 200),
        ({"host": "localhost:4321"}, 200),
    ],
)
def test_pages_of_elsewhere_cannot_spend(run: Any, headers: dict[str, str], status: int) -> None:
    async def scenario() -> None:
        async with rigged() as rig:
            assert (await rig.ask(**headers)).status == status

    run(scenario)


def test_a_fallback_is_sent_under_its_own_name(run: Any) -> None:
    async def scenario() -> None:
        accounts = {
            "gpt-x": {"meter": "generic", "limits": {"requests": 1}},
            "*": {"meter": "generic", "limits": {"requests": 100}},
        }
        async with rigged(accounts=accounts) as rig:
            await rig.ask()
            got = await rig.ask(x_quarterdeck_deadline_s="1", x_quarterdeck_fallback="gpt-small")
            assert got.status == 200
            assert rig.upstream.seen[1].json["model"] == "gpt-small"
            assert (rig.records[1].asked, rig.records[1].model) == ("gpt-x", "gpt-small")

    run(scenario)


def test_a_provider_that_is_not_there_is_a_502(run: Any) -> None:
    async def scenario() -> None:
        async with rigged(answers, attempts_max=1) as rig:
            rig.upstream.script = gone
            got = await rig.ask()
            assert (got.status, got.json["error"]["code"], rig.held()) == (502, "unreachable", 0)

    async def gone(seen: Seen, writer: asyncio.StreamWriter) -> None:
        writer.close()

    run(scenario)


def test_an_answer_without_framing_ends_with_its_connection(run: Any) -> None:
    async def scenario() -> None:
        async def script(seen: Seen, writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.0 200 OK\r\ncontent-type: application/json\r\n\r\n" + json.dumps(ANSWER).encode())
            writer.close()

        async with rigged(script) as rig:
            got = await rig.ask()
            assert (got.status, got.json, rig.records[0].failure) == (200, ANSWER, "")

    run(scenario)


def test_a_silent_provider_is_given_up(run: Any) -> None:
    async def scenario() -> None:
        async def silent(seen: Seen, writer: asyncio.StreamWriter) -> None:
            await asyncio.Event().wait()

        async with rigged(silent, attempts_max=1, pool={"silence_s_max": 0.01}) as rig:
            got = await rig.ask()
            assert (got.status, rig.held()) == (502, 0)

    run(scenario)


def test_a_step_of_an_agent_is_held_by_what_such_steps_took(run: Any) -> None:
    async def scenario() -> None:
        async with rigged() as rig:
            for _ in range(40):
                await rig.ask(x_quarterdeck_agent="triage", x_quarterdeck_step="plan")
            await rig.ask(x_quarterdeck_agent="triage", x_quarterdeck_step="plan")
            account = rig.records[-1]
            assert account.who.step == "plan"
            assert account.reserved_output < rig.records[0].reserved_output

    run(scenario)
