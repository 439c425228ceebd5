"""Bodies: spans that resend their history. How many a second, durable, and how many bytes they leave?

    python benchmarks/bodies.py [--seconds 20] [--connections 12] [--turns 200]

(a) Spans of 20 KB on average through a real server: each model call of a conversation carries all messages so far.
(b) A conversation of `--turns` turns in the store alone, against the same texts stored inline with the same compression
    and against their plain bytes. Several conversations take turns in each commit, as in a real fleet.
Prints one JSON document.
"""

from __future__ import annotations

import argparse
import http.client
import json
import random
import struct
import tempfile
import threading
import time
import urllib.parse
from pathlib import Path
from typing import Any

import duckdb

from quarterdeck.clock import SystemClock
from quarterdeck.model.raw import RawSpan, Resource, Scope
from quarterdeck.model.spans import Span
from quarterdeck.store.duckdb import DuckDBOptions, DuckDBStore
from quarterdeck.store.interface import Batch
from server import Server
from store_engine import words

SESSIONS_AT_ONCE = 50
"""Conversations of one connection; a request carries the next turn of each."""
TURN_BYTES = 500
HISTORY_BYTES = (10_000, 30_000)
"""A conversation starts with this much (system prompt, tools, a task) and ends when it has grown to that."""


def varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


def part(tag: int, *data: bytes) -> bytes:
    """A length-delimited protobuf field."""
    size = sum(map(len, data))
    return b"".join((varint(tag << 3 | 2), varint(size), *data))


def text_attribute(key: str, value: bytes) -> bytes:
    return part(9, part(1, key.encode()), part(2, part(1, value)))


def int_attribute(key: str, value: int) -> bytes:
    return part(9, part(1, key.encode()), part(2, b"\x18", varint(value)))


FIXED = b"".join(
    [
        part(5, b"chat gpt-4o-mini"), b"\x30\x03",
        text_attribute("gen_ai.operation.name", b"chat"), text_attribute("gen_ai.provider.name", b"openai"),
        text_attribute("gen_ai.request.model", b"gpt-4o-mini"), text_attribute("gen_ai.response.model", b"gpt-4o-mini"),
        text_attribute("gen_ai.agent.name", b"bench-agent"), int_attribute("gen_ai.usage.input_tokens", 5000),
        int_attribute("gen_ai.usage.output_tokens", 120),
    ]
)  # fmt: skip
RESOURCE = part(1, part(1, part(1, b"service.name"), part(2, part(1, b"bench"))))
SCOPE = part(1, part(1, b"opentelemetry.instrumentation.genai.openai"), part(2, b"2.0"))


