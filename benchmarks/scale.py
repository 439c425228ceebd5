"""Ten million spans stored (or a hundred) while ingest runs: how long a run, the fleet and a contrast take to answer.

    python benchmarks/scale.py --spans 10_000_000
    python benchmarks/scale.py --spans 100_000_000 --ingest-seconds 60 --delete

Makes the file with `bulk.py` (kept under var/scale, so that another run starts at once; --delete removes it), starts a real
server on it and asks through HTTP: without ingest, beside a trickle, and beside as much as the server takes. The rate of
the heavy phase is set beside that of a server on an empty folder. A file under 10 GB is copied first, so that what is sent
does not stay in it. Prints one JSON document.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
import time
import urllib.parse
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

import numpy as np

import bulk
from api import Trickle
from ingest import Sender, quantile
from load import Shape, Template
from quarterdeck.store.duckdb import schema
from server import Server

ROOT = Path(__file__).parents[1]
BARS_MS = {"run by id": 50, "first page of its spans": 50, "fleet": 100, "cohorts": 100, "contrast of an hour": 200}
MINUTE_NS = 60 * 10**9
COPIED_BYTES = 10**10


def window(until_ns: int) -> str:
    """The last hour of the loaded file, as query parameters."""
    since, until = (
        datetime.fromtimestamp(ns / 1e9, UTC).isoformat().replace("+00:00", "Z")
        for ns in (until_ns - 60 * MINUTE_NS, until_ns)
    )
    return urllib.parse.urlencode({"since": since, "until": until})


def questions(until_ns: int, run: str) -> dict[str, str]:
    """The names of BARS_MS, each with its address."""
    return {
        "run by id": f"/api/v1/runs/{run}",
        "first page of its spans": f"/api/v1/runs/{run}/spans?limit=100",
        "fleet": f"/api/v1/fleet?{window(until_ns)}",
        "cohorts": f"/api/v1/cohorts?{window(until_ns)}",
        "contrast of an hour": f"/api/v1/contrast?{window(until_ns)}",
    }


def ask(server: Server, rounds: int, until_ns: int, run_ids: list[str]) -> dict[str, list[float]]:
    """Milliseconds of each question, in turns, each time about another run of the whole history."""
    rng = np.random.default_rng(int(time.time()))
    took: dict[str, list[float]] = {name: [] for name in BARS_MS}
    for _ in range(rounds):
        for name, path in questions(until_ns, run_ids[int(rng.integers(len(run_ids)))]).items():
            at = time.perf_counter()
            server.get(path)
            took[name].append((time.perf_counter() - at) * 1e3)
    return took


def processor_ms(server: Server, rounds: int, until_ns: int, run_ids: list[str]) -> dict[str, float]:
    """Processor time of the server for one question: what a busy machine does not change."""
    found: dict[str, float] = {}
    for name in BARS_MS:
        before = server.cpu_s()
        for run in run_ids[:rounds]:
            server.get(questions(until_ns, run)[name])
        found[name] = round((server.cpu_s() - before) / min(rounds, len(run_ids)) * 1e3, 1)
    return found


def sample_runs(server: Server, until_ns: int, hours: int, n: int) -> list[str]:
    """Run ids from all over the file: a page from each of `n` moments."""
    found: list[str] = []
    for at in np.linspace(until_ns - hours * 60 * MINUTE_NS, until_ns - 10 * MINUTE_NS, n):
        bounds = {"since": int(at) // 10**6, "until": (int(at) + 6 * MINUTE_NS) // 10**6, "limit": 5}
        found += [run["run_id"] for run in server.get(f"/api/v1/runs?{urllib.parse.urlencode(bounds)}")["items"]]
    return found


def phase(took: dict[str, list[float]], spans_per_s: float) -> dict[str, object]:
    return {
        "ingest_spans_per_s": round(spans_per_s),
        "ms_p50": {name: round(quantile(values, 0.5), 1) for name, values in took.items()},
        "ms_p95": {name: round(quantile(values, 0.95), 1) for name, values in took.items()},
    }


class Load:
    """Ingest beside the questions: `connections` senders without pause, or a trickle of `rate` spans a second."""

    def __init__(self, server: Server, *, rate: float = 0, connections: int = 0) -> None:
        template = Template(Shape())
        far = time.perf_counter() + 3_600
        self.trickles = [Trickle(server.otlp, rate / 2, seed) for seed in (5, 6)] if rate else []
        self.senders = [Sender(server.otlp, template, int(time.time()) + seed, far) for seed in range(connections)]
        self.per_request = template.n_spans
        self.began = time.perf_counter()
        for thread in (*self.trickles, *self.senders):
            thread.start()

    def stop(self) -> float:
        """Spans a second that were acknowledged."""
        took = time.perf_counter() - self.began
        sent = sum(t.sent for t in self.trickles) + sum(len(s.answers) for s in self.senders) * self.per_request
        for trickle in self.trickles:
            trickle.stop.set()
        for sender in self.senders:
            sender.until = 0.0
        for thread in (*self.trickles, *self.senders):
            thread.join()
        return sent / took


class Rate(NamedTuple):
    """Acknowledged spans a second, processor time of the server for each, and its largest resident memory."""

    spans_per_s: float
    cpu_us: float
    rss_bytes: int


def rate_of(server: Server, seconds: float, connections: int) -> Rate:
    """With nobody asking."""
    before = server.cpu_s()
    load = Load(server, connections=connections)
    largest = 0
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        largest = max(largest, server.rss_bytes())
        time.sleep(0.5)
    rate = load.stop()
    took = time.perf_counter() - load.began
    return Rate(rate, (server.cpu_s() - before) / max(1.0, rate * took) * 1e6, largest)


def empty_rate(seconds: float, connections: int) -> Rate:
    folder = Path(tempfile.mkdtemp(prefix="qd-scale-"))
    with Server(folder / "data") as server:
        rate = rate_of(server, seconds, connections)
        server.stop()
    shutil.rmtree(folder)
    return rate


def measure(loaded: Path, arguments: argparse.Namespace, until_ns: int, runs: int) -> dict[str, object]:
    answer: dict[str, object] = {}
    folder = loaded
    if (loaded / "telemetry.duckdb").stat().st_size < COPIED_BYTES:
        folder = loaded.with_name(f"{loaded.name}-work")
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(loaded, folder)
    hours = max(1, runs // 10_000)
    with Server(folder) as server:
        answer["start_s"] = round(server.start_s, 2)
        answer["rss_at_start_mb"] = round(server.rss_bytes() / 1e6)
        ids = sample_runs(server, until_ns, hours, 60)
        answer["processor_ms"] = processor_ms(server, 20, until_ns, ids)
        answer["quiet"] = phase(ask(server, arguments.rounds, until_ns, ids), 0)
        trickle = Load(server, rate=arguments.rate)
        took = ask(server, arguments.rounds, until_ns, ids)
        answer["trickle"] = phase(took, trickle.stop())
        heavy = Load(server, connections=arguments.connections)
        took = ask(server, max(20, arguments.rounds // 3), until_ns, ids)
        answer["heavy"] = phase(took, heavy.stop())
        alone = rate_of(server, arguments.ingest_seconds, arguments.connections)
        answer["ingest_alone_spans_per_s"] = round(alone.spans_per_s)
        answer["ingest_alone_cpu_us_per_span"] = round(alone.cpu_us, 1)
        answer["rss_max_mb"] = round(alone.rss_bytes / 1e6)
        answer["stored"] = server.get("/api/v1/health")["storage"]
        answer["stop_s"] = round(server.stop(), 1)
    if folder != loaded:
        shutil.rmtree(folder)
    return answer


def tables_digest() -> str:
    """A file is used again only by the version of the tables that made it."""
    return blake2b(Path(schema.__file__).read_bytes(), digest_size=4).hexdigest()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--spans", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--rate", type=float, default=2_000, help="spans a second of the trickle")
    parser.add_argument("--connections", type=int, default=8, help="senders of the heavy phase")
    parser.add_argument("--ingest-seconds", type=float, default=30)
    parser.add_argument("--text-bytes", type=int, default=240)
    parser.add_argument("--folder", type=Path, default=ROOT / "var/scale", help="where the loaded file is kept")
    parser.add_argument("--delete", action="store_true", help="remove the loaded file at the end")
    arguments = parser.parse_args()
    folder = arguments.folder / f"{arguments.spans}-{tables_digest()}"
    note = folder / "until_ns"
    folder.mkdir(parents=True, exist_ok=True)
    if not note.exists():
        note.write_text(str(time.time_ns() // MINUTE_NS * MINUTE_NS))
    until_ns = int(note.read_text())
    runs = bulk.load(folder / "telemetry.duckdb", arguments.spans, text_bytes=arguments.text_bytes, until_ns=until_ns)
    size = (folder / "telemetry.duckdb").stat().st_size
    answer = measure(folder, arguments, until_ns, runs)
    empty = empty_rate(arguments.ingest_seconds, arguments.connections)
    print(
        json.dumps(
            {
                "what": f"answers with {arguments.spans:,} spans and {runs:,} runs stored, through HTTP",
                "bytes_on_disk_loaded": size,
                "bars_ms": BARS_MS,
                "n": arguments.rounds,
                **answer,
                "ingest_empty_store_spans_per_s": round(empty.spans_per_s),
                "ingest_empty_store_cpu_us_per_span": round(empty.cpu_us, 1),
                "ingest_of_empty": round(float(str(answer["ingest_alone_spans_per_s"])) / empty.spans_per_s, 2),
            },
            indent=2,
        )
    )
    if arguments.delete:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
