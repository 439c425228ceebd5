"""Tampering with any record is found: every field of every record, any gap, any order, any end."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from quarterdeck.errors import BadInput
from quarterdeck.model.documents import Head, Record
from quarterdeck.records import Ledger, seal, verify
from quarterdeck.store.memory import MemoryDocumentStore
from quarterdeck.store.sql.documents import SqlDocumentStore
from quarterdeck.store.sql.engine import open_engine
from quarterdeck.store.sql.options import SqlOptions


def chain(n: int = 4) -> list[Record]:
    made: list[Record] = []
    head = Head(0, "")
    for at in range(n):
        body = {"grade": at, "words": "“läuft”\n"}
        made.append(seal("p", "incidents", head, kind="graded", about="i1", by="ann", body=body, at_ns=at))
        head = Head(made[-1].seq, made[-1].hash)
    return made


def test_a_chain_as_written_holds() -> None:
    records = chain()
    assert verify(records) is None
    assert verify(records, Head(4, records[-1].hash)) is None
    assert verify([]) is None


@pytest.mark.parametrize("field", Record._fields)
@pytest.mark.parametrize("at", range(4))
def test_any_field_of_any_record(field: str, at: int) -> None:
    records = chain()
    value: Any = getattr(records[at], field)
    records[at] = records[at]._replace(**{field: value + 1 if isinstance(value, int) else value + "x"})
    found = verify(records)
    assert found is not None
    assert found.seq >= at + 1


def test_any_gap_order_and_end() -> None:
    records = chain()
    head = Head(4, records[-1].hash)
    for at in range(4):
        assert verify(records[:at] + records[at + 1 :], head) is not None
    for order in permutations(records):
        assert (verify(order) is None) == (list(order) == records)
    assert verify(records[:2]) is None, "an end that was cut is seen only by who noted the head"
    assert verify(records[:2], head) is not None


def test_another_content_under_the_same_number_is_seen_by_who_noted_the_head() -> None:
    other = seal("p", "incidents", Head(0, ""), kind="graded", about="i1", by="bob", body={}, at_ns=0)
    found = verify([other], Head(1, chain()[0].hash))
    assert found is not None
    assert "another record" in found.because


@pytest.mark.parametrize("body", [{"x": float("nan")}, {"x": object()}, {"x": "y" * 1_000_001}])
def test_what_json_cannot_say_or_is_too_large_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(BadInput):
        seal("p", "c", Head(0, ""), kind="k", about="a", by="b", body=body, at_ns=0)


def _memory(_: Path) -> tuple[MemoryDocumentStore, Callable[[], None]]:
    return MemoryDocumentStore(), lambda: None


def _sqlite(folder: Path) -> tuple[SqlDocumentStore, Callable[[], None]]:
    engine = open_engine(f"sqlite:///{folder / 'state.db'}", SqlOptions())
    return SqlDocumentStore(engine), engine.dispose


@pytest.mark.parametrize("opened", [_memory, _sqlite], ids=["memory", "sqlite"])
def test_many_writers_make_one_chain(opened: Callable[[Path], Any], tmp_path: Path) -> None:
    store, close = opened(tmp_path)
    ledger = Ledger(store, "incidents")

    def write(n: int) -> None:
        ledger.add("p", kind="noted", about=f"i{n % 3}", by="ann", body={"n": n}, at_ns=n)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(40)))
    assert [record.seq for record in ledger.read("p")] == list(range(1, 41))
    assert ledger.verify("p") is None
    assert {record.about for record in ledger.read("p", "i1")} == {"i1"}
    assert list(ledger.read("q")) == []
    close()
