"""Joins incidents to where they are kept: beside the keys, in the operational state."""

from __future__ import annotations

from secrets import token_hex

from quarterdeck.clock import Clock
from quarterdeck.observe.incidents import load_rubric
from quarterdeck.observe.incidents.desk import IncidentDesk
from quarterdeck.settings import Settings
from quarterdeck.store.interface import KeyStore, TelemetryStore
from quarterdeck.store.sql.documents import SqlDocumentStore
from quarterdeck.store.sql.keys import SqlKeyStore

_ID_BYTES = 8


def incident_desk(settings: Settings, *, keys: KeyStore, store: TelemetryStore, clock: Clock) -> IncidentDesk:
    """Raises BadFile naming what is wrong with a rubric of the user's own."""
    assert isinstance(keys, SqlKeyStore)
    return IncidentDesk(
        SqlDocumentStore(keys.engine),
        store,
        rubric=load_rubric(settings.incidents.rubric_file),
        options=settings.incidents,
        clock=clock,
        chance=lambda: token_hex(_ID_BYTES),
    )
