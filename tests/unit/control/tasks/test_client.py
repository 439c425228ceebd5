"""`approvals(url, key)`: asks a server over HTTP and waits; silence and failure are no yes. The server here is a small real one."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from quarterdeck.clock import FakeClock
from quarterdeck.control.tasks.asking import Ask, approval_of
from quarterdeck.control.tasks.client import approvals
from quarterdeck.errors import BadInput, Forbidden, Unauthenticated, Unreachable

ASK = Ask("refund", "over the ceiling", "order W1", task_id="t1")


class Desk:
    """Answers in order; the last one again and again. Keeps what was asked."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, Any]] = []
        self.seen: list[tuple[str, str, Any, str | None]] = []

    def handle(self, request: BaseHTTPRequestHandler) -> None:
        size = int(request.headers.get("content-length", 0))
        body = json.loads(request.rfile.read(size)) if size else None
        self.seen.append((request.command, request.path, body, request.headers.get("authorization")))
        status, document = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        text = document if isinstance(document, bytes) else json.dumps(document).encode()
        request.send_response(status)
        request.send_header("content-length", str(len(text)))
        request.end_headers()
        request.wfile.write(text)


@pytest.fixture
def desk() -> Iterator[tuple[Desk, str]]:
    kept = Desk()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kept.handle(self)

        do_POST = do_GET

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield kept, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def waits(clock: FakeClock) -> Any:
    return {"clock": clock, "sleep": clock.advance}


def state(word: str) -> tuple[int, dict[str, str]]:
    return 200, {"approval_id": "a/1", "state": word}


@pytest.mark.parametrize(("word", "allowed"), [("approved", True), ("refused", False), ("expired", False)])
def test_it_asks_once_and_polls_until_there_is_an_answer(desk: tuple[Desk, str], word: str, allowed: bool) -> None:
    kept, url = desk
    kept.answers = [state("pending"), state("pending"), (503, {"detail": "come again"}), state(word)]
    assert approvals(url + "/", "qd_k", project="p", **waits(FakeClock()))(ASK) is allowed
    method, path, body, key = kept.seen[0]
    assert (method, path, key) == ("POST", "/api/v1/approvals?project=p", "Bearer qd_k")
    assert body | {"key": ""} == {
        "tool": "refund", "why": "over the ceiling", "arguments": "order W1", "task_id": "t1", "wait_s": 900.0, "key": "",
    }  # fmt: skip
    assert {path for _, path, _, _ in kept.seen[1:]} == {"/api/v1/approvals/a%2F1?project=p"}
    assert len(kept.seen) == 4


def test_silence_is_a_no_in_time(desk: tuple[Desk, str]) -> None:
    kept, url = desk
    kept.answers = [state("pending")]
    clock = FakeClock()
    began_s = clock.monotonic_s()
    assert approvals(url, wait_s=30.0, **waits(clock))(ASK) is False
    assert clock.monotonic_s() - began_s == pytest.approx(30.0)


def test_a_question_that_is_asked_again_is_the_same(desk: tuple[Desk, str]) -> None:
    kept, url = desk
    kept.answers = [(500, b"not json"), (503, {"detail": "full"}), state("approved")]
    assert approvals(url, **waits(FakeClock()))(ASK) is True
    assert len({body["key"] for _, _, body, _ in kept.seen}) == 1


@pytest.mark.parametrize(
    ("answer", "error"),
    [((401, {"detail": "no key"}), Unauthenticated), ((403, {"detail": "not yours"}), Forbidden),
     ((400, {"detail": "tool: too long"}), BadInput), ((404, {"detail": "none"}), Unreachable),
     ((200, b"<html>"), Unreachable), ((200, [1]), Unreachable)],
)  # fmt: skip
def test_what_the_server_refuses_is_raised(desk: tuple[Desk, str], answer: Any, error: type[Exception]) -> None:
    kept, url = desk
    kept.answers = [answer]
    with pytest.raises(error):
        approvals(url, **waits(FakeClock()))(ASK)


def test_nobody_there_and_no_address() -> None:
    with pytest.raises(Unreachable, match="does not answer"):
        approvals("http://127.0.0.1:9", **waits(FakeClock()))(ASK)
    with pytest.raises(BadInput, match="expected an address"):
        approvals("127.0.0.1:4320")


@pytest.mark.parametrize(
    ("changes", "says"),
    [({"tool": " "}, "tool"), ({"why": ""}, "why"), ({"arguments": "x" * 2_001}, "arguments"), ({"wait_s": 0}, "wait_s"),
     ({"wait_s": float("nan")}, "wait_s"), ({"quantity": "x"}, "quantity"), ({"q90": float("inf")}, "q90"),
     ({"spent": -1.0}, "spent")],
)  # fmt: skip
def test_a_question_that_cannot_be_says_why(changes: dict[str, Any], says: str) -> None:
    values: dict[str, Any] = {"tool": "t", "why": "w"} | changes
    with pytest.raises(BadInput, match=says):
        approval_of(Ask(**values), "default", now_ns=0, chance="0" * 32)
