"""What a gateway adds to a call, and how many calls one process carries: ours, and LiteLLM's proxy with --peer.

    python benchmarks/gateway.py --calls 4000 [--peer] [--json]

A stub provider answers at once, a load of one and of twenty callers asks it directly and through each gateway, in turns, whole
answers and streams of 20 pieces. Every party is a process of its own, on loopback. Said of each: p50 and p99 of a call,
what is added to the direct call, calls a second, and process time of the gateway for each call, which other work on the
machine moves least. The peer is installed from gateway_peers.txt into var/peers/litellm. Prints one JSON document.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import httptools
import numpy as np
import uvloop

ROOT = Path(__file__).parents[1]
PEER = ROOT / "var/peers/litellm"
PIECES = 20
PROMPT = "x" * 2_000
KEY = "sk-" + secrets.token_hex(32)
"""The peer does not start without one; ours passes it on."""
ANSWER = json.dumps(
    {
        "id": "c", "object": "chat.completion", "created": 1, "model": "gpt-4o-mini",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "hello there"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 500, "completion_tokens": 20, "total_tokens": 520},
    }
).encode()  # fmt: skip


def _event(document: dict[str, Any] | str) -> bytes:
    data = b"data: " + (document if isinstance(document, str) else json.dumps(document)).encode() + b"\n\n"
    return b"%x\r\n%s\r\n" % (len(data), data)


def _piece(text: str, finish: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": finish}
    return {
        "id": "c",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "gpt-4o-mini",
        "choices": [choice],
        "usage": None,
    }


EVENTS = [
    *(_event(_piece("word ")) for _ in range(PIECES)),
    _event(_piece("", "stop")),
    _event(
        {**_piece(""), "choices": [], "usage": {"prompt_tokens": 500, "completion_tokens": 20, "total_tokens": 520}}
    ),
    _event("[DONE]") + b"0\r\n\r\n",
]


class Stub(asyncio.Protocol):
    """A provider without a model."""

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._begin()

    def _begin(self) -> None:
        self._parser = httptools.HttpRequestParser(self)
        self._body: list[bytes] = []

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_body(self, data: bytes) -> None:
        self._body.append(data)

    def on_message_complete(self) -> None:
        streams = json.loads(b"".join(self._body)).get("stream")
        if streams:
            self._transport.write(
                b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
            )
            for event in EVENTS:
                self._transport.write(event)
        else:
            head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
            self._transport.write(head % len(ANSWER) + ANSWER)
        self._begin()


async def stub(port: int) -> None:
    await asyncio.get_running_loop().create_server(Stub, "127.0.0.1", port)
    await asyncio.Event().wait()


class Caller(asyncio.Protocol):
    """One connection that asks one thing after the other."""

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def ask(self, request: bytes) -> asyncio.Future[int]:
        self._parser = httptools.HttpResponseParser(self)
        self._done: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return self._done

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        if not self._done.done():
            self._done.set_result(self._parser.get_status_code())

    def connection_lost(self, error: Exception | None) -> None:
        if hasattr(self, "_done") and not self._done.done():
            self._done.set_exception(ConnectionError(str(error)))


def request_of(path: str, *, stream: bool) -> bytes:
    body: dict[str, Any] = {"model": "gpt-4o-mini", "max_tokens": 64, "messages": [{"role": "user", "content": PROMPT}]}
    if stream:
        body["stream"] = True
    data = json.dumps(body).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {KEY}\r\ncontent-type: application/json\r\n"
    )
    return head.encode() + b"content-length: %d\r\n\r\n" % len(data) + data


async def load(port: int, request: bytes, calls: int, callers: int) -> dict[str, float]:
    loop = asyncio.get_running_loop()
    took: list[float] = []
    failed = 0

    async def work() -> None:
        nonlocal failed
        _, caller = await loop.create_connection(Caller, "127.0.0.1", port)
        for _ in range(calls // callers):
            began = time.perf_counter()
            failed += await caller.ask(request) != 200
            took.append(time.perf_counter() - began)

    began = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(callers)))
    seconds = time.perf_counter() - began
    return {
        "p50_ms": round(float(np.quantile(took, 0.5)) * 1e3, 3),
        "p99_ms": round(float(np.quantile(took, 0.99)) * 1e3, 3),
        "calls_per_s": round(len(took) / seconds),
        "failed": failed,
    }


def free_port() -> int:
    with closing(socket.socket()) as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def cpu_s(pid: int) -> float:
    """Process time of a process, its threads and the children it has waited for."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def wait_open(port: int, process: subprocess.Popen[Any], seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if process.poll() is not None:
            raise SystemExit(f"{process.args} ended with {process.returncode}")
        with suppress(OSError), closing(socket.create_connection(("127.0.0.1", port), 1)):
            return
        time.sleep(0.1)
    raise SystemExit(f"nothing listens on {port} after {seconds:.0f} s")


