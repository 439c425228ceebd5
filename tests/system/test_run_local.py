"""`make run`'s script: both processes start, and one interrupt stops both."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PORTS = {f"QUARTERDECK_SERVE__{door}_PORT": "0" for door in ("API", "OTLP_HTTP", "OTLP_GRPC")}


@pytest.mark.system
@pytest.mark.parametrize(("demo", "number"), [("0", signal.SIGINT), ("1", signal.SIGTERM)])
def test_one_interrupt_stops_everything(tmp_path: Path, demo: str, number: signal.Signals) -> None:
    command = [sys.executable, str(ROOT / "scripts/run_local.py"), "--data-dir", str(tmp_path / "data")]
    environment = {**os.environ, **PORTS, "DEMO": demo}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True, cwd=tmp_path) as running:
        assert running.stderr is not None
        said = next(line for line in running.stderr if line.startswith("Quarterdeck is open at "))
        address = said.split()[4]
        with urllib.request.urlopen(f"{address}/api/v1/health", timeout=180) as answer:
            assert json.load(answer)["endpoints"]["api"] == address
        running.send_signal(number)
        rest = running.stderr.read()  # ends when the last holder of the pipe has gone: server and fleet too
        assert running.wait(180) == 0
    assert ("simulated fleet is running" in rest) is (demo == "1")
    assert "Traceback" not in rest
