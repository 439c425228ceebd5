"""Kill -9 during ingest: how many acknowledged spans are lost, how many are stored twice, do their texts come back?

    python benchmarks/kill9.py --kills 200 [--bodies]

Each round sends from several connections, kills the server at a random moment, and starts it again on the same folder.
Half of the requests whose answer never came are sent again, as an exporter would. With `--bodies` the spans are model
calls of conversations that resend their history, so that texts build on texts of earlier rounds. At the end the spans
are counted in the store's own file after a clean stop, and a sample of the acknowledged ones is read back raw and
compared with what was sent. Prints one JSON document; progress goes to stderr.
"""

from __future__ import annotations

import argparse
import http.client
import json
import random
import shutil
import sys
import tempfile
import threading
import time
import urllib.parse
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

import duckdb
import numpy as np

from bodies import RESOURCE, SCOPE, Conversation, part
from load import Shape, Template
from quarterdeck.clock import SystemClock
from quarterdeck.store.duckdb import DuckDBOptions, DuckDBStore
from server import Server
from store_engine import words

Key = tuple[bytes, bytes]
"""(trace id, span id)."""

SAMPLE_PER_ROUND = 20
START_BAR_S = 2.0


class Request(NamedTuple):
    """One OTLP request: its bytes, its spans, and for some of them the text that must come back."""

    body: bytes
    keys: list[Key]
    texts: dict[Key, str]


class Source(Protocol):
    """Makes the requests of one connection."""

    def request(self) -> Request: ...


