"""The real server as a process: started, fed over OTLP/HTTP until its runs can be read, stopped."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from .agents import Plan, fleet, moved, request

PER_REQUEST = 50
READABLE_WITHIN_S = 180.0


@dataclass(frozen=True)
class Server:
    """A running server. `api` and `otlp_http` are its addresses, `process` the way to stop it."""

    api: str
    otlp_http: str
    process: subprocess.Popen[str]

    def get(self, path: str, **query: Any) -> Any:
        answer = httpx.get(f"{self.api}/api/v1/{path}", params=query, timeout=60)
        answer.raise_for_status()
        return answer.json()

    def count(self) -> int:
        return int(self.get("run-facets", names="agent")["total"])

    def send(self, plans: Sequence[Plan]) -> None:
        """Emits runs and returns when all of them can be read."""
        wanted = self.count() + len(plans)
        for at in range(0, len(plans), PER_REQUEST):
            body = request(plans[at : at + PER_REQUEST])
            headers = {"content-type": "application/json"}
            httpx.post(f"{self.otlp_http}/v1/traces", content=body, headers=headers, timeout=60).raise_for_status()
        until(lambda: self.count() >= wanted, f"{wanted} runs to be readable")

    def send_fleet(self, count: int) -> None:
        self.send(fleet(count, now_ns=time.time_ns()))

    def send_moved(self) -> str:
        """Emits a fleet of which one agent got a worse prompt, and returns the id of the alert that fires for it.

        What was normal is readable before what is not, as it would be in a life of hours.
        """
        plans = moved(now_ns=time.time_ns())
        normal = [plan for plan in plans if plan.prompt_version == "v6"][:600]
        self.send(normal)
        self.send([plan for plan in plans if plan not in normal])
        until(lambda: bool(self.get("alerts", state="firing")["items"]), "an alert to fire")
        return str(self.get("alerts", state="firing")["items"][0]["alert_id"])

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=60)


def until(holds: Callable[[], bool], what: str) -> None:
    """Asks again and again, since settling is not announced. Raises TimeoutError naming what did not come."""
    pause = threading.Event()
    deadline = time.monotonic() + READABLE_WITHIN_S
    while not holds():
        if time.monotonic() > deadline:
            msg = f"waited {READABLE_WITHIN_S:.0f} s for {what}"
            raise TimeoutError(msg)
        pause.wait(0.1)


@contextmanager
def running(data_dir: Path, log: Path, **environment: str) -> Iterator[Server]:
    """A server with free ports; stopped at the end unless the test has stopped it. `environment` adds settings."""
    command = [str(Path(sys.executable).parent / "quarterdeck"), "serve", "--data-dir", str(data_dir)]
    ports = ["--api-port", "0", "--otlp-http-port", "0", "--otlp-grpc-port", "0"]
    with (
        log.open("w") as errors,
        subprocess.Popen(
            [*command, *ports], stdout=subprocess.PIPE, stderr=errors, text=True, env=os.environ | environment
        ) as process,
    ):
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, f"the server did not start: {log.read_text()[-2000:]}"
        ready = json.loads(line)
        server = Server(ready["api"], ready["otlp_http"], process)
        try:
            yield server
        finally:
            if process.poll() is None:
                server.stop()
