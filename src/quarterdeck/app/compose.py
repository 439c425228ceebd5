"""Which room gets which engine: builds the server's parts from settings, without starting any."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import structlog
from prometheus_client import CollectorRegistry

import quarterdeck.api
from quarterdeck import __version__
from quarterdeck.api import create_api
from quarterdeck.api.services import ApiServices, UpkeepServices
from quarterdeck.app import data_dir
from quarterdeck.app.access import KeyAuthenticator
from quarterdeck.app.bills import BillFolder
from quarterdeck.app.bodies import Bodies, bodies_parts
from quarterdeck.app.digest import shift_digests
from quarterdeck.app.drills import DrillDesk, drill_desk
from quarterdeck.app.gateway import GatewayParts
from quarterdeck.app.incidents import incident_desk
from quarterdeck.app.privacy import PrivacyParts, privacy_parts
from quarterdeck.app.probes import probe_desk
from quarterdeck.app.promises import promise_desk
from quarterdeck.app.upkeep import UpkeepParts, upkeep_parts
from quarterdeck.app.watch import WatchParts, watch_parts
from quarterdeck.clock import Clock
from quarterdeck.control.promises import PromiseDesk
from quarterdeck.errors import QuarterdeckError
from quarterdeck.model.health import IngestHealth
from quarterdeck.model.runs import Run, RunTree
from quarterdeck.model.spans import Span
from quarterdeck.observe.canonical import Canonicalizer, conversation, mapped_by, notes
from quarterdeck.observe.ingest.grpc import OtlpGrpc
from quarterdeck.observe.ingest.http import OtlpHttp
from quarterdeck.observe.outcomes import OutcomeDesk
from quarterdeck.observe.pipeline import Pipeline
from quarterdeck.observe.pipeline.gauges import IngestGauges
from quarterdeck.observe.runs import GapBook, PriceTable, build_runs, settle_runs, span_cost
from quarterdeck.observe.runs.prices import Rates
from quarterdeck.probes.desk import ProbeDesk
from quarterdeck.settings import Settings
from quarterdeck.store.approvals import ApprovalStore
from quarterdeck.store.duckdb import DATA_FORMAT, DuckDBStore
from quarterdeck.store.interface import KeyStore, TelemetryStore
from quarterdeck.store.sql.approvals import SqlApprovalStore
from quarterdeck.store.sql.keys import SqlKeyStore
from quarterdeck.store.sql.tombstones import SqlTombstones
from quarterdeck.store.upkeep import TombstoneStore

STORE_FILE = "telemetry.duckdb"


class Deck(NamedTuple):
    """The parts of a server, joined and not yet started (the store is open)."""

    store: TelemetryStore
    pipeline: Pipeline
    bodies: Bodies
    upkeep: UpkeepParts
    watch: WatchParts
    drills: DrillDesk | None
    promises: PromiseDesk | None
    probes: ProbeDesk
    gateway: GatewayParts | None
    api: Any
    otlp_http: OtlpHttp
    otlp_grpc: OtlpGrpc


def key_store(settings: Settings, folder: Path) -> KeyStore:
    """The operational state named by the settings, else `state.db` in the data folder."""
    url = settings.sql.url
    address = url.get_secret_value() if url is not None else f"sqlite:///{folder / 'state.db'}"
    return SqlKeyStore(address, options=settings.sql)


def compose(
    settings: Settings,
    folder: Path,
    keys: KeyStore,
    endpoints: Mapping[str, str | None],
    clock: Clock,
    *,
    require_key: bool,
) -> Deck:
    """Open the store and join the rooms. Raises DataDirInUse, DataFormatTooNew, BadFile (a price table), and what a gateway raises."""
    log = structlog.get_logger()
    registry = CollectorRegistry()
    gauges = IngestGauges(registry)
    runs = _runs(settings, clock)
    hash_key = data_dir.hash_key(folder)
    ledger = _ledger(keys)
    erased = [row.digest for row in ledger.tombstones() if row.kind != "user"]
    privacy = privacy_parts(settings.privacy, hash_key, registry, erased)
    gateway = _gateway(settings, clock, registry)
    store = DuckDBStore(folder / STORE_FILE, options=settings.duckdb, clock=clock)
    watch = watch_parts(
        settings, folder, store=store, keys=keys, clock=clock, registry=registry, log=log, endpoints=endpoints,
        breaker=None if gateway is None else gateway.server.stops,
    )  # fmt: skip
    probes = probe_desk(
        settings, folder, store=store, keys=keys, gateway=gateway, clock=clock, registry=registry, log=log
    )
    desk = promise_desk(settings, folder, store=store, trees=runs.trees, clock=clock, registry=registry, log=log)
    bodies = bodies_parts(
        settings, folder, store=store, keys=keys, clock=clock, registry=registry, log=log,
        key=hash_key, build_runs=runs.summaries, trees=runs.trees, alerts=watch.alert_run_ids,
    )  # fmt: skip
    pipeline = Pipeline(
        store=bodies.store, canonical=Canonicalizer(user_hash_key=hash_key), build_runs=bodies.build_runs,
        gauges=gauges, clock=clock, ingest=settings.ingest, options=settings.pipeline, log=log, privacy=privacy.door,
    )  # fmt: skip
    drills = drill_desk(settings, keys, store=store, pipeline=pipeline, watch=watch, clock=clock, log=log)
    upkeep = upkeep_parts(
        settings, store=bodies.store, pipeline=pipeline, privacy=privacy, ledger=ledger, trees=runs.trees,
        hash_key=hash_key, clock=clock, log=log,
    )  # fmt: skip
    parts = _Parts(runs, pipeline, bodies, privacy, upkeep, watch, gateway, desk, drills, probes)
    services = _services(
        settings, folder, parts, keys=keys, endpoints=endpoints, clock=clock, registry=registry,
        require_key=require_key, store=store,
    )  # fmt: skip
    authenticator = KeyAuthenticator(keys, require_key=require_key, default_project=settings.serve.project)
    refused = partial(_refused, gauges, log)
    bodies.chores.extend(shift_digests(settings, services))
    doors = (
        OtlpHttp(pipeline, authenticator, settings.ingest, partial(_hello, endpoints), refused),
        OtlpGrpc(pipeline, authenticator, settings.ingest, refused),
    )
    return Deck(store, pipeline, bodies, upkeep, watch, drills, desk, probes, gateway, create_api(services), *doors)


def _hello(endpoints: Mapping[str, str | None]) -> dict[str, str | None]:
    return {"service": "quarterdeck", "version": __version__, **endpoints}


def _gateway(settings: Settings, clock: Clock, registry: CollectorRegistry) -> GatewayParts | None:
    """None: no port is set."""
    if settings.gateway.port is None:
        return None
    return GatewayParts(settings, clock, project=settings.serve.project, registry=registry)


class _Parts(NamedTuple):
    """What was joined and the API shows, from before the API is there."""

    runs: _Runs
    pipeline: Pipeline
    bodies: Bodies
    privacy: PrivacyParts
    upkeep: UpkeepParts
    watch: WatchParts
    gateway: GatewayParts | None
    promises: PromiseDesk | None
    drills: DrillDesk | None
    probes: ProbeDesk


def _services(
    settings: Settings,
    folder: Path,
    parts: _Parts,
    *,
    keys: KeyStore,
    endpoints: Mapping[str, str | None],
    clock: Clock,
    registry: CollectorRegistry,
    require_key: bool,
    store: TelemetryStore,
) -> ApiServices:
    """What the API may use of all that was joined."""
    return ApiServices(
        store=store,
        keys=keys,
        clock=clock,
        build_runs=parts.runs.trees,
        conversation=conversation,
        mapped_by=mapped_by,
        notes=notes,
        ingest_health=lambda: _with_limits(
            parts.pipeline.health(), parts.bodies, parts.watch, parts.gateway, parts.promises, probes=parts.probes
        ),
        endpoints=endpoints,
        require_key=require_key,
        webui_dir=_page_folder(),
        version=__version__,
        data_format=DATA_FORMAT,
        started_ns=clock.now_ns(),
        metrics=registry,
        storage_path=str(folder / STORE_FILE),
        options=settings.api,
        span_cost_usd=parts.runs.cost_usd,
        token_rates=parts.runs.rates,
        default_project=settings.serve.project,
        bills=BillFolder(folder),
        sampling=settings.sampling,
        burn=settings.burn,
        signals=settings.signals,
        sampling_key=parts.bodies.key,
        labels=parts.bodies.book.now,
        outcomes=_desk(settings, parts.bodies, parts.pipeline, clock),
        watch=parts.watch.watch,
        promises=parts.promises,
        drills=parts.drills,
        probes=parts.probes,
        incidents=incident_desk(settings, keys=keys, store=store, clock=clock),
        alerts=parts.watch.alerts if settings.watch.enabled else None,
        notifiers=parts.watch.outboxes,
        approvals=_approvals(keys),
        limits=None if parts.gateway is None else parts.gateway.server.limits,
        upkeep=_upkeep_services(settings, parts.privacy, parts.upkeep),
    )


def _upkeep_services(settings: Settings, privacy: PrivacyParts, upkeep: UpkeepParts) -> UpkeepServices:
    return UpkeepServices(
        upkeep.eraser, upkeep.retainer, upkeep.history, settings.privacy, privacy.tally, privacy.tombstones.__len__
    )


def _desk(settings: Settings, bodies: Bodies, pipeline: Pipeline, clock: Clock) -> OutcomeDesk:
    """Where outcomes are posted; and from now on the sampler's thread puts what logs tell into spans."""
    parts = bodies.outcomes
    bodies.chores.append(lambda: parts.logged.settle(pipeline.errand))
    return OutcomeDesk(
        bodies.store, pipeline.errand, parts.names, options=settings.outcomes, clock=clock, gauges=parts.gauges
    )


