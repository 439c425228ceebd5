"""The fuzz target for a bounded number of inputs; `make torture` runs it longer."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

RUNS = 20_000


@pytest.mark.slow
@pytest.mark.skipif(find_spec("atheris") is None, reason="atheris is not there for this Python (make fuzzer)")
def test_nothing_but_bad_input_comes_out_of_mutated_requests(tmp_path: Path) -> None:
    target = Path(__file__).with_name("fuzz_decode.py")
    done = subprocess.run(
        [sys.executable, str(target), f"-runs={RUNS}", "-seed=7", f"-artifact_prefix={tmp_path}/"],
        capture_output=True,
        text=True,
        check=False,
        timeout=500,
        cwd=tmp_path,
        env={**os.environ, "TMPDIR": str(tmp_path)},  # the fuzzer ends without leaving its blocks: its corpus stays
    )
    assert done.returncode == 0, done.stderr[-4000:]
    assert f"Done {RUNS}" in done.stderr, done.stderr[-4000:]
