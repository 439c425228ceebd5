"""What an agent imports stays light: numpy and the standard library, no server, no database, no settings library."""

from __future__ import annotations

import json
import subprocess
import sys

HEAVY = {"pydantic", "pyarrow", "duckdb", "scipy", "fastapi", "uvicorn", "starlette", "grpc", "sqlalchemy", "typer", "httpx", "redis"}  # fmt: skip


def test_admission_loads_numpy_at_most() -> None:
    program = "import json, sys, quarterdeck\nquarterdeck.Admission()\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(json.loads(done.stdout))
    assert {name.split(".")[0] for name in loaded}.isdisjoint(HEAVY)
    assert "quarterdeck.simulate" not in loaded
