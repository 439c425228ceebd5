"""The same OTLP load to Quarterdeck and to other products, one after the other, each with its own defaults (SQLite).

    python benchmarks/peers.py --seconds 20

Each server is started on an empty folder. Closed loop: every connection sends a request of 500 unique spans (1.9 KB, 15
attributes) and waits for the answer. Then nothing is sent until the stored spans have not grown for 30 s or --drain
seconds are over, and the process is killed with signal 9. Said of each: spans answered and stored a second, and acknowledged spans
that are not in its database after the kill; and how many of a hundred spans with a bytes attribute it stores.
Peers are installed from peers.txt into var/peers/venv. Prints one JSON document.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from load import Shape, Template
from server import Server

ROOT = Path(__file__).parents[1]
VENV = ROOT / "var/peers/venv"
ODD_SPANS = 100
QUIET_S = 30.0
"""A store that has not grown for this long has taken all that it will take."""


def free_port() -> int:
    with closing(socket.socket()) as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def install() -> Path:
    """The folder of the peers' commands."""
    if not (VENV / "bin/phoenix").exists():
        uv = str(Path(sys.executable).parent / "uv")
        subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, str(VENV)], check=True)
        wanted = ["-r", str(Path(__file__).parent / "peers.txt")]
        subprocess.run([uv, "pip", "install", "--quiet", "--python", str(VENV / "bin/python"), *wanted], check=True)
    return VENV / "bin"


@dataclass
class Product:
    """A running server: where it takes OTLP, how its stored spans are counted, and what it is."""

    name: str
    version: str
    url: tuple[str, int]
    headers: dict[str, str]
    process: subprocess.Popen[bytes]
    count: Callable[[], int]
    files: Path

    def kill(self) -> None:
        """The process and, where it leads a group of its own, all that it started."""
        if os.getpgid(self.process.pid) == self.process.pid:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.kill()
        self.process.wait()

    def disk_bytes(self) -> int:
        return sum(file.stat().st_size for file in self.files.rglob("*") if file.is_file())

    def rss_bytes(self) -> int:
        """Of the process and all that it started."""
        total = 0
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rsplit(") ", 1)[1].split()
                if self.process.pid in {int(fields[2]), int(stat.parent.name)}:  # its process group, or itself
                    total += int(fields[21]) * os.sysconf("SC_PAGE_SIZE")
            except (OSError, IndexError):
                continue
        return total


def _sqlite_count(path: Path) -> Callable[[], int]:
    def count() -> int:
        for _ in range(100):
            try:
                with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)) as connection:
                    return int(connection.execute("SELECT count(*) FROM spans").fetchone()[0])
            except sqlite3.OperationalError:
                time.sleep(0.2)
        raise SystemExit(f"{path} cannot be read")

    return count


def _start(command: list[str], folder: Path, env: dict[str, str], health: str) -> subprocess.Popen[bytes]:
    log = (folder.parent / f"{folder.name}.log").open("ab")
    process = subprocess.Popen(
        command, cwd=folder, env={**os.environ, **env}, stdout=log, stderr=log, start_new_session=True
    )
    for _ in range(600):
        try:
            with urllib.request.urlopen(health, timeout=2):
                return process
        except OSError:
            time.sleep(0.5)
        if process.poll() is not None:
            break
    raise SystemExit(f"{command[0]} did not start; see {log.name}")


def _version(package: str) -> str:
    code = f"import importlib.metadata as m; print(m.version({package!r}))"
    return subprocess.run([VENV / "bin/python", "-c", code], capture_output=True, text=True, check=True).stdout.strip()


def phoenix(folder: Path) -> Product:
    port = free_port()
    env = {
        "PHOENIX_WORKING_DIR": str(folder),
        "PHOENIX_HOST": "127.0.0.1",
        "PHOENIX_PORT": str(port),
        "PHOENIX_GRPC_PORT": str(free_port()),
        "PHOENIX_TELEMETRY_ENABLED": "false",
    }
    process = _start([str(VENV / "bin/phoenix"), "serve"], folder, env, f"http://127.0.0.1:{port}/healthz")
    count = _sqlite_count(folder / "phoenix.db")
    return Product("Arize Phoenix", _version("arize-phoenix"), ("127.0.0.1", port), {}, process, count, folder)


def mlflow(folder: Path) -> Product:
    """One worker: its supervisor of several kills those that a loaded machine lets wait for five seconds."""
    port = free_port()
    command = [
        str(VENV / "bin/mlflow"), "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1",
        "--backend-store-uri", f"sqlite:///{folder / 'mlflow.db'}",
    ]  # fmt: skip
    path = f"{VENV / 'bin'}:{os.environ['PATH']}"
    env = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true", "PATH": path}
    process = _start(command, folder, env, f"http://127.0.0.1:{port}/health")
    headers = {"x-mlflow-experiment-id": "0"}
    count = _sqlite_count(folder / "mlflow.db")
    return Product("MLflow", _version("mlflow"), ("127.0.0.1", port), headers, process, count, folder)


def ours(folder: Path) -> Product:
    from quarterdeck import __version__

    server = Server(folder)
    host, port = server.otlp.removeprefix("http://").split(":")

    def count() -> int:
        if server.process.poll() is None:
            return int(server.get("/api/v1/health")["storage"]["spans"])
        with Server(folder) as again:  # after the kill: what a restart finds
            found = int(again.get("/api/v1/health")["storage"]["spans"])
            again.stop()
            return found

    return Product("Quarterdeck", __version__, (host, int(port)), {}, server.process, count, folder)


