"""A real API over HTTP, in this process, with a few runs in a memory store: what the verbs talk to."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
import uvicorn
from prometheus_client import CollectorRegistry

from quarterdeck.api.app import create_api
from quarterdeck.api.routes.alerts import _ALERT
from quarterdeck.api.services import ApiServices
from quarterdeck.app.watch import patrols
from quarterdeck.cli import main
from quarterdeck.clock import SystemClock
from quarterdeck.model.health import IngestHealth
from quarterdeck.observe.alerts import AlertOptions
from quarterdeck.observe.canonical import Canonicalizer, conversation
from quarterdeck.observe.ingest import IngestOptions, decode
from quarterdeck.observe.ingest.checks import Limits
from quarterdeck.observe.outcomes import NameBook, OutcomeDesk, OutcomeGauges, OutcomeOptions
from quarterdeck.observe.runs import PriceTable, RunOptions, build_runs, summarise_runs
from quarterdeck.observe.signals.live import LiveRules
from quarterdeck.observe.signals.objectives import Objectives
from quarterdeck.observe.signals.options import SignalsOptions
from quarterdeck.observe.watch import Watch, WatchOptions
from quarterdeck.observe.watch.gauges import WatchGauges
from quarterdeck.store.interface import Batch
from quarterdeck.store.memory import MemoryStore
from quarterdeck.store.memory.alerts import MemoryAlertStore
from quarterdeck.store.memory.approvals import MemoryApprovalStore
from quarterdeck.store.memory.documents import MemoryDocumentStore
from quarterdeck.store.sql.keys import SqlKeyStore

SECOND = 1_000_000_000


class Answer(NamedTuple):
    """What a command did: its exit code and both streams."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """stdout as the one JSON document that it must be."""
        return json.loads(self.out)


@pytest.fixture
def quarterdeck(capfd: pytest.CaptureFixture[str]) -> Callable[..., Answer]:
    """Run the command line in this process."""

    def call(*words: str) -> Answer:
        capfd.readouterr()
        code = main(list(words))
        return Answer(code, *capfd.readouterr())

    return call


def otlp_span(
    trace: int, span: int, parent: int, name: str, attributes: dict[str, Any], *, at_s: float = 0, error: bool = False
) -> dict[str, Any]:
    """A finished span as OTLP JSON writes it; it starts `at_s` seconds after a fixed day and takes one second."""
    start = 1_760_000_000 * SECOND + int(at_s * SECOND)
    named = {"gen_ai.operation.name": name.split(maxsplit=1)[0], **attributes}
    return {
        "traceId": f"{trace:032x}",
        "spanId": f"{span:016x}",
        "parentSpanId": f"{parent:016x}" if parent else "",
        "name": name,
        "startTimeUnixNano": str(start),
        "endTimeUnixNano": str(start + SECOND),
        "status": {"code": 2 if error else 1},
        "attributes": [
            {"key": k, "value": {"intValue": str(v)} if isinstance(v, int) else {"stringValue": v}}
            for k, v in named.items()
        ],
    }


def agent_run(
    trace: int, agent: str, *, at_s: float = 0, error: bool = False, usage: bool = True
) -> list[dict[str, Any]]:
    """An agent span, a model call and a tool call below it."""
    used = {"gen_ai.usage.input_tokens": 100, "gen_ai.usage.output_tokens": 20} if usage else {}
    call = {"gen_ai.request.model": "gpt-4o", "gen_ai.provider.name": "openai", **used}
    return [
        otlp_span(trace, 1, 0, f"invoke_agent {agent}", {"gen_ai.agent.name": agent}, at_s=at_s, error=error),
        otlp_span(trace, 2, 1, "chat gpt-4o", call, at_s=at_s),
        otlp_span(trace, 3, 1, "execute_tool search", {"gen_ai.tool.name": "search"}, at_s=at_s),
    ]


def request_of(spans: list[dict[str, Any]]) -> dict[str, Any]:
    """One export request."""
    scope = {"name": "opentelemetry.instrumentation.trial", "version": "1"}
    return {"resourceSpans": [{"scopeSpans": [{"scope": scope, "spans": spans}]}]}


@pytest.fixture
def otlp_file(tmp_path: Path) -> Callable[..., str]:
    """Writes lines (export requests, or text as it is) to a file; answers its path."""

    def write(*lines: dict[str, Any] | str) -> str:
        path = tmp_path / "traces.jsonl"
        path.write_text("".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines))
        return str(path)

    return write


def filled_store(now_ns: int) -> MemoryStore:
    """Three runs of two agents; one of them failed."""
    store = MemoryStore()
    canonicalizer = Canonicalizer(user_hash_key=b"test")
    for trace, agent, error in ((1, "support", False), (2, "support", True), (3, "research", False)):
        body = json.dumps(request_of(agent_run(trace, agent, at_s=trace * 10.0, error=error))).encode()
        options = IngestOptions()
        limits = Limits(options.attribute_bytes_max, options.attributes_max)
        pairs = [
            (canonicalizer.canonicalize(raw), raw) for raw in decode(body, "json", "default", limits, now_ns).spans
        ]
        seq = store.commit(Batch(pairs))
        runs = summarise_runs([span for span, _ in pairs], now_ns=now_ns, prices=PriceTable.shipped())
        store.put_runs(runs, [], settled_seq=seq)
    return store


def kept_alerts() -> MemoryAlertStore:
    """The alert that the API's document shows, firing, and one that is over."""
    kept = MemoryAlertStore()
    over = replace(_ALERT, alert_id="over", state="resolved", resolved_ns=_ALERT.updated_ns, resolution="rolled back")
    kept.put_alerts([_ALERT, replace(over, opened_ns=1)])
    return kept


