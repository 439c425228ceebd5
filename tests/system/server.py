"""The real server as a process, for tests that look at it from outside."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx

QUARTERDECK = str(Path(sys.executable).parent / "quarterdeck")
FREE_PORTS = ("--api-port", "0", "--otlp-http-port", "0", "--otlp-grpc-port", "0")
PATIENCE_S = 180.0


class Server:
    """A server with free ports on `data_dir`; ready when the constructor returns, ended when the block is left."""

    def __init__(
        self, data_dir: Path, *flags: str, key: str | None = None, settings: Mapping[str, str] | None = None
    ) -> None:
        self.data_dir = data_dir
        self.log = data_dir.with_name(f"{data_dir.name}.log")
        self._headers = {"authorization": f"Bearer {key}"} if key else {}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [QUARTERDECK, "serve", "--data-dir", str(data_dir), *FREE_PORTS, *flags],
                stdout=subprocess.PIPE,
                stderr=log,
                env={**os.environ, **(settings or {})},
            )
        assert self.process.stdout is not None
        self.line = self.process.stdout.readline()
        assert self.line, f"the server did not start: {self.log.read_text()[-2000:]}"
        ready: dict[str, Any] = json.loads(self.line)
        self.ready = ready
        self.api, self.otlp_http, self.otlp_grpc = ready["api"], ready["otlp_http"], ready["otlp_grpc"]

    def get(self, path: str, **query: Any) -> Any:
        """A document of the API; raises for anything but a good answer."""
        answer = httpx.get(f"{self.api}/api/v1/{path}", params=query, headers=self._headers, timeout=PATIENCE_S)
        answer.raise_for_status()
        return answer.json()

    def all(self, path: str, **query: Any) -> list[Any]:
        """Every item of a list, page by page."""
        found: list[Any] = []
        cursor: dict[str, str] = {}
        while True:
            page = self.get(path, limit=500, **query, **cursor)
            found += page["items"]
            if not page["next_cursor"]:
                return found
            cursor = {"cursor": page["next_cursor"]}

    def settled(self) -> None:
        """Returns when the runs show everything that was acknowledged."""
        until(lambda: not self.get("health")["ingest"]["settle_lag_s"], "every commit to be settled")

    def end(self, signum: int = signal.SIGTERM) -> int:
        """Send a signal and wait; answers the exit code."""
        self.process.send_signal(signum)
        return self.process.wait(timeout=PATIENCE_S)

    def __enter__(self) -> Server:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self.process.poll() is None:
            self.end()
        assert self.process.stdout is not None
        self.process.stdout.close()


def until(holds: Callable[[], bool], what: str) -> None:
    """Asks again and again, since settling is not announced. Raises TimeoutError naming what did not come."""
    pause = threading.Event()
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        if time.monotonic() > deadline:
            msg = f"waited {PATIENCE_S:.0f} s for {what}"
            raise TimeoutError(msg)
        pause.wait(0.1)


def command(*words: str, settings: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """A `quarterdeck` command run to its end."""
    return subprocess.run(
        [QUARTERDECK, *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
        env={**os.environ, **(settings or {})},
    )


def totals(runs: Sequence[Mapping[str, Any]], name: str) -> int:
    """A count summed over runs."""
    return sum(run[name] for run in runs)
