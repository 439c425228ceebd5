"""What the API needs from the rest of the house, as one frozen argument.

The composition root fills it. The API opens no file, reads no setting and knows no engine: only this.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from prometheus_client import CollectorRegistry

from quarterdeck.api.drills import Drills
from quarterdeck.api.options import ApiOptions
from quarterdeck.clock import Clock
from quarterdeck.control.gateway.limits import LimitsNow
from quarterdeck.control.promises import PromiseDesk
from quarterdeck.errors import NotFound
from quarterdeck.model.cardinality import LabelNow
from quarterdeck.model.health import IngestHealth
from quarterdeck.model.raw import RawSpan
from quarterdeck.model.runs import RunTree
from quarterdeck.model.spans import Span
from quarterdeck.observe.incidents.desk import IncidentDesk
from quarterdeck.observe.notifiers import Outboxes
from quarterdeck.observe.outcomes import OutcomeDesk
from quarterdeck.observe.privacy.counts import Tally
from quarterdeck.observe.privacy.options import PrivacyOptions
from quarterdeck.observe.runs.prices import Rates
from quarterdeck.observe.sampling.options import SamplingOptions
from quarterdeck.observe.signals.objectives.options import BurnOptions
from quarterdeck.observe.signals.options import SignalsOptions
from quarterdeck.observe.upkeep.again import HistoryJobs
from quarterdeck.observe.upkeep.erasure import Eraser
from quarterdeck.observe.upkeep.retention import Retainer
from quarterdeck.observe.watch import Watch
from quarterdeck.probes.desk import ProbeDesk
from quarterdeck.store.alerts import AlertStore
from quarterdeck.store.approvals import ApprovalStore
from quarterdeck.store.interface import KeyStore, TelemetryStore


def reported_cost(span: Span) -> float | None:
    """Dollars of a span when nobody prices spans: what its producer reported."""
    return span.cost_reported_usd


TokenRates = Callable[[str | None, str, int], Rates | None]
"""Dollars per million tokens of (provider, model) at a moment; None without a price."""


def no_rates(_provider: str | None, _model: str, _at_ns: int) -> Rates | None:
    """Prices of a server that has none."""
    return None


class Bills(Protocol):
    """Where the last bill of each project lies."""

    def keep(self, project: str, text: str, /) -> None: ...

    def last(self, project: str, /) -> str | None: ...


class NoBills:
    """Nowhere: a comparison lives as long as the process."""

    def keep(self, _project: str, _text: str, /) -> None:
        """Nothing to do."""

    def last(self, _project: str, /) -> str | None:
        return None


def always_ready() -> str | None:
    """Readiness of a server that has nothing to wait for."""
    return None


def no_labels(_project: str) -> Sequence[LabelNow]:
    """Labels of a server that keeps no book of them."""
    return ()


class UpkeepServices(NamedTuple):
    """Privacy and the life of data: what the routes about them use. `tombstones` answers how many there are."""

    eraser: Eraser
    retainer: Retainer
    history: HistoryJobs
    privacy: PrivacyOptions
    tally: Tally
    tombstones: Callable[[], int]


@dataclass(frozen=True, slots=True)
class ApiServices:
    """Everything that a route may use.

    `build_runs`, `conversation`, `mapped_by`, `notes` and `span_cost_usd` are bound functions of the observe rooms.
    `endpoints` maps api, otlp_http, otlp_grpc, gateway to an address or None. `require_key`: keys are demanded
    (a bind beyond loopback, or the setting). `ready` answers None, or
    why not. `storage_path` is shown in the health document. `default_project` is read by requests that name none.
    `sampling` is the policy in force and `sampling_key` the key of its draw; `labels` answers the cohort labels of a project.
    `burn` holds the objectives, `signals` the rules of the watch. `outcomes` takes posted outcomes in. None stands for what a server has not: `upkeep` and `outcomes` where nothing is
    stored for long (tests), `watch`, `alerts` and `drills` where nobody watches the fleet, `limits` where no gateway runs, `promises` where nothing is estimated, `incidents` where nothing is kept of them.
    """

    store: TelemetryStore
    keys: KeyStore
    clock: Clock
    build_runs: Callable[[Sequence[Span]], list[RunTree]]
    conversation: Callable[[RawSpan], dict[str, Any]]
    mapped_by: Callable[[RawSpan], dict[str, str]]
    notes: Callable[[RawSpan], dict[str, Any]]
    ingest_health: Callable[[], IngestHealth]
    endpoints: Mapping[str, str | None]
    require_key: bool
    webui_dir: Path | None
    version: str
    data_format: int
    started_ns: int
    metrics: CollectorRegistry
    span_cost_usd: Callable[[Span], float | None] = reported_cost
    token_rates: TokenRates = no_rates
    ready: Callable[[], str | None] = always_ready
    storage_path: str | None = None
    default_project: str = "default"
    bills: Bills = field(default_factory=NoBills)
    sampling: SamplingOptions = field(default_factory=SamplingOptions)
    sampling_key: bytes = b""
    labels: Callable[[str], Sequence[LabelNow]] = no_labels
    upkeep: UpkeepServices | None = None
    outcomes: OutcomeDesk | None = None
    watch: Watch | None = None
    alerts: AlertStore | None = None
    notifiers: Outboxes | None = None
    approvals: ApprovalStore | None = None
    promises: PromiseDesk | None = None
    drills: Drills | None = None
    incidents: IncidentDesk | None = None
    probes: ProbeDesk | None = None
    limits: Callable[[], LimitsNow] | None = None
    burn: BurnOptions = field(default_factory=BurnOptions)
    signals: SignalsOptions = field(default_factory=SignalsOptions)
    options: ApiOptions = field(default_factory=ApiOptions)


def upkeep_of(services: ApiServices) -> UpkeepServices:
    """Raises NotFound on a server that keeps nothing."""
    if services.upkeep is None:
        msg = "this server keeps no data for long"
        raise NotFound(msg)
    return services.upkeep


def outcomes_of(services: ApiServices) -> OutcomeDesk:
    """Raises NotFound on a server that takes none."""
    if services.outcomes is None:
        msg = "this server takes no outcomes"
        raise NotFound(msg)
    return services.outcomes


def watch_of(services: ApiServices) -> Watch:
    """Raises NotFound on a server that does not watch the fleet."""
    if services.watch is None:
        raise NotFound(_NO_WATCH, mend=_WATCH_MEND)
    return services.watch


def alerts_of(services: ApiServices) -> AlertStore:
    """Raises NotFound on a server that does not watch the fleet."""
    if services.alerts is None:
        raise NotFound(_NO_WATCH, mend=_WATCH_MEND)
    return services.alerts


def probes_of(services: ApiServices) -> ProbeDesk:
    """Raises NotFound on a server that runs no probes."""
    if services.probes is None:
        msg = "this server runs no probes"
        raise NotFound(msg)
    return services.probes


def promises_of(services: ApiServices) -> PromiseDesk:
    """Raises NotFound on a server that promises nothing."""
    if services.promises is None:
        msg = "this server estimates nothing (promises.enabled)"
        raise NotFound(msg)
    return services.promises


def approvals_of(services: ApiServices) -> ApprovalStore:
    """Raises NotFound on a server that keeps no questions of agents."""
    if services.approvals is None:
        msg = "this server keeps no approvals"
        raise NotFound(msg)
    return services.approvals


def incidents_of(services: ApiServices) -> IncidentDesk:
    """Raises NotFound on a server that keeps no incidents."""
    if services.incidents is None:
        msg = "this server keeps no incidents"
        raise NotFound(msg)
    return services.incidents


def limits_of(services: ApiServices) -> Callable[[], LimitsNow]:
    """Raises NotFound on a server without a gateway."""
    if services.limits is None:
        msg = "this server runs no gateway"
        raise NotFound(msg, mend="start it with --gateway-port")
    return services.limits


_NO_WATCH, _WATCH_MEND = "this server does not watch the fleet", "set watch.enabled to true and start it again"