class Traces:
    """Whole traces of unique spans."""

    def __init__(self, template: Template, seed: int) -> None:
        self.template, self.rng = template, np.random.default_rng(seed)

    def request(self) -> Request:
        body, traces, ids = self.template.copy(self.rng)
        per_trace = self.template.shape.spans
        keys = [(traces[i // per_trace].tobytes(), ids[i].tobytes()) for i in range(len(ids))]
        return Request(body, keys, {})


class Talks:
    """Conversations that go on over all rounds."""

    def __init__(self, pool: bytes, seed: int) -> None:
        self.chance, self.pool = random.Random(seed), pool
        self.talks = [Conversation(self.chance, pool) for _ in range(10)]

    def request(self) -> Request:
        spans, keys, texts = [], [], {}
        self.talks = [t if t.size < 60_000 else Conversation(self.chance, self.pool) for t in self.talks]
        for talk in self.talks:
            sent = b"".join((b"[", b", ".join(talk.messages), b"]")).decode()
            span = talk.span()
            key = (talk.trace, talk.last_span)
            spans.append(span)
            keys.append(key)
            texts[key] = sent
        return Request(part(1, RESOURCE, part(2, SCOPE, *spans)), keys, texts)


class Sender(threading.Thread):
    """One connection until the server dies; remembers what was acknowledged and what was left without an answer."""

    def __init__(self, url: str, source: Source, seed: int) -> None:
        super().__init__(daemon=True)
        self.at = urllib.parse.urlsplit(url)
        self.source = source
        self.chance = random.Random(seed)
        self.acknowledged: list[Key] = []
        self.sample: dict[Key, str] = {}
        self.unanswered: list[Request] = []

    def run(self) -> None:
        connection = http.client.HTTPConnection(self.at.hostname or "", self.at.port, timeout=60)
        while True:
            request = self.source.request()
            try:
                connection.request("POST", "/v1/traces", request.body, {"content-type": "application/x-protobuf"})
                answer = connection.getresponse()
                answer.read()
            except (OSError, http.client.HTTPException):
                self.unanswered.append(request)
                return
            if answer.status == 200:
                self.acknowledged.extend(request.keys)
                if request.texts:
                    key = self.chance.choice(request.keys)
                    self.sample[key] = request.texts[key]


def resend(url: str, left: Sequence[Request]) -> list[Key]:
    """Send again what was left without an answer; these may be stored already and must not be doubled."""
    at = urllib.parse.urlsplit(url)
    keys: list[Key] = []
    connection = http.client.HTTPConnection(at.hostname or "", at.port, timeout=60)
    for request in left:
        connection.request("POST", "/v1/traces", request.body, {"content-type": "application/x-protobuf"})
        answer = connection.getresponse()
        answer.read()
        if answer.status == 200:
            keys.extend(request.keys)
    return keys


class Torture:
    """All rounds, and what they left to be checked."""

    def __init__(self, folder: Path, sources: Sequence[Source], seed: int) -> None:
        self.data = folder / "data"
        self.sources = sources
        self.chance = random.Random(seed)
        self.acknowledged: list[Key] = []
        self.sample: dict[Key, str] = {}
        self.starts: list[float] = []
        self.left: list[Request] = []

    def round(self) -> None:
        server = Server(self.data)
        self.starts.append(server.start_s)
        senders = [Sender(server.otlp, source, self.chance.randrange(2**32)) for source in self.sources]
        self.acknowledged += resend(server.otlp, self.left[::2])
        for sender in senders:
            sender.start()
        time.sleep(self.chance.uniform(0.3, 2.0))
        server.kill()
        for sender in senders:
            sender.join(70)
        self.left = [request for sender in senders for request in sender.unanswered]
        self.acknowledged += [key for sender in senders for key in sender.acknowledged]
        found = [item for sender in senders for item in sender.sample.items()]
        self.sample |= dict(self.chance.sample(found, min(SAMPLE_PER_ROUND, len(found))))

    def finish(self) -> int:
        """Start once more, wait until all is settled, stop cleanly; answers the number of runs."""
        with Server(self.data) as server:
            self.starts.append(server.start_s)
            deadline = time.perf_counter() + 60
            while server.get("/api/v1/health")["ingest"]["settle_lag_s"] and time.perf_counter() < deadline:
                time.sleep(0.2)
            runs = server.get("/api/v1/health")["storage"]["runs"]
            server.stop()
        return int(runs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--bodies", action="store_true", help="conversations that resend their history")
    parser.add_argument("--seed", type=int, default=11)
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="qd-kill-"))
    chance = random.Random(given.seed)
    pool = " ".join(chance.choices(words(chance), k=100_000)).encode()
    template = Template(Shape(traces=4, spans=25))
    sources: list[Source] = [
        Talks(pool, n) if given.bodies else Traces(template, given.seed * 1_000 + n) for n in range(given.connections)
    ]
    torture = Torture(folder, sources, given.seed)
    began = time.perf_counter()
    for n in range(given.kills):
        torture.round()
        print(f"{n + 1} kills, {len(torture.acknowledged)} spans acknowledged", file=sys.stderr)
    took = time.perf_counter() - began
    runs = torture.finish()
    lost, doubled, stored, unsettled = count(torture.data, torture.acknowledged)
    starts = sorted(torture.starts)
    print(
        json.dumps(
            {
                "what": "kill -9 during ingest",
                "kills": given.kills,
                "seconds_per_round": round(took / given.kills, 1),
                "acknowledged_spans": len(torture.acknowledged),
                "stored_spans": stored,
                "acknowledged_spans_lost": lost,
                "spans_doubled": doubled,
                "texts_read_back": len(torture.sample),
                "texts_that_differ": differing(torture.data, torture.sample),
                "runs": runs,
                "traces_without_run": unsettled,
                "start_s_p50": round(starts[len(starts) // 2], 2),
                "start_s_p95": round(starts[len(starts) * 95 // 100], 2),
                "start_s_max": round(starts[-1], 2),
                "start_bar_s": START_BAR_S,
                "seed": given.seed,
            },
            indent=2,
        )
    )
    shutil.rmtree(folder)


def differing(data: Path, sample: dict[Key, str]) -> int:
    """Of the sampled spans, those whose messages do not come back as they were sent."""
    if not sample:
        return 0
    store = DuckDBStore(data / "telemetry.duckdb", options=DuckDBOptions(), clock=SystemClock())
    found = store.spans_raw("default", [(trace.hex(), span.hex()) for trace, span in sample])
    store.close()
    texts = {key: raw.attributes["gen_ai.input.messages"] for key, raw in found.items()}
    return sum(texts.get((trace.hex(), span.hex())) != text for (trace, span), text in sample.items())


def count(data: Path, acknowledged: Sequence[Key]) -> tuple[int, int, int, int]:
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
