"""The DuckDB engine alone: cost of a commit, of settling runs, and of each read, in a temporary folder.

Prints wall and CPU time; CPU time stays comparable on a machine that does other work too.

    python benchmarks/store_engine.py [--spans 1000000] [--runs 50000] [--batch 10000]
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from quarterdeck.clock import SystemClock
from quarterdeck.model.raw import RawSpan, Resource, Scope
from quarterdeck.model.runs import Cost, Lifecycle, Orphans, Run, Tokens
from quarterdeck.model.spans import Span
from quarterdeck.store.duckdb import DuckDBOptions, DuckDBStore
from quarterdeck.store.interface import Batch, RunFilter

START_NS = 1_764_000_000_000_000_000
SPANS_PER_TRACE = 20
HOUR_NS = 3_600_000_000_000
RESOURCE = Resource({"service.name": "bench"}, "")
SCOPE = Scope("bench", "1", {}, "")


def words(chance: random.Random) -> list[str]:
    return ["".join(chance.choices("abcdefghijklmnopqrstuvwxyz", k=chance.randint(3, 9))) for _ in range(3000)]


def pair(number: int, chance: random.Random, vocabulary: list[str]) -> tuple[Span, RawSpan]:
    """A model call with 15 attributes, about 1.9 KB, of which 1.3 KB are texts of its own."""
    trace, span = f"{number // SPANS_PER_TRACE * 7919 + 5:032x}", f"{chance.getrandbits(64):016x}"
    start = START_NS + number * 1_000
    values: dict[str, Any] = dict.fromkeys(Span._fields) | {
        "project": "default", "trace_id": trace, "span_id": span, "parent_span_id": f"{number:016x}", "name": "chat gpt",
        "start_ns": start, "end_ns": start + 10**9, "status": "ok", "op_kind": "llm", "op_name": "chat",
        "dialect": "otel_genai", "mapping_version": 1, "session_id": f"s{number // 40}", "session_source": "attr",
        "provider": "openai", "model_request": "gpt", "model_response": "gpt", "response_id": f"r{number}",
        "tokens_input": number % 9999, "tokens_output": number % 999, "usage_scope": "own", "agent_name": f"a{number % 20}",
        "tenant": f"t{number % 50}", "environment": "prod", "prompt_version": "4", "service_name": "bench", "weight": 1.0,
    }  # fmt: skip
    attributes: dict[str, Any] = {f"gen_ai.attribute.{n}": f"v{chance.randint(0, 50)}" for n in range(9)}
    attributes |= {
        "gen_ai.usage.input_tokens": number % 9999, "gen_ai.usage.output_tokens": number % 999, "t": chance.random(),
        "gen_ai.response.id": f"{chance.getrandbits(128):032x}",
        "gen_ai.input.messages": " ".join(chance.choices(vocabulary, k=115)),
        "gen_ai.output.messages": " ".join(chance.choices(vocabulary, k=70)),
    }  # fmt: skip
    raw = RawSpan(
        "default", trace, span, f"{number:016x}", "", "chat gpt", 3, start, start + 10**9, 1, "", attributes, (), (),
        RESOURCE, SCOPE,
    )  # fmt: skip
    return Span(**values), raw


def run(number: int, chance: random.Random, lifecycle: Lifecycle = "finished") -> Run:
    """One run per trace, ten a second."""
    started = START_NS + number * 100_000_000
    values: dict[str, Any] = dict.fromkeys(Run.__dataclass_fields__) | {
        "project": "default", "run_id": f"run-{number}", "trace_ids": (f"{number * 7919 + 5:032x}",), "root_name": "agent",
        "root_synthetic": False, "session_id": f"s{number // 3}", "agent": f"a{number % 20}", "model": f"m{number % 3}",
        "prompt_version": f"{number % 4}", "lifecycle": lifecycle, "status": "error" if number % 17 == 0 else "ok",
        "started_at_ns": started, "ended_at_ns": started + chance.randint(10**9, 10**11), "last_seen_ns": started,
        "spans": 20, "model_calls": 9, "tool_calls": 5, "retries": 0, "errors": 0, "depth": 3,
        "tokens": Tokens(chance.randint(1, 10**5), chance.randint(1, 10**4)),
        "cost": Cost(computed=chance.random(), source="priced"), "orphans": Orphans(), "tools": {"search": 3}, "models": {},
        "dialects": ("otel_genai",), "flags": (),
    }  # fmt: skip
    return Run(**values)


def measure(name: str, work: Callable[[int], object], times: int = 20) -> None:
    walls, cpus = [], []
    for number in range(times):
        cpu, wall = time.process_time(), time.perf_counter()
        work(number)
        walls.append((time.perf_counter() - wall) * 1e3)
        cpus.append((time.process_time() - cpu) * 1e3)
    walls.sort()
    cpus.sort()
    print(
        f"{name:<28} wall ms p50 {walls[times // 2]:7.1f}  p95 {walls[times * 19 // 20]:7.1f}  cpu ms p50 {cpus[times // 2]:7.1f}"
    )


def fill(store: DuckDBStore, spans: int, runs: int, batch: int, chance: random.Random) -> None:
    vocabulary = words(chance)
    walls, cpus = [], []
    for start in range(0, spans, batch):
        pairs = [pair(number, chance, vocabulary) for number in range(start, start + batch)]
        cpu, wall = time.process_time(), time.perf_counter()
        store.commit(Batch(pairs))
        walls.append((time.perf_counter() - wall) / batch * 1e6)
        cpus.append((time.process_time() - cpu) / batch * 1e6)
    count = len(walls)
    print(
        f"commit, µs a span: wall mean {sum(walls) / count:.1f}, p50 {sorted(walls)[count // 2]:.1f}, max {max(walls):.1f};",
        end=" ",
    )
    print(f"cpu mean {sum(cpus) / count:.1f}; {store.counts()['bytes_on_disk'] / spans:.0f} bytes a span on disk")
    for start in range(0, runs, 1000):
        store.put_runs([run(number, chance) for number in range(start, start + 1000)], [], settled_seq=0)


def reads(store: DuckDBStore, spans: int, runs: int, chance: random.Random) -> None:
    everything, end = RunFilter("default"), START_NS + runs * 100_000_000
    stored = min(runs, spans // SPANS_PER_TRACE)

    def one_raw(_: int) -> None:
        found = store.run_spans("default", f"run-{chance.randrange(stored)}")[1]
        store.spans_raw("default", [(found[0].trace_id, found[0].span_id)])

    some = [run(chance.randrange(runs), chance) for _ in range(500)]
    facets = ["agent", "model", "status", "lifecycle", "tenant", "prompt_version"]
    measure(
        "put_runs, 500 newest", lambda _: store.put_runs([run(runs - n, chance) for n in range(500)], [], settled_seq=0)
    )
    measure("put_runs, 500 anywhere", lambda _: store.put_runs(some, [], settled_seq=0))
    measure("get_run", lambda _: store.get_run("default", f"run-{chance.randrange(runs)}"))
    measure("run_spans", lambda _: store.run_spans("default", f"run-{chance.randrange(stored)}"))
    measure("run_spans and one raw", one_raw)
    measure("list_runs, 50 newest", lambda _: store.list_runs(everything, sort="started_at", cursor=None, limit=50))
    measure(
        "list_runs, 500 by tokens", lambda _: store.list_runs(everything, sort="tokens_total", cursor=None, limit=500)
    )
    measure("facets, 6", lambda _: store.facets(everything, facets, limit=20))
    measure("fleet, 60 minutes", lambda _: store.fleet("default", end - HOUR_NS, end))
    measure("cohorts, 60 minutes", lambda _: store.cohorts("default", end - HOUR_NS, end, ["agent", "model"], limit=50))
    measure("trace_keys", lambda _: list(store.trace_keys()), 3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    for name, default in (("spans", 1_000_000), ("runs", 50_000), ("batch", 10_000)):
        parser.add_argument(f"--{name}", type=int, default=default)
    given = parser.parse_args()
    chance = random.Random(7)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "telemetry.duckdb"
        store = DuckDBStore(path, options=DuckDBOptions(), clock=SystemClock())
        fill(store, given.spans, given.runs, given.batch, chance)
        reads(store, given.spans, given.runs, chance)
        store.close()
        before = time.perf_counter()
        DuckDBStore(path, options=DuckDBOptions(), clock=SystemClock()).close()
        print(f"open and close again: {time.perf_counter() - before:.2f} s")


if __name__ == "__main__":
    main()
