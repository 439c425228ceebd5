"""The gateway in the server's composition: the watch can stop a cohort through it, and its spans wait out an overload."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
import structlog
from prometheus_client import CollectorRegistry

from quarterdeck.app.gateway import GatewayParts
from quarterdeck.app.span_sinks import WAITING_BYTES_MAX, PipelineSink
from quarterdeck.clock import FakeClock
from quarterdeck.control.gateway.record import CallRecord
from quarterdeck.control.gateway.stops import Stops
from quarterdeck.control.gateway.who import read_who
from quarterdeck.errors import BadFile, BadSetting, Overloaded, QuarterdeckError, UnsafeBind
from quarterdeck.settings import Settings

LOG = structlog.get_logger()


def parts(**env: str) -> GatewayParts:
    settings = Settings.load(env={f"QUARTERDECK_{name}": value for name, value in env.items()})
    return GatewayParts(settings, FakeClock(), project="default")


@pytest.mark.parametrize(
    ("env", "kind", "words"),
    [
        ({"SERVE__HOST": "0.0.0.0"}, UnsafeBind, "tenant_keys_file"),
        ({"GATEWAY__OPENAI_URL": "api.openai.com"}, BadSetting, "https://"),
        ({"GATEWAY__OPENAI_KEY_FILE": "/nowhere/key"}, BadFile, "/nowhere/key"),
        ({"GATEWAY__TENANT_KEYS_FILE": "/nowhere/keys"}, BadFile, "tenant_keys_file"),
        ({"ADMISSION__ACCOUNTS": '{"*": {"metre": "openai"}}'}, BadSetting, "metre"),
    ],
)
def test_what_cannot_be_is_told_before_anything_listens(
    env: dict[str, str], kind: type[QuarterdeckError], words: str
) -> None:
    with pytest.raises(kind, match=words):
        parts(**env)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"short": "acme"}', '{"key-of-sixteen-or-more": 5}', "{"])
def test_a_file_of_keys_that_is_none_is_told_without_its_content(tmp_path: Path, content: str) -> None:
    file = tmp_path / "keys.json"
    file.write_text(content)
    with pytest.raises(BadFile) as caught:
        parts(GATEWAY__TENANT_KEYS_FILE=str(file))
    assert "key-of-sixteen" not in str(caught.value)


def test_keys_stand_in_no_limit_and_no_setting_shown(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("sk-from-a-file\n")
    made = parts(GATEWAY__OPENAI_KEY_FILE=str(file), GATEWAY__ANTHROPIC_KEY="sk-from-the-environment")
    shown = Settings.load(env={"QUARTERDECK_GATEWAY__ANTHROPIC_KEY": "sk-from-the-environment"}).shown()
    assert "sk-from" not in f"{made.limits()}{made.server.limits()}{shown}"
    made.server.admission.close()


class Pipe:
    """A pipeline that is overloaded for a while."""

    def __init__(self, overloaded: int) -> None:
        self.overloaded = overloaded
        self.taken: list[bytes] = []

    def submit(self, project: str, body: bytes, encoding: Any) -> asyncio.Future[Any]:
        if self.overloaded:
            self.overloaded -= 1
            raise Overloaded("full", retry_after_s=1)
        self.taken.append(body)
        done = asyncio.get_running_loop().create_future()
        done.set_result(None)
        return done


def test_spans_wait_out_an_overload_in_their_order() -> None:
    async def scenario() -> None:
        pipe = Pipe(overloaded=2)
        sink = PipelineSink(pipe, LOG)
        sink.send("default", b"1")
        sink.send("default", b"2")
        assert pipe.taken == []
        sink.send("default", b"3")
        assert pipe.taken == [b"1", b"2", b"3"]

    asyncio.run(scenario())


def test_what_waits_is_bounded_and_the_oldest_goes() -> None:
    async def scenario() -> None:
        pipe = Pipe(overloaded=3)
        sink = PipelineSink(pipe, LOG)
        for mark in (b"1", b"2", b"3"):
            sink.send("default", mark * (WAITING_BYTES_MAX // 2))
        sink.send("default", b"4")
        assert [body[:1] for body in pipe.taken] == [b"3", b"4"], (
            "the first two went: one for the third, one for the fourth"
        )

    asyncio.run(scenario())


@pytest.fixture
def stops() -> tuple[Stops, FakeClock]:
    clock = FakeClock()
    return Stops("default", clock.now_ns), clock


def test_a_stop_holds_for_the_cohort_and_until_its_time(stops: tuple[Stops, FakeClock]) -> None:
    made, clock = stops
    assert made.stop("default", (("agent", "a"), ("tenant", "t")), "runaway", clock.now_ns() + 10**9)
    assert made.of({"agent": "a", "tenant": "t", "model": "m"}) is not None
    assert made.of({"agent": "a", "tenant": "other"}) is None
    assert made.of({"agent": "a"}) is None, "a call that does not say its tenant is not of that tenant"
    clock.advance(1.1)
    assert made.of({"agent": "a", "tenant": "t"}) is None
    assert made.now() == []
    assert made.refused == 1


@pytest.mark.parametrize(
    ("project", "where"),
    [("other", (("agent", "a"),)), ("default", ()), ("default", (("tool", "x"),)), ("default", (("agent", None),))],
)
def test_what_calls_do_not_say_cannot_be_stopped(stops: tuple[Stops, FakeClock], project: str, where: Any) -> None:
    made, clock = stops
    assert not made.stop(project, where, "runaway", clock.now_ns() + 10**9)
    assert made.now() == []


def test_how_calls_ended_is_counted() -> None:
    registry = CollectorRegistry()
    settings = Settings.load(env={})
    made = GatewayParts(settings, FakeClock(), project="default", registry=registry)
    who = read_who({}, "acme")
    refused = CallRecord(
        "openai", "chat", False, "m", "m", who, "standard", 0, 429, "deadline", 0.0, 1, 2, None, None, None, None, None, None
    )  # fmt: skip
    made._tell(refused)
    assert (
        registry.get_sample_value("quarterdeck_gateway_calls_total", {"provider": "openai", "ended": "deadline"}) == 1
    )
    assert registry.get_sample_value("quarterdeck_gateway_connections") == 0
    made.server.admission.close()