def _with_limits(
    health: IngestHealth,
    bodies: Bodies,
    watch: WatchParts,
    gateway: GatewayParts | None,
    promises: PromiseDesk | None,
    *,
    probes: ProbeDesk,
) -> IngestHealth:
    own = () if gateway is None else gateway.limits()
    own = own if promises is None else (*own, *promises.limits())
    held = (*bodies.book.limits(), *bodies.sampler.limits(), *watch.limits(), *probes.limits(), *own)
    return replace(health, limits=(*health.limits, *held))


def _approvals(keys: KeyStore) -> ApprovalStore:
    """Approvals lie beside the keys, in the operational state."""
    assert isinstance(keys, SqlKeyStore)
    return SqlApprovalStore(keys.engine)


def _ledger(keys: KeyStore) -> TombstoneStore:
    """Tombstones lie beside the keys, in the operational state."""
    assert isinstance(keys, SqlKeyStore)
    return SqlTombstones(keys.engine)


class _Runs(NamedTuple):
    """The functions of `observe.runs`, bound to the price table, the options and the clock."""

    trees: Callable[[Sequence[Span]], list[RunTree]]
    summaries: Callable[[Sequence[Span], int], list[Run]]
    cost_usd: Callable[[Span], float | None]
    rates: Callable[[str | None, str, int], Rates | None]


def _runs(settings: Settings, clock: Clock) -> _Runs:
    own_prices = settings.serve.prices_file
    prices = PriceTable.shipped() if own_prices is None else PriceTable.load(own_prices)
    options, gaps = settings.runs, GapBook()

    def trees(spans: Sequence[Span]) -> list[RunTree]:
        return build_runs(spans, now_ns=clock.now_ns(), prices=prices, options=options, gaps=gaps)

    def summaries(spans: Sequence[Span], now_ns: int) -> list[Run]:
        found, learned = settle_runs(spans, now_ns=now_ns, prices=prices, options=options, gaps=gaps)
        gaps.learn(learned)
        return found

    return _Runs(trees, summaries, partial(span_cost, prices=prices), prices.rates)


def _refused(gauges: IngestGauges, log: Any, error: QuarterdeckError | Exception) -> None:
    """What a door turned away is counted; what was our fault is logged too."""
    if isinstance(error, QuarterdeckError):
        gauges.refused(error.code)
    else:
        log.error("request_failed", error=repr(error), exc_info=error)


def _page_folder() -> Path | None:
    folder = Path(quarterdeck.api.__file__).parent / "webui" / "dist"
    return folder if (folder / "index.html").exists() else None