class Conversation:
    """One session in one trace; each `span` carries the messages so far, as JSON."""

    def __init__(self, chance: random.Random, pool: bytes) -> None:
        self.chance, self.pool = chance, pool
        self.trace = chance.randbytes(16)
        self.session = chance.randbytes(8).hex().encode()
        self.messages = [self.message(b"system", HISTORY_BYTES[0])]
        self.size = HISTORY_BYTES[0]
        self.last_span = b""

    def message(self, role: bytes, size: int) -> bytes:
        at = self.chance.randrange(len(self.pool) - size)
        return b"".join(
            (b'{"role": "', role, b'", "parts": [{"type": "text", "content": "', self.pool[at : at + size], b'"}]}')
        )

    def span(self) -> bytes:
        answer = self.message(b"assistant", TURN_BYTES // 2)
        sent = b"".join((b"[", b", ".join(self.messages), b"]"))
        now = time.time_ns()
        self.last_span = self.chance.randbytes(8)
        found = part(
            2, part(1, self.trace), part(2, self.last_span), FIXED, b"\x39", struct.pack("<Q", now - 10**9),
            b"\x41", struct.pack("<Q", now), text_attribute("gen_ai.conversation.id", self.session),
            text_attribute("gen_ai.input.messages", sent), text_attribute("gen_ai.output.messages", b"[" + answer + b"]"),
        )  # fmt: skip
        self.messages += [answer, self.message(b"user", TURN_BYTES // 2)]
        self.size += TURN_BYTES
        return found


class Sender(threading.Thread):
    """One connection that sends the next turns of its conversations until the time is over."""

    def __init__(self, url: str, seed: int, pool: bytes, until: float) -> None:
        super().__init__(daemon=True)
        self.at = urllib.parse.urlsplit(url)
        self.chance, self.pool, self.until = random.Random(seed), pool, until
        self.spans = self.bytes = self.refused = 0
        self.seconds: list[float] = []
        self.cpu_s = 0.0
        # Conversations are of different ages, so that every request carries the mean size.
        self.talks = [Conversation(self.chance, pool) for _ in range(SESSIONS_AT_ONCE)]
        steps = (HISTORY_BYTES[1] - HISTORY_BYTES[0]) // TURN_BYTES
        for n, talk in enumerate(self.talks):
            for _ in range(n * steps // SESSIONS_AT_ONCE):
                talk.span()

    def run(self) -> None:
        connection = http.client.HTTPConnection(self.at.hostname or "", self.at.port, timeout=60)
        while time.perf_counter() < self.until:
            spans = [talk.span() for talk in self.talks]
            self.talks = [
                talk if talk.size < HISTORY_BYTES[1] else Conversation(self.chance, self.pool) for talk in self.talks
            ]
            body = part(1, RESOURCE, part(2, SCOPE, *spans))
            began = time.perf_counter()
            while True:
                connection.request("POST", "/v1/traces", body, {"content-type": "application/x-protobuf"})
                answer = connection.getresponse()
                answer.read()
                if answer.status == 200:
                    break
                self.refused += 1
                time.sleep(float(answer.headers.get("retry-after", "1")))
            self.seconds.append(time.perf_counter() - began)
            self.spans += len(spans)
            self.bytes += len(body)
            self.cpu_s = time.thread_time()


def through_a_server(seconds: float, connections: int) -> dict[str, Any]:
    chance = random.Random(3)
    pool = " ".join(chance.choices(words(chance), k=400_000)).encode()
    with tempfile.TemporaryDirectory() as folder, Server(Path(folder) / "data") as server:
        # The first request pays for what is loaded only once (pyarrow looks for pandas, which takes seconds where it is).
        first = Sender(server.otlp, 99, pool, time.perf_counter() + 0.01)
        first.start()
        first.join()
        until = time.perf_counter() + seconds
        senders = [Sender(server.otlp, seed, pool, until) for seed in range(connections)]
        began, cpu = time.perf_counter(), server.cpu_s()
        for sender in senders:
            sender.start()
        for sender in senders:
            sender.join()
        took, cpu = time.perf_counter() - began, server.cpu_s() - cpu
        rss = server.rss_bytes()
        server.stop()
        stored = (Path(folder) / "data" / "telemetry.duckdb").stat().st_size
    spans = sum(sender.spans for sender in senders)
    waits = sorted(wait for sender in senders for wait in sender.seconds)
    return {
        "spans": spans,
        "bytes_per_span_sent": round(sum(sender.bytes for sender in senders) / spans),
        "bytes_per_span_on_disk": round(stored / spans),
        "spans_per_s_durable": round(spans / took),
        "bar_spans_per_s": 5_000,
        "answer_s_p99": round(waits[len(waits) * 99 // 100], 3),
        "requests_refused_and_sent_again": sum(sender.refused for sender in senders),
        "server_cpu_us_per_span": round(cpu / spans * 1e6, 1),
        "generator_cpu_us_per_span": round(sum(sender.cpu_s for sender in senders) / spans * 1e6, 1),
        "server_rss_mb": round(rss / 1e6),
    }


def conversation_pairs(turns: int, sessions: int) -> list[list[tuple[Span, RawSpan]]]:
    """One list for each turn: the next model call of every session."""
    chance = random.Random(9)
    vocabulary = words(chance)

    def message(role: str, count: int) -> str:
        return json.dumps({"role": role, "content": " ".join(chance.choices(vocabulary, k=count))})

    histories = [[message("system", 150)] for _ in range(sessions)]
    found = []
    for turn in range(turns):
        pairs = []
        for n, history in enumerate(histories):
            history.append(message("user", 30))
            answer = message("assistant", 60)
            trace, span, start = (
                f"{n + 1:032x}",
                f"{turn * sessions + n + 1:016x}",
                1_764_000_000 * 10**9 + turn * 10**9,
            )
            attributes = {
                "gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt", "gen_ai.conversation.id": f"s{n}",
                "gen_ai.usage.input_tokens": 100 * turn, "gen_ai.input.messages": "[" + ", ".join(history) + "]",
                "gen_ai.output.messages": "[" + answer + "]",
            }  # fmt: skip
            history.append(answer)
            raw = RawSpan(
                "default", trace, span, "", "", "chat", 3, start, start + 9, 1, "", attributes, (), (),
                Resource({"service.name": "bench"}, ""), Scope("bench", "1", {}, ""),
            )  # fmt: skip
            values: dict[str, Any] = dict.fromkeys(Span._fields) | {
                "project": "default", "trace_id": trace, "span_id": span, "parent_span_id": "", "name": "chat",
                "start_ns": start, "end_ns": start + 9, "status": "ok", "op_kind": "llm", "dialect": "otel_genai",
                "mapping_version": 1, "usage_scope": "own", "session_id": f"s{n}",
            }  # fmt: skip
            pairs.append((Span(**values), raw))
        found.append(pairs)
    return found


def stored_bytes(turns: list[list[tuple[Span, RawSpan]]], options: DuckDBOptions) -> int:
    """Compressed bytes of raw forms and bodies, one commit a turn."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "telemetry.duckdb"
        store = DuckDBStore(path, options=options, clock=SystemClock())
        for pairs in turns:
            store.commit(Batch(pairs))
        last = turns[-1][0][1]
        key = (last.trace_id, last.span_id)
        assert store.spans_raw("default", [key])[key] == last
        store.close()
        tables = ("chunk", "body_chunk")
        with duckdb.connect(str(path), read_only=True) as connection:
            sizes = [
                connection.execute(f"SELECT coalesce(sum(octet_length(data)), 0) FROM {t}").fetchone() for t in tables
            ]
    return sum(int(size[0]) for size in sizes if size)


def conversation_bytes(turns: int, sessions: int) -> dict[str, Any]:
    found = conversation_pairs(turns, sessions)
    plain = sum(
        len(value) for pairs in found for _, raw in pairs for value in raw.attributes.values() if isinstance(value, str)
    )
    kept = stored_bytes(found, DuckDBOptions())
    inline = stored_bytes(found, DuckDBOptions(body_chars_min=10**9))
    return {
        "turns": turns,
        "conversations": sessions,
        "text_bytes": plain,
        "stored_bytes": kept,
        "stored_bytes_inline_same_compression": inline,
        "of_inline": f"1/{inline / kept:.0f}",
        "of_plain_text": f"1/{plain / kept:.0f}",
        "bar": "1/20 of inline",
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--connections", type=int, default=12)
    parser.add_argument("--turns", type=int, default=200)
    parser.add_argument("--conversations", type=int, default=8)
    given = parser.parse_args()
    print(
        json.dumps(
            {
                "what": "bodies",
                "resent_history": through_a_server(given.seconds, given.connections),
                "conversation": conversation_bytes(given.turns, given.conversations),
            },
            indent=2,
        )
    )


if __name__ == "__main__":
    main()