def start_ours(upstream: int, folder: Path) -> tuple[subprocess.Popen[Any], int]:
    """Limits so high that nothing waits: what is measured is the way, not the queue."""
    port = free_port()
    limits = {"requests": 1e9, "total": 1e12}
    accounts = {"*": {"meter": "generic", "limits": limits}}
    process = subprocess.Popen(
        [str(Path(sys.executable).parent / "quarterdeck"), "gateway", "--port", str(port), "--openai-url", f"http://127.0.0.1:{upstream}"],
        env={**os.environ, "QUARTERDECK_ADMISSION__ACCOUNTS": json.dumps(accounts)},
        stdout=subprocess.DEVNULL, stderr=(folder / "ours.log").open("wb"),
    )  # fmt: skip
    wait_open(port, process, 60)
    return process, port


def start_litellm(upstream: int, folder: Path) -> tuple[subprocess.Popen[Any], int]:
    """Its proxy at its defaults, one worker, telling nobody of the calls."""
    if not (PEER / "bin/litellm").exists():
        uv = str(Path(sys.executable).parent / "uv")
        subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, str(PEER)], check=True)
        wanted = ["-r", str(Path(__file__).parent / "gateway_peers.txt")]
        subprocess.run([uv, "pip", "install", "--quiet", "--python", str(PEER / "bin/python"), *wanted], check=True)
    port = free_port()
    config = folder / "litellm.yaml"
    entry = {"model": "openai/gpt-4o-mini", "api_base": f"http://127.0.0.1:{upstream}/v1", "api_key": "sk-x"}
    config.write_text(json.dumps({"model_list": [{"model_name": "gpt-4o-mini", "litellm_params": entry}]}))
    process = subprocess.Popen(
        [str(PEER / "bin/litellm"), "--config", str(config), "--port", str(port), "--host", "127.0.0.1"],
        env={**os.environ, "LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_TELEMETRY": "False", "LITELLM_MASTER_KEY": KEY},
        stdout=(folder / "litellm.log").open("wb"), stderr=subprocess.STDOUT, cwd=folder,
    )  # fmt: skip
    wait_open(port, process, 180)
    urllib.request.urlopen(f"http://127.0.0.1:{port}/health/liveliness", timeout=60).read()
    return process, port


def measure(name: str, process: subprocess.Popen[Any] | None, port: int, path: str, calls: int) -> dict[str, Any]:
    found: dict[str, Any] = {"gateway": name}
    for kind in ("whole", "stream"):
        request = request_of(path, stream=kind == "stream")
        uvloop.run(load(port, request, max(calls // 20, 20), 1))
        one = uvloop.run(load(port, request, calls // 2, 1))
        began = 0.0 if process is None else cpu_s(process.pid)
        many = uvloop.run(load(port, request, calls, 20))
        used = None if process is None else round((cpu_s(process.pid) - began) / calls * 1e6)
        found[kind] = {"one_caller": one, "twenty_callers": many, "cpu_us_per_call": used}
    return found


def end(process: subprocess.Popen[Any]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--calls", type=int, default=4_000)
    arguments.add_argument("--peer-calls", type=int, default=400)
    arguments.add_argument("--peer", action="store_true")
    arguments.add_argument("--json", action="store_true", help="the only form there is")
    arguments.add_argument("--stub", type=int, help=argparse.SUPPRESS)
    given = arguments.parse_args()
    if given.stub:
        uvloop.run(stub(given.stub))
        return
    upstream = free_port()
    found = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        provider = subprocess.Popen([sys.executable, __file__, "--stub", str(upstream)])
        try:
            wait_open(upstream, provider, 30)
            found.append(measure("direct", None, upstream, "/v1/chat/completions", given.calls))
            ours, port = start_ours(upstream, folder)
            found.append(measure("quarterdeck", ours, port, "/openai/v1/chat/completions", given.calls))
            end(ours)
            if given.peer:
                theirs, port = start_litellm(upstream, folder)
                found.append(measure("litellm", theirs, port, "/v1/chat/completions", given.peer_calls))
                end(theirs)
        finally:
            end(provider)
    for one in found[1:]:
        for kind in ("whole", "stream"):
            added = one[kind]["one_caller"]["p50_ms"] - found[0][kind]["one_caller"]["p50_ms"]
            one[kind]["added_p50_ms"] = round(added, 3)
    print(json.dumps({"calls": given.calls, "load_average": os.getloadavg()[0], "gateways": found}, indent=2))


if __name__ == "__main__":
    main()