class Sender(threading.Thread):
    """One connection; `sent` are acknowledged spans, `refused` requests by status (0 = hung up without an answer)."""

    def __init__(self, product: Product, template: Template, seed: int, until: float) -> None:
        super().__init__(daemon=True)
        self.product, self.template, self.until = product, template, until
        self.rng = np.random.default_rng(seed)
        self.sent = 0
        self.refused: dict[int, int] = {}

    def run(self) -> None:
        connection = http.client.HTTPConnection(*self.product.url, timeout=120)
        while time.perf_counter() < self.until:
            body, _, _ = self.template.copy(self.rng)
            try:
                status = post(connection, body, self.product.headers)
            except (OSError, http.client.HTTPException):  # the peer hung up: not acknowledged
                connection.close()
                status = 0
            if status == 200:
                self.sent += self.template.n_spans
            else:
                self.refused[status] = self.refused.get(status, 0) + 1
                time.sleep(0.5)


def post(connection: http.client.HTTPConnection, body: bytes, headers: dict[str, str]) -> int:
    connection.request("POST", "/v1/traces", body, {"content-type": "application/x-protobuf", **headers})
    answer = connection.getresponse()
    answer.read()
    return answer.status


def odd_request() -> bytes:
    """Spans of one trace with a bytes attribute, which OTLP allows."""
    request = ExportTraceServiceRequest()
    spans = request.resource_spans.add().scope_spans.add().spans
    for number in range(ODD_SPANS):
        span = spans.add()
        span.trace_id, span.span_id, span.name = b"\x07" * 16, (number + 1).to_bytes(8, "big"), "with bytes"
        span.start_time_unix_nano, span.end_time_unix_nano = time.time_ns() - 10**9, time.time_ns()
        pair = span.attributes.add()
        pair.key, pair.value.bytes_value = "app.digest", b"\x00\xff\x01"
    return request.SerializeToString()


def quiet_count(product: Product, drain_s: float) -> tuple[int, float]:
    """Stored spans once they have stopped growing or the time is over, and when they last grew, seconds from now."""
    began, grew = time.perf_counter(), time.perf_counter()
    count = product.count()
    while time.perf_counter() - began < drain_s and time.perf_counter() - grew < QUIET_S:
        time.sleep(1)
        now = product.count()
        if now != count:
            count, grew = now, time.perf_counter()
    return count, grew - began


def bytes_attribute(start: Callable[[Path], Product], folder: Path) -> dict[str, int]:
    """What becomes of a hundred spans with a bytes attribute, on a server of their own."""
    folder.mkdir()
    product = start(folder)
    try:
        connection = http.client.HTTPConnection(*product.url, timeout=60)
        status = post(connection, odd_request(), product.headers)
        stored, _ = quiet_count(product, QUIET_S)
    finally:
        product.kill()
    return {"status": status, "sent": ODD_SPANS, "stored": stored}


def measure(start: Callable[[Path], Product], folder: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    folder.mkdir()
    product = start(folder)
    try:
        template = Template(Shape())
        began = time.perf_counter()
        until = began + arguments.seconds
        senders = [Sender(product, template, seed, until) for seed in range(arguments.connections)]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()
        took = time.perf_counter() - began
        at_end = product.count()
        rss = product.rss_bytes()
        drained, drain_s = quiet_count(product, arguments.drain)
        product.kill()
        stored = product.count()
        odd = bytes_attribute(start, folder.with_name(f"{folder.name}-odd"))
    finally:
        if product.process.poll() is None:
            product.kill()
    sent = sum(sender.sent for sender in senders)
    refused: dict[str, int] = {}
    for sender in senders:
        for status, n in sender.refused.items():
            refused[str(status)] = refused.get(str(status), 0) + n
    return {
        "product": f"{product.name} {product.version}",
        "seconds": round(took, 1),
        "acknowledged": sent,
        "answered_spans_per_s": round(sent / took),
        "stored_at_end": at_end,
        "stored_spans_per_s": round(drained / (took + drain_s)),
        "waited_for_storage_s": round(drain_s, 1),
        "acknowledged_and_not_stored_after_kill": sent - stored,
        "refused_requests": refused,
        "bytes_attribute": odd,
        "rss_mb_at_end": round(rss / 1e6),
        "disk_bytes_per_span": round(product.disk_bytes() / stored) if stored > 0 else None,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--drain", type=float, default=120)
    parser.add_argument("--only", choices=["quarterdeck", "phoenix", "mlflow"], action="append")
    arguments = parser.parse_args()
    install()
    starts = {"quarterdeck": ours, "phoenix": phoenix, "mlflow": mlflow}
    folder = Path(tempfile.mkdtemp(prefix="qd-peers-"))
    found = [
        measure(start, folder / name, arguments)
        for name, start in starts.items()
        if arguments.only is None or name in arguments.only
    ]
    shutil.rmtree(folder)
    print(json.dumps({"what": "one OTLP load, several products", "cores": os.cpu_count(), "products": found}, indent=2))


if __name__ == "__main__":
    main()
