"""`make run`: the server, and a simulated fleet beside it unless DEMO=0. Ctrl-C stops both.

Refuses: to outlive either of the two when the server ends.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import FrameType

COMMAND = str(Path(sys.executable).parent / "quarterdeck")
STOP_WITHIN_S = 15  # the server itself drains within 10 s


def main() -> int:
    """Start, wait, stop; answers the server's exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-dir", default="var/quarterdeck")
    data_dir = parser.parse_args().data_dir
    for number in (signal.SIGINT, signal.SIGTERM):  # also where a shell started us with SIGINT ignored
        signal.signal(number, _interrupt)
    server = subprocess.Popen([COMMAND, "serve", "--data-dir", data_dir], stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own command
    fleet: subprocess.Popen[bytes] | None = None
    try:
        assert server.stdout is not None
        line = server.stdout.readline()
        if not line:
            return server.wait()
        ready = json.loads(line)
        _say(f"Quarterdeck is open at {ready['api']} (OTLP: {ready['otlp_http']}; ctrl-C stops)")
        fleet = _start_fleet(ready["otlp_http"])
        return server.wait()
    except KeyboardInterrupt:
        return 0
    finally:
        for process in (fleet, server):
            _stop(process)


def _start_fleet(otlp_http: str) -> subprocess.Popen[bytes] | None:
    if os.environ.get("DEMO", "1") == "0":
        return None
    _say("A simulated fleet is running; DEMO=0 leaves it out")
    command = [COMMAND, "demo", "--to", otlp_http, "--duration", "forever"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL)  # noqa: S603 - our own command


def _stop(process: subprocess.Popen[bytes] | subprocess.Popen[str] | None) -> None:
    if process is None or process.poll() is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_WITHIN_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
