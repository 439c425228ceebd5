"""A naive script with the official SDK: many attempts per answer by itself, about one through the gateway."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".venv-producers/genai/bin/python"
AGENTS, CALLS, PER_MINUTE = 60, 6, 120_000


@pytest.mark.producers
@pytest.mark.system
def test_a_naive_fleet_is_hardly_ever_refused_through_the_gateway(tmp_path: Path) -> None:
    if not PYTHON.exists():
        pytest.skip("the official SDK is not installed: make producers")
    svg = tmp_path / "picture.svg"
    done = subprocess.run(
        [sys.executable, str(ROOT / "benchmarks/gateway_example.py"), "--agents", str(AGENTS), "--calls", str(CALLS),
         "--per-minute", str(PER_MINUTE), "--svg", str(svg), "--python", str(PYTHON)],
        capture_output=True, text=True, check=False, timeout=500,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    without, through = found["without"], found["gateway"]
    assert without["answers"] == through["answers"] == AGENTS * CALLS
    assert without["attempts_per_success"] > 3
    # One wave of calls may meet the empty bucket before prompts are measured: bounded by the agents, whatever the load.
    assert through["refused"] <= AGENTS
    assert through["attempts_per_success"] <= 1.2
    assert through["attempts_per_success"] < without["attempts_per_success"] / 2
    assert svg.read_text().count("<rect") > 2
