"""A real server as a process, for the benchmarks: started, watched, stopped or killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any, Self

TICKS = os.sysconf("SC_CLK_TCK")


class Server:
    """`quarterdeck serve` on free ports with its data in `data_dir`."""

    def __init__(self, data_dir: Path, *arguments: str, env: dict[str, str] | None = None) -> None:
        self.data_dir = data_dir
        command = [
            str(Path(sys.executable).parent / "quarterdeck"), "serve", "--data-dir", str(data_dir),
            "--api-port", "0", "--otlp-http-port", "0", "--otlp-grpc-port", "0", *arguments,
        ]  # fmt: skip
        self.log = (data_dir.parent / f"{data_dir.name}.log").open("ab")
        started = time.perf_counter()
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=self.log, env={**os.environ, **(env or {})}
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"the server did not start; see {self.log.name}")
        self.ready: dict[str, Any] = json.loads(line)
        self.start_s = time.perf_counter() - started
        self.api: str = self.ready["api"]
        self.otlp: str = self.ready["otlp_http"]

    def get(self, path: str) -> Any:
        return json.loads(self.fetch(path))

    def fetch(self, path: str) -> bytes:
        with urllib.request.urlopen(self.api + path, timeout=30) as answer:
            body: bytes = answer.read()
        return body

    def rss_bytes(self) -> int:
        """Resident memory now."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def cpu_s(self) -> float:
        """CPU time of the process so far, user and system."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(") ", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.log.close()

    def stop(self) -> float:
        """SIGTERM; answers the seconds until the exit, which must be 0."""
        at = time.perf_counter()
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=60)
        self.log.close()
        assert code == 0, f"exit code {code}"
        return time.perf_counter() - at

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.log.close()
