"""Joins probes to their rooms: the store for inputs, documents, and the gateway's ledger."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry

from quarterdeck.app.gateway import GatewayParts
from quarterdeck.clock import Clock
from quarterdeck.control.admit.admission import Admission
from quarterdeck.control.admit.reservation import Reservation
from quarterdeck.control.gateway.http_client import origin_of
from quarterdeck.errors import BadInput
from quarterdeck.model.probes import ProbeCase
from quarterdeck.observe.canonical import conversation
from quarterdeck.probes.desk import ProbeDesk
from quarterdeck.probes.gauges import ProbeGauges
from quarterdeck.probes.kept import KeptProbes
from quarterdeck.probes.stored import case_of_run
from quarterdeck.settings import Settings
from quarterdeck.store.interface import KeyStore, TelemetryStore
from quarterdeck.store.sql.documents import SqlDocumentStore
from quarterdeck.store.sql.keys import SqlKeyStore

_ROOM_S_MAX = 60.0
"""A call that the ledger cannot start and end within this long comes again later: the thread is not held."""


class LedgerAdmitter:
    """An `Admitter` over the gateway's own ledger, for the providers that the gateway knows."""

    def __init__(self, admission: Admission, urls: tuple[str, ...]) -> None:
        self._admission = admission
        self._origins = {origin_of(url).name for url in urls}

    def leave(self, url: str, model: str, messages: Any, /) -> Reservation | None:
        """As `Admitter.leave`."""
        if origin_of(url).name not in self._origins:
            return None
        try:
            pending = self._admission.admit(
                model=model, messages=messages, agent="quarterdeck-probe", deadline_s=_ROOM_S_MAX
            )
        except BadInput:  # no account for this model
            return None
        return pending.wait()


def probe_desk(
    settings: Settings,
    folder: Path,
    *,
    store: TelemetryStore,
    keys: KeyStore,
    gateway: GatewayParts | None,
    clock: Clock,
    registry: CollectorRegistry,
    log: Any,
) -> ProbeDesk:
    """Not started yet."""
    assert isinstance(keys, SqlKeyStore)
    home = sha256(str(folder.resolve()).encode()).hexdigest()[:16]
    admitter = None
    if gateway is not None:
        admitter = LedgerAdmitter(
            gateway.server.admission, (settings.gateway.openai_url, settings.gateway.anthropic_url)
        )

    def case_of(project: str, run_id: str) -> ProbeCase:
        return case_of_run(store, conversation, project, run_id)

    return ProbeDesk(
        KeptProbes(SqlDocumentStore(keys.engine), home),
        settings.probes,
        case_of,
        clock=clock,
        gauges=ProbeGauges(registry),
        log=log,
        admitter=admitter,
    )
