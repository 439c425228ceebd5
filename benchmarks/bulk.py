"""A large telemetry file, made quickly, with the layout that ingest makes: for `benchmarks/scale.py`.

One block of a thousand runs goes the real way (OTLP bytes, canonical form, the store's own commits of 2,000 spans, in
which the bursts of many runs are mixed as a fleet mixes them). Further blocks are copies made by SQL in order of commits:
other trace ids, later times, their own commits and chunks. Run rows and rollups are written by the store's own writer.
Loading goes on where it was left: each block is one transaction. Texts stay under 256 bytes, so raw forms hold them.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

import duckdb
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from quarterdeck.clock import FakeClock
from quarterdeck.model.runs import Run
from quarterdeck.observe.canonical import Canonicalizer
from quarterdeck.observe.ingest import decode
from quarterdeck.observe.ingest.checks import Limits
from quarterdeck.observe.runs import PriceTable, summarise_runs
from quarterdeck.store.duckdb import DuckDBOptions, DuckDBStore
from quarterdeck.store.interface import Batch

RUNS = 1_000
SPANS = 100
BLOCK_NS = 360 * 10**9
"""A block covers six minutes: 1,000 runs of a hundred spans in it are 280 spans/s, and 10,000 runs an hour."""
RUN_NS = 60 * 10**9
BURST = 20
COMMIT_SPANS = 2_000
COMMITS = RUNS * SPANS // COMMIT_SPANS
_WORDS = [
    "order",
    "refund",
    "invoice",
    "parcel",
    "address",
    "customer",
    "status",
    "shipped",
    "delayed",
    "account",
    "number",
    "please",
    "check",
    "again",
]
_AGENTS = ("support-agent", "research", "billing", "planner", "coder", "triage", "summariser", "user_simulator")
_MODELS = (("openai", "gpt-4o-mini"), ("openai", "gpt-4.1-2025-04-14"), ("anthropic", "claude-sonnet-4-5"))
_TOOLS = ("search", "lookup", "refund", "notify", "sql", "browser")
_LIMITS = Limits(1 << 20, 20_000)


def load(path: Path, spans: int, *, text_bytes: int, until_ns: int) -> int:
    """Bring the file `path` to at least `spans` spans, the last block ending at `until_ns`; answers how many runs it has."""
    path.parent.mkdir(parents=True, exist_ok=True)
    blocks = -(-spans // (RUNS * SPANS))
    start_ns = until_ns - blocks * BLOCK_NS
    runs = _first_block(path, start_ns, text_bytes)
    _copy_spans(path, blocks)
    _write_runs(path, runs, blocks)
    return len(runs) * blocks


def _say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


# --- the first block, the real way -------------------------------------------------------------------------------------


class _Plan(NamedTuple):
    """What one simulated run is."""

    trace: bytes
    start_ns: int
    agent: str
    prompt: str
    model: tuple[str, str]
    tenant: str
    fails: bool


def _plans(start_ns: int) -> list[_Plan]:
    rng = random.Random(1)
    plans = []
    for _ in range(RUNS):
        agent, prompt = rng.choice(_AGENTS), rng.choice(("v6", "v6", "v7"))
        odds = 0.3 if (agent, prompt) == ("support-agent", "v7") else 0.08
        at = start_ns + rng.randrange(BLOCK_NS - RUN_NS)
        tenant = f"tenant-{min(49, int(rng.expovariate(0.1)))}"
        plans.append(
            _Plan(rng.randbytes(16), at, agent, prompt, rng.choice(_MODELS), tenant, fails=rng.random() < odds)
        )
    return plans


def _first_block(path: Path, start_ns: int, text_bytes: int) -> list[Run]:
    """Runs of the first block; its spans are committed unless they are there."""
    canonical = Canonicalizer(user_hash_key=b"b" * 32)
    prices = PriceTable.shipped()
    with closing(DuckDBStore(path, options=DuckDBOptions(), clock=FakeClock(start_ns))) as store:
        if not store.counts()["spans"]:
            for body in _requests(start_ns, text_bytes):
                found = decode(body, "proto", "default", _LIMITS, start_ns)
                assert not found.rejections, found.rejections[0]
                store.commit(Batch([(canonical.canonicalize(raw), raw) for raw in found.spans]))
            _say(f"first block: {RUNS * SPANS:,} spans in {COMMITS} commits")
        keys = [("default", plan.trace.hex()) for plan in _plans(start_ns)]
        traces = store.load_traces(keys)
    now_ns = start_ns + BLOCK_NS + 3_600 * 10**9
    runs = [run for key in keys for run in summarise_runs(list(traces[key]), now_ns=now_ns, prices=prices)]
    assert len(runs) == RUNS
    return runs


def _requests(start_ns: int, text_bytes: int) -> Iterator[bytes]:
    """Requests of COMMIT_SPANS spans: bursts of all runs in the order in which they end."""
    bursts = [
        (plan.start_ns + (part + 1) * RUN_NS * BURST // SPANS, plan, part)
        for plan in _plans(start_ns)
        for part in range(SPANS // BURST)
    ]
    bursts.sort(key=lambda burst: burst[0])
    size = COMMIT_SPANS // BURST
    rng = random.Random(2)
    for at in range(0, len(bursts), size):
        request = ExportTraceServiceRequest()
        for _, plan, part in bursts[at : at + size]:
            block = request.resource_spans.add()
            _put(block.resource.attributes, {"service.name": plan.agent, "deployment.environment.name": "prod"})
            scope = block.scope_spans.add()
            scope.scope.name, scope.scope.version = "opentelemetry.instrumentation.genai.openai", "2.0"
            # The root ends last, so it is exported last.
            numbers = [s for s in range(part * BURST + 1, (part + 1) * BURST + 1) if s < SPANS]
            for s in numbers if numbers[-1] < SPANS - 1 else [*numbers, 0]:
                _span(scope.spans.add(), plan, s, rng, text_bytes)
        yield request.SerializeToString()


def _span(span: object, plan: _Plan, s: int, rng: random.Random, text_bytes: int) -> None:
    """Span 0 is the agent; then a model call and a tool in turns, nested agents every twelve."""
    kind = "invoke_agent" if s % 12 == 0 else ("chat", "execute_tool")[s % 2]
    span.trace_id, span.span_id = plan.trace, _span_id(plan, s)
    if s:
        span.parent_span_id = _span_id(plan, s - s % 12 if s % 12 else (s - 12 if s % 48 else 0))
    gap = RUN_NS // (SPANS + 1)
    ends = {0: RUN_NS, 12: min(RUN_NS - 1, (s + 12) * gap)}.get(
        0 if s == 0 else 12 if s % 12 == 0 else 1, (s + 1) * gap
    )
    span.name, span.kind = f"{kind} {plan.agent}", 3
    span.start_time_unix_nano, span.end_time_unix_nano = plan.start_ns + s * gap, plan.start_ns + ends
    failed = plan.fails and s in {0, SPANS - 2}
    span.status.code = 2 if failed else 1
    _put(span.attributes, _attributes(plan, s, kind, failed, rng, text_bytes))


def _attributes(plan: _Plan, s: int, kind: str, failed: bool, rng: random.Random, text: int) -> dict[str, object]:
    found: dict[str, object] = {
        "gen_ai.operation.name": kind,
        "gen_ai.provider.name": plan.model[0],
        "gen_ai.agent.name": plan.agent,
        "gen_ai.agent.version": "3",
        "gen_ai.conversation.id": f"conversation-{plan.trace[:4].hex()}",
        "quarterdeck.prompt.version": plan.prompt,
        "quarterdeck.tenant": plan.tenant,
        "server.address": "api.example.com",
        "server.port": 443,
        "app.shard": s % 7,
    }
    if failed:
        found["error.type"] = "timeout"
    if kind == "execute_tool":
        tool = _TOOLS[(s + plan.trace[0]) % len(_TOOLS)]
        call = {"gen_ai.tool.name": tool, "gen_ai.tool.type": "function", "gen_ai.tool.call.id": rng.randbytes(8).hex()}
        return (
            found | call | {"gen_ai.tool.call.arguments": _text(rng, text), "gen_ai.tool.call.result": _text(rng, text)}
        )
    if kind == "chat":
        found |= {
            "gen_ai.request.model": plan.model[1],
            "gen_ai.response.model": plan.model[1],
            "gen_ai.response.id": rng.randbytes(12).hex(),
            "gen_ai.usage.input_tokens": 300 + 20 * s,
            "gen_ai.usage.output_tokens": 40 + s,
        }
    return found | {"gen_ai.input.messages": _text(rng, text), "gen_ai.output.messages": _text(rng, text)}


def _text(rng: random.Random, size: int) -> str:
    return " ".join(rng.choices(_WORDS, k=max(1, size // 7)))[:size]


def _span_id(plan: _Plan, s: int) -> bytes:
    return blake2b(plan.trace + s.to_bytes(4, "big"), digest_size=8).digest()


def _put(target: object, attributes: dict[str, object]) -> None:
    for key, value in attributes.items():
        pair = target.add()
        pair.key = key
        if isinstance(value, int):
            pair.value.int_value = value
        else:
            pair.value.string_value = str(value)


# --- the copies --------------------------------------------------------------------------------------------------------


def _mask(block: int) -> int:
    """What the halves of a trace id are xored with in a copy; 0 in the first block."""
    return int.from_bytes(blake2b(block.to_bytes(8, "big"), digest_size=8).digest(), "big") if block else 0


_COPIES = (
    """INSERT INTO span SELECT * REPLACE (
      xor(trace_hi, {mask}::UBIGINT) AS trace_hi, xor(trace_lo, {mask}::UBIGINT) AS trace_lo,
      start_ns + {shift} AS start_ns, end_ns + {shift} AS end_ns, session_id || '-{block}' AS session_id,
      response_id || '-{block}' AS response_id, seq + {seqs} AS seq, chunk_id + {chunks} AS chunk_id)
    FROM span WHERE seq <= {commits} ORDER BY rowid""",
    "INSERT INTO chunk SELECT * REPLACE (chunk_id + {chunks} AS chunk_id) FROM chunk WHERE chunk_id <= {last} ORDER BY rowid",
    """INSERT INTO trace_commit SELECT * REPLACE (xor(trace_hi, {mask}::UBIGINT) AS trace_hi,
      xor(trace_lo, {mask}::UBIGINT) AS trace_lo, seq + {seqs} AS seq)
    FROM trace_commit WHERE seq <= {commits} ORDER BY rowid""",
    "UPDATE producer SET spans = spans // {done} * {block} + spans // {done}, "
    "model_calls = model_calls // {done} * {block} + model_calls // {done}, "
    "with_usage = with_usage // {done} * {block} + with_usage // {done}",
)


def _copy_spans(path: Path, blocks: int) -> None:
    connection = duckdb.connect(
        ":memory:", config={"threads": 1, "memory_limit": "1GB", "checkpoint_threshold": "64MB"}
    )
    connection.execute(f"ATTACH '{path}' AS deck (ROW_GROUP_SIZE {DuckDBOptions().row_group_rows})")
    connection.execute("USE deck")
    (seq,) = connection.execute("SELECT max(seq) FROM trace_commit").fetchone()
    (last,) = connection.execute("SELECT max(chunk_id) FROM span WHERE seq <= ?", [COMMITS]).fetchone()
    for block in range(seq // COMMITS, blocks):
        connection.begin()
        for statement in _COPIES:
            connection.execute(
                statement.format(
                    mask=_mask(block), shift=block * BLOCK_NS, block=block, done=block, seqs=block * COMMITS,
                    chunks=block * last, commits=COMMITS, last=last,
                )
            )  # fmt: skip
        connection.commit()
        if block % 10 == 9 or block + 1 == blocks:
            _say(f"{(block + 1) * RUNS * SPANS:,} spans, {path.stat().st_size / 1e9:.1f} GB")
    connection.close()


def _write_runs(path: Path, runs: list[Run], blocks: int) -> None:
    with closing(DuckDBStore(path, options=DuckDBOptions(), clock=FakeClock())) as store:
        for block in range(store.counts()["runs"] // RUNS, blocks):
            store.put_runs([_copied(run, block) for run in runs], [], settled_seq=(block + 1) * COMMITS)
            if block % 100 == 99 or block + 1 == blocks:
                _say(f"{(block + 1) * RUNS:,} runs")


def _copied(run: Run, block: int) -> Run:
    if block == 0:
        return run
    shift = block * BLOCK_NS
    trace = f"{int(run.trace_ids[0], 16) ^ (_mask(block) << 64 | _mask(block)):032x}"
    identity = "\x00".join((run.project, trace, run.root_span_id or ""))
    return replace(
        run,
        run_id=blake2b(identity.encode(), digest_size=16).hexdigest(),
        trace_ids=(trace,),
        session_id=f"{run.session_id}-{block}",
        started_at_ns=run.started_at_ns + shift,
        ended_at_ns=None if run.ended_at_ns is None else run.ended_at_ns + shift,
        last_seen_ns=run.last_seen_ns + shift,
    )
