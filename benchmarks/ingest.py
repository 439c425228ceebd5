"""Durable ingest: spans a second over OTLP/HTTP on this machine, generator included, every step on.

    python benchmarks/ingest.py --seconds 120 --connections 12

Closed loop: each connection sends a request of 500 unique spans (1.9 KB, 15 attributes, ten traces 12 deep), waits for
the answer, which is the commit, and sends the next. Once a second a small trace of its own is sent and looked for at
the API, to measure how far runs lag behind the answer. Prints one JSON document.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import shutil
import tempfile
import threading
import time
import urllib.error
import urllib.parse
from pathlib import Path

import numpy as np

from load import Shape, Template
from server import Server


class Sender(threading.Thread):
    """One connection."""

    def __init__(self, url: str, template: Template, seed: int, until: float) -> None:
        super().__init__(daemon=True)
        self.at = urllib.parse.urlsplit(url)
        self.template = template
        self.rng = np.random.default_rng(seed)
        self.until = until
        self.answers: list[tuple[float, float]] = []
        self.refused = 0
        self.cpu_s = 0.0

    def run(self) -> None:
        connection = http.client.HTTPConnection(self.at.hostname, self.at.port, timeout=60)
        while time.perf_counter() < self.until:
            body, _, _ = self.template.copy(self.rng)
            sent = time.perf_counter()
            connection.request("POST", "/v1/traces", body, {"content-type": "application/x-protobuf"})
            answer = connection.getresponse()
            answer.read()
            if answer.status == 200:
                self.answers.append((sent, time.perf_counter()))
            else:
                self.refused += 1
                time.sleep(float(answer.headers.get("retry-after", "1")))
        self.cpu_s = time.thread_time()


class Probe(threading.Thread):
    """A trace of its own each second: from the answer to the moment when its run is readable."""

    def __init__(self, server: Server, until: float) -> None:
        super().__init__(daemon=True)
        self.server = server
        self.until = until
        self.lags: list[float] = []

    def run(self) -> None:
        template = Template(Shape(traces=1, spans=3, text_bytes=40), agent="probe")
        rng = np.random.default_rng(99)
        at = urllib.parse.urlsplit(self.server.otlp)
        while time.perf_counter() < self.until:
            body, traces, _ = template.copy(rng)
            connection = http.client.HTTPConnection(at.hostname, at.port, timeout=60)
            connection.request("POST", "/v1/traces", body, {"content-type": "application/x-protobuf"})
            connection.getresponse().read()
            answered = time.perf_counter()
            trace = traces[0].tobytes().hex()
            while time.perf_counter() - answered < 30:
                try:
                    if self.server.get(f"/api/v1/runs?agent=probe&q={trace}&limit=1")["items"]:
                        break
                except (urllib.error.URLError, OSError):
                    pass
                time.sleep(0.1)
            self.lags.append(time.perf_counter() - answered)
            time.sleep(1.0)


class Memory(threading.Thread):
    """The server's resident memory, twice a second."""

    def __init__(self, server: Server, until: float) -> None:
        super().__init__(daemon=True)
        self.server = server
        self.until = until
        self.rss: list[int] = []

    def run(self) -> None:
        while time.perf_counter() < self.until:
            self.rss.append(self.server.rss_bytes())
            time.sleep(0.5)


def quantile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--connections", type=int, default=12)
    parser.add_argument("--traces", type=int, default=10, help="traces of 50 spans in one request")
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="qd-bench-"))
    template = Template(Shape(traces=arguments.traces))
    with Server(folder / "data") as server:
        began = time.perf_counter()
        until = began + arguments.seconds
        senders = [Sender(server.otlp, template, seed, until) for seed in range(arguments.connections)]
        probe, memory = Probe(server, until), Memory(server, until)
        for thread in (*senders, probe, memory):
            thread.start()
        for thread in senders:
            thread.join()
        took = time.perf_counter() - began
        server_cpu = server.cpu_s()
        probe.join(40)
        answers = [answer for sender in senders for answer in sender.answers]
        spans = len(answers) * template.n_spans
        windows = [0] * (int(took) + 1)
        for _, done in answers:
            windows[min(int(done - began), len(windows) - 1)] += template.n_spans
        deadline = time.perf_counter() + 30
        while server.get("/api/v1/health")["ingest"]["settle_lag_s"] and time.perf_counter() < deadline:
            time.sleep(0.2)
        health = server.get("/api/v1/health")
        stored = health["storage"]["spans"]
        stop_s = server.stop()
    disk = sum(f.stat().st_size for f in (folder / "data").iterdir())
    latencies = [done - sent for sent, done in answers]
    print(
        json.dumps(
            {
                "what": "durable ingest over OTLP/HTTP, closed loop, generator on the same cores",
                "cores": os.cpu_count(),
                "seconds": round(took, 1),
                "connections": arguments.connections,
                "spans_per_request": template.n_spans,
                "bytes_per_span": round(template.bytes_per_span),
                "spans_per_s": round(spans / took),
                "spans_per_s_worst_10_s": round(
                    min(sum(windows[i : i + 10]) / 10 for i in range(max(1, len(windows) - 11)))
                ),
                "acknowledged": spans,
                "stored": stored,
                "probe_spans": 3 * len(probe.lags),
                "answer_ms_p50": round(quantile(latencies, 0.5) * 1e3),
                "answer_ms_p99": round(quantile(latencies, 0.99) * 1e3),
                "answer_ms_max": round(max(latencies) * 1e3),
                "runs_behind_answer_s_p50": round(quantile(probe.lags, 0.5), 2),
                "runs_behind_answer_s_max": round(max(probe.lags), 2),
                "refused_requests": sum(s.refused for s in senders),
                "rss_max_mb": round(max(memory.rss) / 1e6),
                "server_cpu_us_per_span": round(server_cpu / spans * 1e6, 1),
                "generator_cpu_us_per_span": round(sum(s.cpu_s for s in senders) / spans * 1e6, 1),
                "disk_bytes_per_span": round(disk / spans),
                "stop_s": round(stop_s, 1),
            },
            indent=2,
        )
    )
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
