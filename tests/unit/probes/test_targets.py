"""Each kind of target against the real thing: HTTP on loopback, a process, a function."""

from __future__ import annotations

import contextlib
import json
import os
import select
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from quarterdeck.errors import AdmissionRefused, BadInput, BadSetting, RateLimited, Unreachable
from quarterdeck.model.probes import ProbeCase
from quarterdeck.probes.targets.command import Command
from quarterdeck.probes.targets.command_options import CommandSide
from quarterdeck.probes.targets.endpoint import Endpoint
from quarterdeck.probes.targets.endpoint_options import EndpointSide
from quarterdeck.probes.targets.function import Function, function_of
from quarterdeck.probes.targets.http import Http
from quarterdeck.probes.targets.http_options import HttpSide
from quarterdeck.probes.targets.limits import Limits
from quarterdeck.testing import Scenario, SimulatedProvider, Turn

CASE = ProbeCase('Where is "order" 1?\n{system}', "Be brief.", "timeout")
SMALL = Limits(seconds=5.0, bytes=1_000)


class Service:
    """An HTTP service on loopback: answers what it is told to, remembers what it was asked."""

    def __init__(self) -> None:
        self.status, self.headers, self.body = 200, {}, b"fine"
        self.asked: list[tuple[str, str, dict[str, str], bytes]] = []
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                service.asked.append((self.command, self.path, dict(self.headers), body))
                self.send_response(service.status)
                for name, value in service.headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(service.body)))
                self.end_headers()
                self.wfile.write(service.body)

            do_GET = do_POST

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def stop(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def service() -> Iterator[Service]:
    running = Service()
    yield running
    running.stop()


def test_a_model_is_asked_with_system_and_input() -> None:
    with SimulatedProvider([Scenario([Turn("It is on its way.")], when="order")]) as base:
        endpoint = Endpoint(EndpointSide(base_url=f"{base}/v1", model="gpt-4o"), Limits())
        assert endpoint.ask(CASE) == (True, "It is on its way.", None, None, False, None)


def test_the_ledger_is_asked_first_and_told_the_usage() -> None:
    told: list[Any] = []

    class Leave:
        def settle(self, usage: Any = None, /) -> None:
            told.append(usage)

        def fail(self, status: int | None, headers: Any = None, body: Any = None, /) -> None:
            told.append(status)

    class Book:
        def leave(self, url: str, model: str, messages: Any, /) -> Leave:
            told.append((model, messages[-1]["content"]))
            return Leave()

    with SimulatedProvider([Scenario([Turn("yes")])]) as base:
        Endpoint(EndpointSide(base_url=f"{base}/v1", model="m"), Limits(), Book()).ask(CASE)
    assert told[0] == ("m", CASE.input)
    assert told[1]["prompt_tokens"] > 0
    with pytest.raises(Unreachable):
        Endpoint(EndpointSide(base_url="http://127.0.0.1:9/v1", model="m"), Limits(), Book()).ask(CASE)
    assert told[3] is None


def test_a_ledger_that_says_later_makes_it_wait() -> None:
    class Full:
        def leave(self, url: str, model: str, messages: Any, /) -> None:
            raise AdmissionRefused("full", retry_after_s=7.0)

    reply = Endpoint(EndpointSide(base_url="http://127.0.0.1:9/v1", model="m"), Limits(), Full()).ask(CASE)
    assert (reply.limited, reply.again_after_s) == (True, 7.0)


def test_a_rate_limit_is_not_a_failure_and_other_statuses_are() -> None:
    with SimulatedProvider([Scenario([Turn("yes", refusals=1, retry_after_s=3.0)])]) as base:
        endpoint = Endpoint(EndpointSide(base_url=f"{base}/v1", model="m"), Limits())
        first, second = endpoint.ask(CASE), endpoint.ask(CASE)
    assert (first.limited, first.again_after_s) == (True, 3.0)
    assert (second.ok, second.text) == (True, "yes")


@pytest.mark.parametrize(
    ("status", "headers", "expected"),
    [
        (200, {}, (True, False, None)),
        (500, {}, (False, False, "http_500")),
        (503, {}, (False, False, "http_503")),
        (503, {"retry-after": "2"}, (False, True, None)),
        (529, {}, (False, True, None)),
    ],
)
def test_what_a_status_says(service: Service, status: int, headers: dict[str, str], expected: Any) -> None:
    service.status, service.headers = status, headers
    reply = Http(HttpSide(url=service.url, body={}), SMALL).ask(CASE)
    assert (reply.ok, reply.limited, reply.error_class) == expected


@pytest.mark.parametrize("status", [302, 401, 404])
def test_a_wrong_address_or_key_ends_the_probe(service: Service, status: int) -> None:
    service.status, service.headers = status, {"location": "http://127.0.0.1:9/"}
    with pytest.raises(BadSetting, match=f"answers {status}"):
        Http(HttpSide(url=f"{service.url}/x?key=secret", body={}), SMALL).ask(CASE)


def test_the_input_cannot_change_the_shape_of_a_request(service: Service) -> None:
    side = HttpSide(url=f"{service.url}/ask?q={{input}}", body={"q": "<{input}>", "more": [{"s": "{system}"}, 1]})
    Http(side, SMALL).ask(CASE)
    _, path, _, body = service.asked[0]
    assert json.loads(body) == {"q": f"<{CASE.input}>", "more": [{"s": "Be brief."}, 1]}
    assert path == "/ask?q=Where%20is%20%22order%22%201%3F%0A%7Bsystem%7D"


def test_an_answer_over_its_limit_is_a_failure(service: Service) -> None:
    service.body = b"x" * 1_001
    assert Http(HttpSide(url=service.url, body={}), SMALL).ask(CASE).error_class == "too_long"


def test_a_key_is_taken_from_its_holder_and_never_told(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROBE_KEY", "s3cret")
    Http(HttpSide(url=service.url, body={}, key_env="PROBE_KEY"), SMALL).ask(CASE)
    headers = {name.lower(): value for name, value in service.asked[0][2].items()}
    assert headers["authorization"] == "Bearer s3cret"
    two = tmp_path / "key"
    two.write_text("s3cret s3cret")
    for side in (HttpSide(url=service.url, key_file=str(two)), HttpSide(url=service.url, key_env="PROBE_NONE")):
        with pytest.raises(BadSetting) as refused:
            Http(side, SMALL).ask(CASE)
        assert "s3cret" not in str(refused.value)


def test_nobody_listens() -> None:
    with pytest.raises(Unreachable, match=r"nobody answers at http://127.0.0.1:9/ "):
        Http(HttpSide(url="http://127.0.0.1:9/?key=secret"), SMALL).ask(CASE)


def python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", code)


def test_a_program_reads_stdin_or_a_file() -> None:
    code = "import sys; assert open(sys.argv[1]).read() == sys.stdin.read(); print('ok $HOME')"
    reply = Command((*python(code), "{input_file}"), SMALL).ask(CASE)
    assert (reply.ok, reply.text, reply.exit_code) == (True, "ok $HOME\n", 0)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("raise SystemExit(3)", (False, False, "exit_3", 3)),
        ("raise SystemExit(75)", (False, True, None, 75)),
        ("print('x' * 2000)", (False, False, "too_long", 0)),
    ],
)
def test_how_a_program_ends(code: str, expected: Any) -> None:
    reply = Command(python(code), SMALL).ask(CASE)
    assert (reply.ok, reply.limited, reply.error_class, reply.exit_code) == expected


