"""Kill -9 during ingest: how many acknowledged spans are lost, how many are stored twice?

    python benchmarks/kill9.py --kills 20

Each round sends from several connections, kills the server at a random moment, and starts it again on the same folder.
Half of the requests whose answer never came are sent again, as an exporter would. At the end the stored spans are
counted through the API's own store file, opened after a clean stop. Prints one JSON document.
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

import duckdb
import numpy as np

from load import Shape, Template
from server import Server


class Sender(threading.Thread):
    """One connection until the server dies; remembers what was acknowledged and what was left without an answer."""

    def __init__(self, url: str, template: Template, rng: np.random.Generator, again: list[bytes]) -> None:
        super().__init__(daemon=True)
        self.at = urllib.parse.urlsplit(url)
        self.template = template
        self.rng = rng
        self.again = again
        self.acknowledged: list[tuple[bytes, bytes]] = []
        self.unanswered: list[tuple[bytes, list[tuple[bytes, bytes]]]] = []

    def run(self) -> None:
        connection = http.client.HTTPConnection(self.at.hostname, self.at.port, timeout=60)
        while True:
            body, traces, ids = self.template.copy(self.rng)
            per_trace = self.template.shape.spans
            keys = [(traces[i // per_trace].tobytes(), ids[i].tobytes()) for i in range(len(ids))]
            try:
                connection.request("POST", "/v1/traces", body, {"content-type": "application/x-protobuf"})
                answer = connection.getresponse()
                answer.read()
            except (OSError, http.client.HTTPException):
                self.unanswered.append((body, keys))
                return
            if answer.status == 200:
                self.acknowledged.extend(keys)


def resend(url: str, left: list[tuple[bytes, list[tuple[bytes, bytes]]]]) -> list[tuple[bytes, bytes]]:
    """Send again what was left without an answer; these may be stored already and must not be doubled."""
    at = urllib.parse.urlsplit(url)
    keys: list[tuple[bytes, bytes]] = []
    for body, found in left:
        connection = http.client.HTTPConnection(at.hostname, at.port, timeout=60)
        connection.request("POST", "/v1/traces", body, {"content-type": "application/x-protobuf"})
        if connection.getresponse().status == 200:
            keys.extend(found)
    return keys


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=11)
    arguments = parser.parse_args()
    rng = np.random.default_rng(arguments.seed)
    folder = Path(tempfile.mkdtemp(prefix="qd-kill-"))
    template = Template(Shape(traces=4, spans=25))
    acknowledged: list[tuple[bytes, bytes]] = []
    opens: list[float] = []
    left: list[tuple[bytes, list[tuple[bytes, bytes]]]] = []
    for _ in range(arguments.kills):
        server = Server(folder / "data")
        opens.append(server.start_s)
        acknowledged.extend(resend(server.otlp, left[::2]))
        senders = [Sender(server.otlp, template, np.random.default_rng(rng.integers(2**32)), []) for _ in range(4)]
        for sender in senders:
            sender.start()
        time.sleep(float(rng.uniform(0.3, 2.5)))
        server.kill()
        for sender in senders:
            sender.join(70)
        acknowledged.extend(key for sender in senders for key in sender.acknowledged)
        left = [entry for sender in senders for entry in sender.unanswered]
    with Server(folder / "data") as server:
        opens.append(server.start_s)
        deadline = time.perf_counter() + 60
        while server.get("/api/v1/health")["ingest"]["settle_lag_s"] and time.perf_counter() < deadline:
            time.sleep(0.2)
        runs = server.get("/api/v1/health")["storage"]["runs"]
        server.stop()
    lost, doubled, stored, unsettled = count(folder / "data", acknowledged)
    print(
        json.dumps(
            {
                "what": "kill -9 during ingest",
                "kills": arguments.kills,
                "acknowledged_spans": len(acknowledged),
                "stored_spans": stored,
                "acknowledged_spans_lost": lost,
                "spans_doubled": doubled,
                "runs": runs,
                "traces_without_run": unsettled,
                "start_s_p50": round(sorted(opens)[len(opens) // 2], 2),
                "start_s_max": round(max(opens), 2),
                "seed": arguments.seed,
            },
            indent=2,
        )
    )
    shutil.rmtree(folder)


def count(data: Path, acknowledged: list[tuple[bytes, bytes]]) -> tuple[int, int, int, int]:
    """(acknowledged and not stored, stored twice, stored, traces without a run)."""
    import pyarrow as pa

    connection = duckdb.connect(str(data / "telemetry.duckdb"), read_only=True)
    sent = pa.table({"t": [t.hex() for t, _ in acknowledged], "s": [s.hex() for _, s in acknowledged]})
    connection.register("sent", sent)
    spans = "SELECT printf('%016x%016x', trace_hi, trace_lo) AS t, printf('%016x', span_id) AS s FROM span"
    stored, distinct = connection.execute(f"SELECT count(*), count(DISTINCT (t, s)) FROM ({spans})").fetchone()
    lost = connection.execute(f"SELECT count(*) FROM sent ANTI JOIN ({spans}) USING (t, s)").fetchone()[0]
    without = connection.execute(
        f"SELECT count(DISTINCT t) FROM ({spans}) ANTI JOIN run_trace ON t = trace_id"
    ).fetchone()[0]
    return lost, stored - distinct, stored, without


if __name__ == "__main__":
    main()
