"""The watch as the server joins it: with a webhook, without one, and switched off."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import structlog
from prometheus_client import CollectorRegistry

from quarterdeck.api.routes.alerts import _ALERT
from quarterdeck.api.wire.alert import NoticeOut
from quarterdeck.app.notify import Known, document_of, words_of
from quarterdeck.app.watch import WATCH_FILE, WatchParts, patrols, watch_parts
from quarterdeck.clock import FakeClock
from quarterdeck.observe.notifiers import Message
from quarterdeck.observe.oncall.options import OncallOptions
from quarterdeck.observe.signals import SignalsOptions
from quarterdeck.settings import Settings
from quarterdeck.store.memory import MemoryStore
from quarterdeck.store.sql import SqlKeyStore

API = "http://127.0.0.1:4320"


@pytest.fixture
def keys(tmp_path: Path) -> Iterator[SqlKeyStore]:
    made = SqlKeyStore(f"sqlite:///{tmp_path / 'state.db'}")
    yield made
    made.close()


def parts(folder: Path, keys: SqlKeyStore, registry: CollectorRegistry | None = None, **env: str) -> WatchParts:
    settings = Settings.load(env={f"QUARTERDECK_{name}": value for name, value in env.items()})
    return watch_parts(
        settings,
        folder,
        store=MemoryStore(),
        keys=keys,
        clock=FakeClock(),
        registry=registry or CollectorRegistry(),
        log=structlog.get_logger(),
        endpoints={"api": API},
    )


def test_it_starts_stops_and_leaves_its_memory(tmp_path: Path, keys: SqlKeyStore) -> None:
    made = parts(tmp_path, keys)
    assert made.watch is not None
    assert made.outboxes is None
    made.watch.tick(1)
    made.start()
    assert made.stop(30)
    assert (tmp_path / WATCH_FILE).exists()
    assert [limit.name for limit in made.limits()] == [
        "watch_taken",
        "watch_doubtful",
        "watch_waiting",
        "watch_words",
        "watch_projects",
    ]
    assert made.alert_run_ids() == frozenset()


def test_a_webhook_gets_a_box(tmp_path: Path, keys: SqlKeyStore) -> None:
    made = parts(tmp_path, keys, NOTIFY__WEBHOOK_URL="http://127.0.0.1:9/hook")
    assert made.outboxes is not None
    assert "notify_queue" in [limit.name for limit in made.limits()]
    made.start()
    assert made.stop(30)


def test_switched_off_there_is_no_watch(tmp_path: Path, keys: SqlKeyStore) -> None:
    made = parts(tmp_path, keys, WATCH__ENABLED="false", NOTIFY__WEBHOOK_URL="http://127.0.0.1:9/hook")
    made.start()
    assert (made.watch, made.outboxes, made.limits(), made.alert_run_ids(), made.stop(1)) == (
        None,
        None,
        (),
        set(),
        True,
    )


@pytest.mark.parametrize("event", ["firing", "resolved"])
def test_what_a_webhook_gets_is_what_the_api_answers(event: str) -> None:
    alert = replace(_ALERT, state="resolved", resolved_ns=_ALERT.updated_ns + 10**9, resolution="rolled back")
    known = Known(lambda _alert: "capability", lambda _alert: ())
    say = partial(words_of, API, known, OncallOptions())
    told = NoticeOut.model_validate_json(document_of(API, say, Message(_ALERT if event == "firing" else alert, event)))
    assert (told.event, told.link) == (event, f"{API}/alerts/{_ALERT.alert_id}")
    assert told.event_id.startswith(f"{_ALERT.alert_id}.{event}.")
    assert told.text == (_ALERT.title if event == "firing" else f"resolved: {_ALERT.title} (rolled back)")
    assert len(told.alert.events) == 3


def test_a_patrol_comes_back_from_its_own_form() -> None:
    made: Any = patrols(SignalsOptions())
    assert made.load("p", made.new("p").dump()).streams() == made.new("p").streams()
