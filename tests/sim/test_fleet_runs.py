"""What the simulations take for the demo's runs is what the server's own rooms make of the demo's spans."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from tests.sim.fleet_runs import EPOCH_NS, PRICES, runs_over

from quarterdeck.clock import FakeClock
from quarterdeck.model.runs import Run
from quarterdeck.observe.canonical import Canonicalizer
from quarterdeck.observe.ingest.decode import Limits, decode
from quarterdeck.observe.runs import build_runs
from quarterdeck.observe.signals.kinds import SIGNALS
from quarterdeck.simulate.fleet import FleetPlan, FleetPlayer

UNTIL_S = 90.0
SAME = {
    "agent", "agent_version", "prompt_version", "model", "provider", "tenant", "environment", "feature", "task_class",
    "lifecycle", "status", "error_class", "outcome", "spans", "model_calls", "tool_calls", "retries", "errors", "tools",
    "models", "tool_errors",
}  # fmt: skip


def server_s_runs(plan: FleetPlan) -> dict[str, Run]:
    """The demo's spans through decoding, canonical form and trees; the finished runs by id."""
    clock, exporter = FakeClock(EPOCH_NS), InMemorySpanExporter()
    FleetPlayer(plan, SimpleSpanProcessor(exporter), clock).advance(UNTIL_S)
    now_ns = EPOCH_NS + int(UNTIL_S * 1e9)
    body = encode_spans(exporter.get_finished_spans()).SerializeToString()
    raw = decode(body, "protobuf", "default", Limits(10**6, 1000), now_ns).spans
    canonical = Canonicalizer(user_hash_key=b"key")
    built = build_runs([canonical.canonicalize(span) for span in raw], now_ns=now_ns, prices=PRICES)
    return {tree.run.run_id.rpartition("-")[0]: tree.run for tree in built if tree.run.lifecycle == "finished"}


def seen(run: Run) -> dict[str, Any]:
    said = {field.name: getattr(run, field.name) for field in fields(run) if field.name in SAME}
    signals = {signal.name: signal.of(run) for signal in SIGNALS}
    return said | {name: value if value is None else round(value, 4) for name, value in signals.items()}


def test_the_runs_in_virtual_time_are_those_that_the_server_makes_of_the_spans() -> None:
    plan = FleetPlan(seed=11, agents=60, changes_at_s=20.0)
    virtual = {run.run_id: run for _, run in runs_over(plan, 0.0, UNTIL_S)}
    real = server_s_runs(plan)
    assert len(real) > 100
    assert {run.prompt_version for run in real.values()} >= {"v6", "v7"}
    assert sorted(virtual) == sorted(real)
    for name, run in real.items():
        assert seen(virtual[name]) == seen(run), name
