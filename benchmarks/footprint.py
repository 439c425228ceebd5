"""What Quarterdeck costs before it does anything: import time and installed size.

    python benchmarks/footprint.py

Makes two clean virtual environments (the library alone, and with [server]), weighs their site-packages without pip,
and times `import quarterdeck` in fresh interpreters. Prints one JSON document.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def weigh(folder: Path) -> int:
    """Bytes on disk of an environment's packages, without the installer itself."""
    packages = next(folder.glob("lib/python3*/site-packages"))
    kept = [p for p in packages.iterdir() if not p.name.startswith(("pip", "_virtualenv"))]
    return sum(f.lstat().st_size for p in kept for f in ([p] if p.is_file() else p.rglob("*")) if f.is_file())


def environment(folder: Path, extra: str) -> Path:
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-compile"]
    subprocess.run([*pip, f"{ROOT}{extra}"], check=True)
    return folder


def import_ms(python: Path, rounds: int = 11) -> float:
    """Median milliseconds that the import adds to an empty interpreter."""

    def once(code: str) -> float:
        at = time.perf_counter()
        subprocess.run([str(python), "-c", code], check=True)
        return (time.perf_counter() - at) * 1e3

    once("import quarterdeck")
    imports = sorted(once("import quarterdeck") for _ in range(rounds))
    empty = sorted(once("pass") for _ in range(rounds))
    return imports[rounds // 2] - empty[rounds // 2]


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="qd-size-") as scratch:
        core = environment(Path(scratch) / "core", "")
        server = environment(Path(scratch) / "server", "[server]")
        print(
            json.dumps(
                {
                    "what": "import time and installed size",
                    "import_quarterdeck_ms": round(import_ms(core / "bin" / "python"), 1),
                    "core_mb": round(weigh(core) / 1e6, 1),
                    "server_mb": round(weigh(server) / 1e6, 1),
                },
                indent=2,
            )
        )


if __name__ == "__main__":
    main()