def test_a_program_that_hangs_is_ended_with_what_it_started(tmp_path: Path) -> None:
    mark = tmp_path / "pid"
    code = (
        "import os, subprocess, sys; "
        f"p = subprocess.Popen([sys.executable, '-c', 'import signal; signal.pause()']); "
        f"open({str(mark)!r}, 'w').write(str(p.pid)); p.wait()"
    )
    assert Command(python(code), Limits(seconds=2.0)).ask(CASE).error_class == "timeout"
    with contextlib.suppress(ProcessLookupError):
        assert select.select([os.pidfd_open(int(mark.read_text()))], [], [], 30.0)[0], "it still runs"


def test_a_program_that_is_not_there() -> None:
    with pytest.raises(BadInput, match="cannot be started"):
        Command(("/nowhere/program",), SMALL).ask(CASE)


def fails(_: str) -> str:
    raise KeyError("order")


def limited(_: str) -> str:
    raise RateLimited("slow down", retry_after_s=2.0)


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (str.upper, (True, False, None)),
        (fails, (False, False, "KeyError")),
        (limited, (False, True, "RateLimited")),
    ],
)
def test_a_function(function: Callable[[str], str], expected: Any) -> None:
    reply = Function(function).ask(CASE)
    assert (reply.ok, reply.limited, reply.error_class) == expected


def test_a_function_by_name() -> None:
    assert function_of("json:dumps")("a") == '"a"'
    for named in ("json", "json:", "nowhere.at.all:f", "json:nothing", "json:__name__"):
        with pytest.raises(BadInput):
            function_of(named)


def test_what_is_shown_of_a_side_holds_no_secret() -> None:
    assert CommandSide(argv=("agent", "--key", "secret")).shown() == "agent"
    assert HttpSide(url="https://h/ask?key=secret").shown() == "POST https://h/ask"
