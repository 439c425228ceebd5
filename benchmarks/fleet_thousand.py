"""A thousand runs at a time for half an hour, in real time: how quick the fleet's answers are, and whether memory stays.

The server is a process of its own, the demo another (without a change: what fires is a false alarm). What the fleet page
asks for is asked for every two seconds, as an open page does.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from server import Server

QUARTERDECK = str(Path(sys.executable).parent / "quarterdeck")
MINUTES = {False: 30.0, True: 2.0}
EVERY_S = 2.0
ASKED = (
    "/", "/api/v1/fleet?since=-60m", "/api/v1/cohorts?by=agent&since=-60m", "/api/v1/alerts?limit=20", "/api/v1/signals?limit=20",
    "/api/v1/runs?limit=50", "/api/v1/health",
)  # fmt: skip


def thousand(short: bool) -> dict[str, Any]:
    seconds = MINUTES[short] * 60
    with tempfile.TemporaryDirectory(prefix="fleet-thousand-") as folder, Server(Path(folder) / "data") as server:
        fleet = subprocess.Popen(
            [QUARTERDECK, "demo", "--to", server.otlp, "--no-change", "--duration", f"{seconds:g}s", "--json"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert fleet.stderr is not None
        for line in fleet.stderr:
            if "it is live" in line:
                break
        took: dict[str, list[float]] = {path: [] for path in ASKED}
        rss: list[int] = []
        while fleet.poll() is None:
            for path in ASKED:
                took[path].append(_ms(server, path))
            rss.append(server.rss_bytes())
            time.sleep(EVERY_S)
        assert fleet.stdout is not None
        sent = json.loads(fleet.stdout.read())
        fired = [one for one in server.get("/api/v1/alerts?limit=200")["items"] if one["fired_at"] is not None]
        cpu_s = server.cpu_s()
        server.stop()
    return {**_figures(took, rss), "runs": sent["runs_finished"], "spans": sent["spans"], "server_cpu_s": round(cpu_s),
            "alerts_fired": len(fired), "fired": [one["title"] for one in fired]}  # fmt: skip


def _figures(took: dict[str, list[float]], rss: list[int]) -> dict[str, Any]:
    """`rss_last_mb` over `rss_middle_mb`: the mean of the last fifth against that of the middle one."""
    fifth = max(1, len(rss) // 5)
    middle, last = (statistics.mean(part) / 1e6 for part in (rss[2 * fifth : 3 * fifth], rss[-fifth:]))
    together = [sum(each) for each in zip(*took.values(), strict=True)]
    return {
        "looks": len(rss),
        "p95_ms": {path: round(_p95(each), 1) for path, each in took.items()},
        "p95_ms_worst_answer": round(max(map(_p95, took.values())), 1),
        "p95_ms_all_one_after_another": round(_p95(together), 1),
        "bar": "p95 at most 300 ms; memory stable",
        "rss_middle_mb": round(middle),
        "rss_last_mb": round(last),
        "rss_growth": round(last / middle - 1, 3),
    }


def _ms(server: Server, path: str) -> float:
    at = time.perf_counter()
    server.fetch(path)
    return (time.perf_counter() - at) * 1e3


def _p95(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.95)]
