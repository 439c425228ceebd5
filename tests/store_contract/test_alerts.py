"""Alerts: written whole, read as written, listed newest first, pruned; on every engine that keeps them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from quarterdeck.errors import BadInput, NotFound
from quarterdeck.model.alerts import Alert, AlertEvent
from quarterdeck.model.measured import Measured
from quarterdeck.model.signals import Deploy, Finding, SliceScore
from quarterdeck.store.alerts import AlertFilter, AlertStore
from quarterdeck.store.memory.alerts import MemoryAlertStore
from quarterdeck.store.sql.alerts import SqlAlertStore
from quarterdeck.store.sql.engine import open_engine
from quarterdeck.store.sql.options import SqlOptions

COHORT = (("agent", "support"), ("environment", None))
DEPLOY = Deploy(COHORT, "prompt_version", "v6", "v7", 1_700)
FINDING = Finding(
    project="default",
    kind="regression",
    state="reached",
    signal="failing",
    title="failing runs",
    unit="share of runs",
    lane="deploy",
    cohort=COHORT,
    stream_id="s1",
    evidence=31_000.5,
    threshold=12_000.0,
    at_ns=2_000,
    n=212,
    now=Measured(0.31, 0.25, 0.37, 212, "wilson"),
    before=Measured(None, None, None, 3, None, "3 of 20 runs", 20),
    where=DEPLOY.where,
    slices=(SliceScore(DEPLOY.where, 212, 0.31, 0.12, 14.5),),
    deploy=DEPLOY,
    run_ids=("r1", "r2"),
    wasted_usd=None,
    key="",
)


def make_alert(number: int = 1, **changes: Any) -> Alert:
    alert = Alert(
        project="default",
        alert_id=f"a{number:03d}",
        signature=f"sig{number}",
        kind="regression",
        state="firing",
        title=f"alert {number}: 31 % — “worse”",
        where=DEPLOY.where,
        findings=(FINDING,),
        opened_ns=1_000 + number,
        updated_ns=2_000,
        fired_ns=1_500,
        events=(AlertEvent(1_500, "firing", "31 % against 12 %"), AlertEvent(1_600, "closed", "known", "ann")),
    )
    return replace(alert, **changes)


def _memory(_folder: Path) -> tuple[AlertStore, Callable[[], None]]:
    return MemoryAlertStore(), lambda: None


def _sqlite(folder: Path) -> tuple[AlertStore, Callable[[], None]]:
    engine = open_engine(f"sqlite:///{folder / 'state.db'}", SqlOptions())
    return SqlAlertStore(engine), engine.dispose


@pytest.fixture(params=[_memory, _sqlite], ids=["memory", "sqlite"])
def alerts(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[AlertStore]:
    store, close = request.param(tmp_path)
    yield store
    close()


def ids(found: tuple[Any, str | None]) -> list[str]:
    return [alert.alert_id for alert in found[0]]


def test_an_alert_comes_back_as_it_was_written(alerts: AlertStore) -> None:
    alerts.put_alerts([make_alert()])
    assert alerts.get_alert("default", "a001") == make_alert()


def test_the_last_writing_counts_also_within_one_call(alerts: AlertStore) -> None:
    alerts.put_alerts([make_alert(), make_alert(state="pending")])
    alerts.put_alerts([make_alert(state="resolved", resolved_ns=9)])
    assert alerts.get_alert("default", "a001").state == "resolved"
    assert ids(alerts.list_alerts(AlertFilter("default"), cursor=None, limit=9)) == ["a001"]


def test_an_unknown_alert_and_one_of_another_project_are_not_found(alerts: AlertStore) -> None:
    alerts.put_alerts([make_alert()])
    for project, alert_id in (("default", "a002"), ("other", "a001"), ("default", "' OR 1=1 --")):
        with pytest.raises(NotFound, match="no alert"):
            alerts.get_alert(project, alert_id)


def test_a_list_is_the_newest_first_page_by_page(alerts: AlertStore) -> None:
    alerts.put_alerts([make_alert(n, opened_ns=1_000 + n // 2) for n in range(7)])
    where = AlertFilter("default")
    found, cursor, pages = [], None, 0
    while pages == 0 or cursor:
        page, cursor = alerts.list_alerts(where, cursor=cursor, limit=2)
        found += [alert.alert_id for alert in page]
        pages += 1
    assert found == [f"a{n:03d}" for n in reversed(range(7))]
    assert pages == 4


@pytest.mark.parametrize("cursor", ["", "nonsense", "WyJydW5zIiwicyIsMSwiciJd"])
def test_a_foreign_cursor_is_refused(alerts: AlertStore, cursor: str) -> None:
    with pytest.raises(BadInput, match="cursor"):
        alerts.list_alerts(AlertFilter("default"), cursor=cursor, limit=2)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ["a003", "a002", "a001"]),
        ({"states": ("firing",)}, ["a001"]),
        ({"states": ("pending", "resolved")}, ["a003", "a002"]),
        ({"kinds": ("loop",)}, ["a002"]),
        ({"signature": "sig3"}, ["a003"]),
        ({"since_ns": 1_002}, ["a003", "a002"]),
        ({"until_ns": 1_002}, ["a001"]),
        ({"states": ("firing",), "kinds": ("loop",)}, []),
    ],
)
def test_a_filter_takes_what_matches_all_of_it(
    alerts: AlertStore, changes: dict[str, Any], expected: list[str]
) -> None:
    alerts.put_alerts([make_alert(4, project="other"), make_alert(1), make_alert(2, kind="loop", state="pending")])
    alerts.put_alerts([make_alert(3, state="resolved", resolved_ns=3_000)])
    assert ids(alerts.list_alerts(AlertFilter("default", **changes), cursor=None, limit=9)) == expected


def test_open_alerts_are_those_of_all_projects_oldest_first(alerts: AlertStore) -> None:
    alerts.put_alerts([make_alert(3, state="pending"), make_alert(1, project="other"), make_alert(2, state="resolved")])
    assert [alert.alert_id for alert in alerts.open_alerts()] == ["a001", "a003"]


def test_pruning_takes_what_is_long_over_and_sooner_what_never_fired(alerts: AlertStore) -> None:
    alerts.put_alerts(
        [
            make_alert(1, state="resolved", resolved_ns=10),
            make_alert(2, state="resolved", resolved_ns=90),
            make_alert(3, state="resolved", resolved_ns=90, fired_ns=None),
            make_alert(4, state="resolved", resolved_ns=110, fired_ns=None),
            make_alert(5, state="pending", fired_ns=None),
        ]
    )
    assert alerts.prune_alerts(before_ns=50, never_fired_before_ns=100) == 2
    assert ids(alerts.list_alerts(AlertFilter("default"), cursor=None, limit=9)) == ["a005", "a004", "a002"]


def test_evidence_without_end_is_kept_as_the_largest_number(tmp_path: Path) -> None:
    store, close = _sqlite(tmp_path)
    store.put_alerts([make_alert(findings=(replace(FINDING, evidence=math.inf),))])
    assert store.get_alert("default", "a001").findings[0].evidence > 1e300
    close()


def test_alerts_are_there_after_a_restart(tmp_path: Path) -> None:
    store, close = _sqlite(tmp_path)
    store.put_alerts([make_alert(n) for n in range(3)])
    close()
    again, close = _sqlite(tmp_path)
    assert [alert.alert_id for alert in again.open_alerts()] == ["a000", "a001", "a002"]
    close()
