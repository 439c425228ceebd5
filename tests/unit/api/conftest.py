"""A deck in one process: real canonical form, real runs, the memory store, keys in SQLite; only time is fake."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from prometheus_client import CollectorRegistry

from quarterdeck.api import ApiServices, create_api
from quarterdeck.clock import FakeClock
from quarterdeck.model.health import IngestHealth
from quarterdeck.model.raw import RawSpan, Resource, Scope
from quarterdeck.observe.canonical import Canonicalizer, conversation, mapped_by, notes
from quarterdeck.observe.runs import PriceTable, build_runs, span_cost
from quarterdeck.store.duckdb import DuckDBOptions, DuckDBStore
from quarterdeck.store.interface import Batch, TelemetryStore
from quarterdeck.store.memory import MemoryStore
from quarterdeck.store.sql import SqlKeyStore

LOOPBACK = "http://127.0.0.1:4320"
SECOND = 10**9
NOW_NS = 1_795_503_600 * SECOND
"""2026-11-24T07:00:00Z."""


def raw_span(trace: int, span: int, parent: int = 0, /, *, project: str = "default", **changes: Any) -> RawSpan:
    """A client span of one second, `span` seconds before now; ids from numbers."""
    values: dict[str, Any] = {
        "project": project,
        "trace_id": f"{trace:032x}",
        "span_id": f"{span:016x}",
        "parent_span_id": f"{parent:016x}" if parent else "",
        "trace_state": "",
        "name": f"span {span}",
        "kind": 3,
        "start_ns": NOW_NS - (600 - span) * SECOND,
        "end_ns": NOW_NS - (599 - span) * SECOND,
        "status_code": 1,
        "status_message": "",
        "attributes": {},
        "events": (),
        "links": (),
        "resource": Resource({"service.name": "desk"}, ""),
        "scope": Scope("tests", "1", {}, ""),
    }
    return RawSpan(**(values | changes))


def agent_trace(trace: int, *, project: str = "default", failed: bool = False, session: str = "s1") -> list[RawSpan]:
    """An agent that calls a model and a tool; the tool fails when asked to."""
    bad = {"status_code": 2, "status_message": "no such order"} if failed else {}
    agent = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "support", "gen_ai.conversation.id": session}
    model = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-4o",
        "gen_ai.usage.input_tokens": 1000,
        "gen_ai.usage.output_tokens": 50,
        "gen_ai.input.messages": '[{"role":"user","parts":[{"type":"text","content":"<b>hi</b>"}]}]',
    }
    tool = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "lookup", "blob": b"\x00\xff"}
    return [
        raw_span(trace, 1, project=project, name="invoke support", attributes=agent, **bad),
        raw_span(trace, 2, 1, project=project, name="chat gpt-4o", attributes=model),
        raw_span(trace, 3, 1, project=project, name="lookup", attributes=tool, **bad),
    ]


class Client:
    """An HTTP client without a network: requests run on a loop of their own, from any thread."""

    def __init__(self, app: Any) -> None:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        self._http = httpx.AsyncClient(transport=transport, base_url=LOOPBACK)
        self._running = start_blocking_portal()
        self._portal: BlockingPortal = self._running.__enter__()

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        return self._portal.call(lambda: self._http.request(method, path, **options))

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.request("GET", path, **options)

    def close(self) -> None:
        self._portal.call(self._http.aclose)
        self._running.__exit__(None, None, None)


class Deck:
    """The parts a test may need, and `take` to let spans in the way the pipeline does."""

    def __init__(self, folder: Path, engine: str = "memory") -> None:
        self.clock = FakeClock(NOW_NS)
        self.store: TelemetryStore = MemoryStore()
        if engine == "duckdb":
            self.store = DuckDBStore(folder / "telemetry.duckdb", options=DuckDBOptions(), clock=self.clock)
        self.keys = SqlKeyStore(f"sqlite:///{folder / 'state.db'}", clock=self.clock)
        self.prices = PriceTable.shipped()
        self.health = IngestHealth()
        self.canonical = Canonicalizer(user_hash_key=b"k" * 32)
        self._clients: list[Client] = []

    def services(self, **changes: Any) -> ApiServices:
        services = ApiServices(
            store=self.store,
            keys=self.keys,
            clock=self.clock,
            build_runs=lambda spans: build_runs(spans, now_ns=self.clock.now_ns(), prices=self.prices),
            conversation=conversation,
            mapped_by=mapped_by,
            notes=notes,
            ingest_health=lambda: self.health,
            endpoints={"api": LOOPBACK, "otlp_http": "http://127.0.0.1:4318", "otlp_grpc": "127.0.0.1:4317"},
            require_key=False,
            webui_dir=None,
            version="0.1.0",
            data_format=1,
            started_ns=NOW_NS - 5 * SECOND,
            metrics=CollectorRegistry(),
            span_cost_usd=lambda span: span_cost(span, self.prices),
        )
        return replace(services, **changes)

    def client(self, **changes: Any) -> Client:
        return self.client_of(create_api(self.services(**changes)))

    def client_of(self, app: Any) -> Client:
        made = Client(app)
        self._clients.append(made)
        return made

    def close(self) -> None:
        for client in self._clients:
            client.close()
        self.store.close()
        self.keys.close()

    def take(self, raws: list[RawSpan]) -> list[str]:
        """Commit spans of one trace and write its runs; answers their ids."""
        spans = [self.canonical.canonicalize(raw) for raw in raws]
        unmapped = self.canonical.drain_unmapped(self.clock.now_ns())
        seq = self.store.commit(Batch(list(zip(spans, raws, strict=True)), unmapped=unmapped))
        trees = build_runs(spans, now_ns=self.clock.now_ns(), prices=self.prices)
        self.store.put_runs([tree.run for tree in trees], [], settled_seq=seq)
        return [tree.run.run_id for tree in trees]


@pytest.fixture
def engine() -> str:
    """The telemetry store behind the API; a test module may name others by parametrising `engine`."""
    return "memory"


@pytest.fixture
def deck(tmp_path: Path, engine: str) -> Iterator[Deck]:
    made = Deck(tmp_path, engine)
    yield made
    made.close()


@pytest.fixture
def client(deck: Deck) -> Client:
    return deck.client()


@pytest.fixture
def client_of(deck: Deck) -> Callable[[Any], Client]:
    """A client of any ASGI application."""
    return deck.client_of


@pytest.fixture
def trace() -> Callable[..., list[RawSpan]]:
    """`agent_trace` for test modules."""
    return agent_trace


@pytest.fixture
def raw() -> Callable[..., RawSpan]:
    """`raw_span` for test modules."""
    return raw_span


def check_problem(response: Any, status: int, code: str) -> dict[str, Any]:
    """The response is a problem of this status and code, and complete."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert set(body) == {"type", "title", "status", "detail", "code", "mend", "retry_after_s"}
    assert (body["status"], body["code"]) == (status, code)
    return body


@pytest.fixture
def problem() -> Callable[..., dict[str, Any]]:
    """`check_problem` for test modules."""
    return check_problem
