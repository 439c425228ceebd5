"""API and page latency with one million spans stored while ingest runs.

    python benchmarks/api.py --spans 1000000 --rate 2000

Fills a server, keeps sending at an open-loop rate, and asks every list of the API in turn (fresh filters, no cache to
please). With --page the fleet page is opened in headless Chromium and timed to its first useful words. Prints one JSON document.
"""

from __future__ import annotations

import argparse
import http.client
import json
import shutil
import tempfile
import threading
import time
import urllib.parse
from pathlib import Path
from typing import Any

import numpy as np

from ingest import Sender, quantile
from load import Shape, Template
from server import Server

ROUTES = {
    "runs": "/api/v1/runs?limit=100&since=-60m",
    "runs by cost": "/api/v1/runs?limit=100&sort=cost_usd&agent=bench-agent",
    "run facets": "/api/v1/run-facets?names=agent,model,status,lifecycle,prompt_version,error_class",
    "fleet": "/api/v1/fleet?since=-60m",
    "cohorts": "/api/v1/cohorts?since=-60m",
    "unmapped": "/api/v1/unmapped",
    "rejections": "/api/v1/rejections",
    "run by id": "/api/v1/runs/{run}",
    "spans of a run": "/api/v1/runs/{run}/spans?limit=500",
    "session": "/api/v1/sessions/{session}",
    "health": "/api/v1/health",
}


class Trickle(threading.Thread):
    """A request of 200 spans each 200/rate seconds on one connection (later when an answer is later)."""

    def __init__(self, url: str, spans_per_s: float, seed: int) -> None:
        super().__init__(daemon=True)
        self.at = urllib.parse.urlsplit(url)
        self.template = Template(Shape(traces=8, spans=25))
        self.gap_s = self.template.n_spans / spans_per_s
        self.seed = seed
        self.stop = threading.Event()
        self.sent = 0

    def run(self) -> None:
        rng = np.random.default_rng(self.seed)
        connection = http.client.HTTPConnection(self.at.hostname, self.at.port, timeout=60)
        due = time.perf_counter()
        while not self.stop.is_set():
            body, _, _ = self.template.copy(rng)
            connection.request("POST", "/v1/traces", body, {"content-type": "application/x-protobuf"})
            connection.getresponse().read()
            self.sent += self.template.n_spans
            due += self.gap_s
            time.sleep(max(0.0, due - time.perf_counter()))


def fill(server: Server, spans: int) -> None:
    template = Template(Shape())
    while (stored := server.get("/api/v1/health")["storage"]["spans"]) < spans:
        seconds = min(20.0, max(2.0, (spans - stored) / 20_000))
        senders = [Sender(server.otlp, template, 1000 + i + stored, time.perf_counter() + seconds) for i in range(4)]
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()
    while server.get("/api/v1/health")["ingest"]["settle_lag_s"]:
        time.sleep(0.3)


def ask(server: Server, rounds: int) -> dict[str, list[float]]:
    runs = server.get("/api/v1/runs?limit=500&agent=bench-agent")["items"]
    rng = np.random.default_rng(6)
    took: dict[str, list[float]] = {name: [] for name in ROUTES}
    for _ in range(rounds):
        run = runs[int(rng.integers(len(runs)))]
        for name, route in ROUTES.items():
            path = route.format(run=run["run_id"], session=urllib.parse.quote(run["session_id"] or "none", safe=""))
            at = time.perf_counter()
            server.get(path)
            took[name].append((time.perf_counter() - at) * 1e3)
    return took


CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-dev-shm-usage",
]  # fmt: skip
PATIENCE_MS = 30_000


def page(server: Server, rounds: int) -> dict[str, Any]:
    """Milliseconds from navigation to the sentence of the fleet page, and to its first cohort; a fresh context each time.

    A visit that does not show them within 30 s is counted in `missed` and does not stop the others.
    """
    from playwright.sync_api import Error, sync_playwright

    program = next((found for found in map(shutil.which, CHROMIUM) if found), None)
    if program is None:
        return {"not_measured": f"no Chromium on this machine: none of {', '.join(CHROMIUM)} is installed"}
    words: list[float] = []
    cohorts: list[float] = []
    missed: list[str] = []
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=program, args=FLAGS, timeout=4 * PATIENCE_MS)
        visit(browser.new_page(), server, [], [])  # the first start of the browser is not the page's time
        for _ in range(rounds):
            context = browser.new_context()
            try:
                visit(context.new_page(), server, words, cohorts)
            except Error as error:
                missed.append(str(error).splitlines()[0])
            finally:
                context.close()
        browser.close()
    return {"words_ms": shares(words), "cohorts_ms": shares(cohorts), "n": len(words), "missed": missed}


def visit(tab: Any, server: Server, words: list[float], cohorts: list[float]) -> None:
    """One navigation. The sentence stands when it ends in a full stop: an empty placeholder is not the answer."""
    at = time.perf_counter()
    tab.goto(server.api + "/", wait_until="commit", timeout=PATIENCE_MS)
    tab.locator(".in-words", has_text=".").first.wait_for(timeout=PATIENCE_MS)
    words.append((time.perf_counter() - at) * 1e3)
    tab.locator("tbody tr a").first.wait_for(timeout=PATIENCE_MS)
    cohorts.append((time.perf_counter() - at) * 1e3)


def shares(values: list[float]) -> dict[str, int] | None:
    return {"p50": round(quantile(values, 0.5)), "p95": round(quantile(values, 0.95))} if values else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--spans", type=int, default=1_000_000)
    parser.add_argument("--rate", type=float, default=2_000)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--page", action="store_true")
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="qd-api-"))
    with Server(folder / "data") as server:
        fill(server, arguments.spans)
        trickles = [Trickle(server.otlp, arguments.rate / 2, seed) for seed in (5, 6)]
        for trickle in trickles:
            trickle.start()
        time.sleep(3)
        began = time.perf_counter()
        took = ask(server, arguments.rounds)
        seen = page(server, 15) if arguments.page else None
        rate = sum(trickle.sent for trickle in trickles) / (time.perf_counter() - began + 3)
        for trickle in trickles:
            trickle.stop.set()
            trickle.join()
        stored = server.get("/api/v1/health")["storage"]
        server.stop()
    shutil.rmtree(folder)
    print(
        json.dumps(
            {
                "what": "API and page latency while ingest runs",
                "spans_stored": stored["spans"],
                "runs_stored": stored["runs"],
                "ingest_spans_per_s": round(rate),
                "n": arguments.rounds,
                "ms_p50": {name: round(quantile(found, 0.5), 1) for name, found in took.items()},
                "ms_p95": {name: round(quantile(found, 0.95), 1) for name, found in took.items()},
                "fleet_page": seen,
            },
            indent=2,
        )
    )


if __name__ == "__main__":
    main()
