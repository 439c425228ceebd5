"""Documents and chains: replaced whole, listed newest first, records never out of order; on every engine that keeps them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from quarterdeck.errors import BadInput, NotFound
from quarterdeck.model.documents import Document, Head, Record
from quarterdeck.store.documents import EMPTY, DocumentFilter
from quarterdeck.store.memory import MemoryDocumentStore
from quarterdeck.store.sql.documents import SqlDocumentStore
from quarterdeck.store.sql.engine import open_engine
from quarterdeck.store.sql.options import SqlOptions


def document(number: int = 1, **changes: Any) -> Document:
    plain = Document(
        "default", "incident", f"i{number}", "open", "sig", number, {"title": "“x”\n", "n": [1, None, 0.5]}
    )
    return plain._replace(**changes)


def _memory(_folder: Path) -> tuple[Any, Callable[[], None]]:
    return MemoryDocumentStore(), lambda: None


def _sqlite(folder: Path) -> tuple[Any, Callable[[], None]]:
    engine = open_engine(f"sqlite:///{folder / 'state.db'}", SqlOptions())
    return SqlDocumentStore(engine), engine.dispose


@pytest.fixture(params=[_memory, _sqlite], ids=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    made, close = request.param(tmp_path)
    yield made
    close()


def listed(store: Any, **where: Any) -> list[str]:
    asked = DocumentFilter(**{"project": "default", "kind": "incident", **where})
    return [one.id for one in store.list_documents(asked, cursor=None, limit=10)[0]]


def test_a_document_comes_back_and_is_replaced_whole(store: Any) -> None:
    store.put_documents([document()])
    assert store.get_document("default", "incident", "i1") == document()
    store.put_documents([document(state="closed", body={"title": "y"})])
    assert store.get_document("default", "incident", "i1") == document(state="closed", body={"title": "y"})
    with pytest.raises(NotFound, match="no incident has the id 'i2'"):
        store.get_document("default", "incident", "i2")
    with pytest.raises(NotFound):
        store.get_document("other", "incident", "i1")


def test_lists_are_by_kind_project_state_topic_and_time(store: Any) -> None:
    store.put_documents([document(n, state="open" if n % 2 else "closed", topic=f"t{n}") for n in range(1, 5)])
    store.put_documents([document(9, kind="mute"), document(8, project="other")])
    assert listed(store) == ["i4", "i3", "i2", "i1"]
    assert listed(store, states=("closed",)) == ["i4", "i2"]
    assert listed(store, topics=("t1", "t4")) == ["i4", "i1"]
    assert listed(store, since_ns=2, until_ns=4) == ["i3", "i2"]
    assert listed(store, kind="mute") == ["i9"]


def test_pages_go_on_where_they_ended(store: Any) -> None:
    store.put_documents([document(n, at_ns=5) for n in range(1, 8)])
    where, found, cursor = DocumentFilter("default", "incident"), [], None
    while True:
        page, cursor = store.list_documents(where, cursor=cursor, limit=3)
        found += [one.id for one in page]
        if cursor is None:
            break
    assert found == ["i7", "i6", "i5", "i4", "i3", "i2", "i1"]
    with pytest.raises(BadInput):
        store.list_documents(where, cursor="bm90IG91cnM", limit=3)


def test_documents_are_dropped(store: Any) -> None:
    store.put_documents([document(1), document(2)])
    assert store.drop_documents("default", "incident", ["i1", "i1", "i9"]) == 1
    assert listed(store) == ["i2"]


def test_a_record_follows_the_head_or_is_refused(store: Any) -> None:
    first = Record("p", "c", 1, 10, "k", "a", "ann", "{}", "", "h1")
    assert store.head_of("p", "c") == EMPTY
    assert store.add_record(first)
    assert not store.add_record(first)
    assert not store.add_record(first._replace(seq=3, previous="h1", hash="h3"))
    assert not store.add_record(first._replace(seq=2, previous="h0", hash="h2"))
    second = first._replace(seq=2, previous="h1", hash="h2", about="b")
    assert store.add_record(second)
    assert store.head_of("p", "c") == Head(2, "h2")
    assert store.read_records("p", "c", after_seq=0, limit=9) == [first, second]
    assert store.read_records("p", "c", after_seq=1, limit=9) == [second]
    assert store.read_records("p", "c", after_seq=0, limit=9, about="a") == [first]
    assert store.read_records("q", "c", after_seq=0, limit=9) == []