def _at_once(act: Callable[[Any], Any]) -> Future[Any]:
    """An errand where nothing else is under way."""
    future: Future[Any] = Future()
    future.set_result(act(None))
    return future


def services(folder: Path) -> ApiServices:
    """The API's needs, each the real thing; nothing is ingested here, so the way in has nothing to report."""
    clock = SystemClock()
    prices = PriceTable.shipped()
    store = filled_store(clock.now_ns())
    alerts = kept_alerts()
    watch = Watch(
        feed=store, alerts=alerts, patrols=patrols(SignalsOptions()), live=LiveRules(), objectives=Objectives(),
        options=WatchOptions(), alert_options=AlertOptions(), gauges=WatchGauges(CollectorRegistry()), clock=clock,
        log=SimpleNamespace(error=print, warning=print), desk=MemoryDocumentStore(),
    )  # fmt: skip
    for later_s in (0, 3_600, 7_200):  # runs wait for those that started before them
        watch.tick(clock.now_ns() + later_s * 10**9)
    desk = OutcomeDesk(
        store, _at_once, NameBook(store, OutcomeOptions()),
        options=OutcomeOptions(), clock=clock, gauges=OutcomeGauges(CollectorRegistry()),
    )  # fmt: skip
    return ApiServices(
        store=store,
        outcomes=desk,
        alerts=alerts,
        approvals=MemoryApprovalStore(),
        watch=watch,
        keys=SqlKeyStore(f"sqlite:///{folder / 'state.db'}"),
        clock=clock,
        build_runs=lambda spans: build_runs(spans, now_ns=clock.now_ns(), prices=prices, options=RunOptions()),
        conversation=conversation,
        mapped_by=lambda _raw: {},
        notes=lambda _raw: {},
        ingest_health=IngestHealth,
        endpoints={"api": None, "otlp_http": None, "otlp_grpc": None, "gateway": None},
        require_key=False,
        webui_dir=None,
        version="0",
        data_format=1,
        started_ns=clock.now_ns(),
        metrics=CollectorRegistry(),
    )


class _Server(uvicorn.Server):
    """Says when it listens, or that it never will."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.settled = threading.Event()

    async def startup(self, sockets: Any = None) -> None:
        try:
            await super().startup(sockets=sockets)
        finally:
            self.settled.set()


@pytest.fixture(scope="session")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a running API."""
    given = services(tmp_path_factory.mktemp("api"))
    server = _Server(uvicorn.Config(create_api(given), host="127.0.0.1", port=0, log_level="warning", ws="none"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        assert server.settled.wait(180)
        assert server.started
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(180)
        given.keys.close()  # type: ignore[attr-defined]


class Otlp(NamedTuple):
    """The makers above, for tests in other files."""

    span: Callable[..., dict[str, Any]]
    agent_run: Callable[..., list[dict[str, Any]]]
    request: Callable[..., dict[str, Any]]


@pytest.fixture
def otlp() -> Otlp:
    return Otlp(otlp_span, agent_run, request_of)
