"""Chains of bodies in the engine that has them: byte for byte what was sent, bounded, and really gone when dropped.

The property runs conversations of several sessions through one file: histories that grow, are cut, edited and repeated,
parts that are made ahead and thrown away, commits that fail, and the file opened anew in between.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pytest
import zstandard
from hypothesis import example, given, settings
from hypothesis import strategies as st

from quarterdeck.clock import FakeClock
from quarterdeck.errors import StoreFailed
from quarterdeck.model.bodies import BodyDecision
from quarterdeck.model.raw import Absent, RawEvent, RawSpan
from quarterdeck.model.reports import Rejection
from quarterdeck.model.spans import Span
from quarterdeck.store.bodies import without_bodies
from quarterdeck.store.duckdb import DuckDBOptions, DuckDBStore
from quarterdeck.store.duckdb.bodies.prefix import shared_chars
from quarterdeck.store.duckdb.bodies.window import CHAIN_MAX
from quarterdeck.store.interface import Batch

from .builders import START_NS, make_pair, make_run, span_id, trace_id

Pair = tuple[Span, RawSpan]
OPTIONS = DuckDBOptions(chunk_bytes=16_000, body_chunk_bytes=4_000, window_bytes=60_000)
TOO_LONG = Rejection("default", 2**70, "x", "a time that fits no column")


def opened(folder: Path, options: DuckDBOptions = OPTIONS) -> DuckDBStore:
    return DuckDBStore(folder / "telemetry.duckdb", options=options, clock=FakeClock())


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DuckDBStore]:
    with closing(opened(tmp_path)) as found:
        yield found


# Pieces of text that resemble messages: some alike, some with characters of every width, some that UTF-8 cannot hold.
PIECE = st.sampled_from(["user: hello ", "żółw ", "🦜 ", "\ud800 broken ", '{"role": "tool"} ', "x", "\x00"])
MESSAGE = st.tuples(PIECE, st.integers(1, 120)).map(lambda drawn: drawn[0] * drawn[1])


@dataclass
class Talk:
    """One session: its history so far, as text and as a list."""

    name: str | None
    messages: list[str] = field(default_factory=list)

    def attributes(self, *, as_list: bool) -> dict[str, Any]:
        history = list(self.messages) if as_list else "[" + ", ".join(self.messages) + "]"
        return {"n": len(self.messages), "input": history, "system": "You are helpful. " * 90, "short": "s"}


STEP = st.tuples(
    st.integers(0, 2),  # which session
    st.sampled_from(["grow", "grow", "grow", "cut", "edit", "repeat", "branch"]),
    MESSAGE,
    st.booleans(),  # as a list
    st.sampled_from(["loose", "ahead", "ahead", "thrown away", "fails", "event"]),
    st.booleans(),  # commit now
    st.integers(0, 19),  # 0: open anew
    st.sampled_from([None, None, None, "erase", "purge", "expire"]),
)


def change(talk: Talk, how: str, message: str) -> None:
    if how == "cut":
        del talk.messages[len(talk.messages) // 2 :]
    elif how == "edit" and talk.messages:
        talk.messages[len(talk.messages) // 2] = message
    elif how == "branch":
        talk.messages[:] = [*talk.messages[:1], message * 2]
    elif how != "repeat":
        talk.messages.append(message)


class Machine:
    """A store in a folder, what was committed to it, and parts that wait for their commit."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = opened(folder)
        self.sent: dict[tuple[str, str], RawSpan] = {}
        self.ahead: list[tuple[Any, Pair]] = []
        self.loose: list[Pair] = []
        self.owners: dict[tuple[str, str], str | None] = {}
        self.against: set[str] = set()
        self.number = 0

    def span(self, talk: Talk, where: str, *, as_list: bool) -> None:
        self.number += 1
        attributes = talk.attributes(as_list=as_list)
        raw: dict[str, Any] = {"attributes": attributes}
        if where == "event":
            raw = {"attributes": {}, "events": (RawEvent("gen_ai.choice", START_NS, attributes),)}
        pair = make_pair(1 + self.number % 3, self.number, session_id=talk.name, raw=raw)
        if where in ("loose", "event"):
            self.loose.append(pair)
            return
        part = self.store.prepare([pair])
        if where == "fails":
            with pytest.raises(Exception, match="column at_ns"):
                self.store.commit(Batch([], prepared=[part], rejections=[TOO_LONG]))
        elif where == "ahead":
            self.ahead.append((part, pair))

    def commit(self) -> None:
        # Those made ahead come first and in order, as the pipeline commits them.
        self.store.commit(Batch(self.loose, prepared=[part for part, _ in self.ahead]))
        for span, raw in [*self.loose, *(pair for _, pair in self.ahead)]:
            self.sent[raw.trace_id, raw.span_id] = raw
            self.owners[raw.trace_id, raw.span_id] = span.session_id
        self.ahead, self.loose = [], []

    def drop(self, how: str | None, talk: Talk) -> None:
        """Take bodies away while parts that build on them may wait."""
        if how == "erase" and self.sent:
            key = sorted(self.sent)[len(self.sent) // 2]
            assert self.store.erase_spans("default", [key]).spans == 1
            del self.sent[key], self.owners[key]
        elif how == "purge" and talk.name:
            self.against.add(talk.name)
            self.store.decide_bodies([BodyDecision("default", talk.name, False, 0.5, "reservoir", "", START_NS)])
            self.store.purge_bodies(decided_before_ns=START_NS + 1, limit=10)
            for key, owner in self.owners.items():
                if owner in self.against:
                    self.sent[key] = without_bodies(self.sent[key], "gone")
        elif how == "expire":
            before_ns = START_NS + self.number * 500
            self.store.expire_bodies("default", before_ns=before_ns)
            for key, raw in self.sent.items():
                if raw.start_ns < before_ns:
                    self.sent[key] = without_bodies(raw, "gone")

    def reopen(self) -> None:
        """What waits is lost, as after a crash."""
        self.store.close()
        self.ahead, self.loose = [], []
        self.store = opened(self.folder)

    def check(self) -> None:
        found = {key: same_reason(raw) for key, raw in self.store.spans_raw("default", list(self.sent)).items()}
        assert found == self.sent
        for key, raw in self.sent.items():
            assert list(found[key].attributes) == list(raw.attributes)
        pages = self.store.scan_spans("default", since_ns=None, until_ns=None, cursor=None, limit=10_000)
        assert {(raw.trace_id, raw.span_id): same_reason(raw) for _, raw in pages.items} == self.sent


def same_reason(raw: RawSpan) -> RawSpan:
    """What expired and was purged too has one reason or the other; here both are `gone`."""
    maps = [
        {name: Absent("gone", value.size) if isinstance(value, Absent) else value for name, value in held.items()}
        for held in (raw.attributes, *(event.attributes for event in raw.events))
    ]
    events = tuple(event._replace(attributes=held) for event, held in zip(raw.events, maps[1:], strict=True))
    return raw._replace(attributes=maps[0], events=events)


SHORT_BUT_NOT_IN_BYTES = [
    (0, "grow", "żółw " * 32, True, "loose", True, 1, None),
    (0, "grow", "user: hello ", False, "loose", True, 1, "purge"),
]
"""A list of one text that has fewer characters than a body must have, and more bytes."""


@settings(max_examples=25, deadline=None)
@example(steps=SHORT_BUT_NOT_IN_BYTES)
@given(steps=st.lists(STEP, min_size=1, max_size=30))
def test_what_was_sent_comes_back_whatever_happens_in_between(steps: list[Any]) -> None:
    with TemporaryDirectory() as folder:
        machine = Machine(Path(folder))
        talks = [Talk("a"), Talk("b"), Talk(None)]
        machine.store.put_runs(
            [make_run(n, session_id=name, trace_ids=()) for n, name in enumerate("ab")], [], settled_seq=0
        )
        for which, how, message, as_list, where, now, anew, dropped in steps:
            change(talks[which], how, message)
            machine.span(talks[which], where, as_list=as_list)
            if now:
                machine.commit()
            machine.drop(dropped, talks[which])
            if anew == 0:
                machine.reopen()
        machine.commit()
        machine.check()
        machine.reopen()
        machine.check()
        machine.store.close()


@given(shared=st.text(max_size=300), left=st.text(max_size=40), right=st.text(max_size=40))
def test_the_shared_beginning_is_found_exactly(shared: str, left: str, right: str) -> None:
    old, new = shared + left, shared + right
    expected = next((at for at, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    assert shared_chars(old, new) == expected


def turn(number: int, text: str, *, session: str = "s", trace: int = 1) -> Pair:
    start = START_NS + number
    return make_pair(trace, number, session_id=session, start_ns=start, raw={"attributes": {"input": text}})


def history(turns: int) -> str:
    return "[" + "".join(f"turn {n:04d} says something of some length, {n * 7919:08x}; " for n in range(turns)) + "]"


def test_a_chain_ends_and_begins_anew(store: DuckDBStore) -> None:
    pairs = [turn(n, history(30 + n)) for n in range(1, CHAIN_MAX + 20)]
    for start in range(0, len(pairs), 40):
        store.commit(Batch(pairs[start : start + 40]))
    keys = [(trace_id(1), span_id(n)) for n in range(1, len(pairs) + 1)]
    found = store.spans_raw("default", keys)
    assert [found[key].attributes["input"] for key in keys] == [raw.attributes["input"] for _, raw in pairs]
    whole = [number for number, text in bodies(store).items() if text.startswith("[turn 0000")]
    assert len(whole) == 2


def test_resent_histories_are_stored_once(store: DuckDBStore) -> None:
    for n in range(1, 101):
        store.commit(Batch([turn(n, history(20 + n))]))
    sent = sum(len(history(20 + n)) for n in range(1, 101))
    assert sum(map(len, bodies(store).values())) < sent / 40


def test_the_window_holds_no_more_than_it_may(tmp_path: Path) -> None:
    with closing(opened(tmp_path)) as store:
        for n in range(60):
            store.commit(Batch([turn(n + 1, f"{n}" + "x" * 5_000, session=f"s{n}")]))
            assert 0 < store.counts()["window_bytes"] <= OPTIONS.window_bytes
        assert store.counts()["window_bytes_max"] == OPTIONS.window_bytes


def test_without_a_window_every_text_stands_whole(tmp_path: Path) -> None:
    with closing(opened(tmp_path, DuckDBOptions(window_bytes=0))) as store:
        for n in (1, 2):
            store.commit(Batch([turn(n, history(40))]))
        assert list(bodies(store).values()) == [history(40)] * 2


@contextmanager
def looking(store: DuckDBStore) -> Iterator[Any]:
    with store._database.reader() as cursor:
        yield cursor


def unpacked(store: DuckDBStore, table: str) -> list[bytes]:
    """Every chunk of a table, decompressed."""
    with looking(store) as cursor:
        rows = cursor.execute(f"SELECT chunk_id, data FROM {table} ORDER BY chunk_id, piece").fetchall()
    whole: dict[int, bytes] = {}
    for chunk_id, data in rows:
        whole[chunk_id] = whole.get(chunk_id, b"") + data
    return [zstandard.ZstdDecompressor().decompress(data) for data in whole.values()]


def bodies(store: DuckDBStore) -> dict[int, str]:
    """What is stored of each body."""
    from quarterdeck.store.duckdb.bodies.chunks import read_chunk

    with looking(store) as cursor:
        rows = cursor.execute("SELECT chunk_id, list(data ORDER BY piece) FROM body_chunk GROUP BY chunk_id").fetchall()
    chunks = [read_chunk(b"".join(pieces)) for _, pieces in rows]
    return {record.number: record.rest for groups in chunks for _, records in groups for record in records}


def everything(store: DuckDBStore) -> bytes:
    """All that is in the file: every value of every table as text, and every chunk decompressed."""
    found = unpacked(store, "chunk") + unpacked(store, "body_chunk")
    with looking(store) as cursor:
        tables = cursor.execute("SELECT table_name FROM duckdb_tables() WHERE database_name = 'deck'").fetchall()
        for (table,) in tables:
            found += [repr(row).encode(errors="replace") for row in cursor.execute(f"FROM {table}").fetchall()]
    return b"\n".join(found)


SECRET = "the secret of turn two"


def conversation(store: DuckDBStore) -> list[Pair]:
    """Four turns of one session, of which the second says the secret, and one of another session."""
    texts = [
        history(40),
        history(40) + SECRET,
        history(45),
        history(45) + " and more",
    ]
    pairs = [turn(n, text) for n, text in enumerate(texts, 1)] + [
        turn(9, SECRET + "x" * 2_000, session="other", trace=2)
    ]
    for pair in pairs:
        store.commit(Batch([pair]))
    return pairs


def test_an_erased_text_is_in_no_chunk_and_what_built_on_it_is_whole(store: DuckDBStore) -> None:
    pairs = conversation(store)
    assert SECRET.encode() in everything(store)
    erased = store.erase_spans("default", [(trace_id(1), span_id(2)), (trace_id(2), span_id(9))])
    assert (erased.spans, erased.bodies) == (2, 2)
    left = everything(store)
    assert SECRET.encode() not in left
    assert span_id(9).encode() not in left
    keys = [(trace_id(1), span_id(n)) for n in (1, 3, 4)]
    assert store.spans_raw("default", keys) == {key: pairs[int(key[1]) - 1][1] for key in keys}


def test_an_erased_span_takes_its_old_forms_with_it(store: DuckDBStore) -> None:
    first = make_pair(1, 1, end_ns=0, raw={"attributes": {"input": SECRET + "x" * 400, "small": SECRET}})
    store.commit(Batch([first, make_pair(1, 2)]))
    store.commit(Batch([], replaced=[make_pair(1, 1)]))
    store.erase_spans("default", [(trace_id(1), span_id(1))])
    assert SECRET.encode() not in everything(store)
    assert (trace_id(1), span_id(2)) in store.spans_raw("default", [(trace_id(1), span_id(2))])


def test_reports_about_an_erased_span_go_too(store: DuckDBStore) -> None:
    told = Rejection("default", START_NS, "attribute_cut", SECRET, trace_id(7), span_id(7), "name")
    store.commit(Batch([make_pair(7, 7)], rejections=[told]))
    store.erase_spans("default", [(trace_id(7), span_id(7))])
    assert SECRET.encode() not in everything(store)


def test_dropped_sessions_leave_no_text(store: DuckDBStore) -> None:
    pairs = conversation(store)
    store.put_runs([make_run(1, session_id="s"), make_run(2, session_id="other")], [], settled_seq=0)
    store.decide_bodies([BodyDecision("default", "s", False, 0.1, "reservoir", "", START_NS)])
    assert store.purge_bodies(decided_before_ns=START_NS + 1, limit=5) == 4
    assert b"turn 0000" not in everything(store)
    other = (trace_id(2), span_id(9))
    assert store.spans_raw("default", [other])[other] == pairs[-1][1]


def test_expired_texts_leave_and_later_ones_stay_whole(store: DuckDBStore) -> None:
    pairs = conversation(store)
    assert store.expire_bodies("default", before_ns=START_NS + 3) == 2
    assert store.expire_bodies("default", before_ns=START_NS + 3) == 0
    found = store.spans_raw("default", [(trace_id(1), span_id(n)) for n in (1, 2, 3, 4)])
    texts = [raw.attributes["input"] for _, raw in sorted(found.items())]
    assert texts == [
        Absent("expired", len(history(40))),
        Absent("expired", len(history(40) + SECRET)),
        *(raw.attributes["input"] for _, raw in pairs[2:4]),
    ]
    assert len(bodies(store)) == 3


def test_what_is_made_ahead_of_a_drop_does_not_build_on_what_was_dropped(store: DuckDBStore) -> None:
    conversation(store)
    late = turn(5, history(60))
    part = store.prepare([late])
    store.erase_spans("default", [(trace_id(1), span_id(n)) for n in (1, 2, 3, 4)])
    store.commit(Batch([], prepared=[part]))
    key = (trace_id(1), span_id(5))
    assert store.spans_raw("default", [key])[key] == late[1]


def test_numbers_of_dropped_bodies_never_come_again(tmp_path: Path) -> None:
    with closing(opened(tmp_path)) as store:
        store.commit(Batch([turn(1, SECRET + "x" * 2_000)]))
        store.put_runs([make_run(1, session_id="s")], [], settled_seq=0)
        store.decide_bodies([BodyDecision("default", "s", False, 0.1, "reservoir", "", START_NS)])
        assert store.purge_bodies(decided_before_ns=START_NS + 1, limit=5) == 1
    with closing(opened(tmp_path)) as store:
        store.commit(Batch([turn(2, "y" * 2_000)]))
        keys = [(trace_id(1), span_id(n)) for n in (1, 2)]
        found = store.spans_raw("default", keys)
        assert [found[key].attributes["input"] for key in keys] == [
            Absent("sampled", len(SECRET) + 2_000),
            "y" * 2_000,
        ]


def test_a_body_that_is_missing_without_reason_is_a_damaged_file(store: DuckDBStore) -> None:
    store.commit(Batch([turn(1, history(40))]))
    with store._database.transaction() as cursor:
        cursor.execute("DELETE FROM body_chunk")
    with pytest.raises(StoreFailed, match="missing and was not dropped"):
        store.spans_raw("default", [(trace_id(1), span_id(1))])


def test_a_session_that_is_mapped_anew_keeps_its_bodies(store: DuckDBStore) -> None:
    pair = turn(1, history(40))
    store.commit(Batch([pair]))
    with store._database.transaction() as cursor:
        cursor.execute("UPDATE span SET session_id = 'another'")
    key = (trace_id(1), span_id(1))
    assert store.spans_raw("default", [key])[key] == pair[1]


# A file of format 1, as that version wrote it.


def old_chunk(rows: list[Any]) -> bytes:
    import msgspec

    packed = msgspec.msgpack.encode(([({"service.name": "desk"}, "")], [("scope.lib", "1.0", {}, "")], rows))
    return zstandard.ZstdCompressor().compress(packed)


def old_row(attributes: dict[str, Any]) -> list[Any]:
    events = [("e", START_NS, {"said": "in an event " * 40})]
    return [0, 0, attributes, events, [], "", 3, 1, "", None, None, None, None]


def old_file(path: Path) -> None:
    """Spans 1 to 3 of trace 1 and span 1 of trace 2; span 1 of trace 1 replaced an older form (row 0)."""
    from quarterdeck.store.duckdb.schema import BODY_DDL, prepare

    first = [old_row({"input": text}) for text in (SECRET * 20, "two " * 90, "three " * 60, "four " * 70)]
    chunks = {1: old_chunk(first), 2: old_chunk([old_row({"input": "new form " * 40})])}
    with duckdb.connect(str(path)) as connection:
        prepare(connection, created_at_ns=0)
        for statement in BODY_DDL:
            connection.execute(f"DROP TABLE {statement.split()[2]}")
        new_columns = [
            ("span", "tool_calls_requested"),
            ("span", "links"),
            ("span", "evaluations"),
            ("run", "weight"),
            ("run", "busy_s"),
            ("run", "links"),
            ("run", "tool_errors"),
            ("run", "written_seq"),
            *((table, name) for table in ("span", "run") for name in ("task_key", "promised")),
        ]
        connection.execute("DROP VIEW run_trace; DROP VIEW run_attribute; DROP TABLE outcome; DROP TABLE promise")
        for table, column in new_columns:
            connection.execute(f"ALTER TABLE {table} DROP COLUMN IF EXISTS {column}")
        connection.execute(
            "DELETE FROM meta WHERE key IN ('inline_chunk_max', 'written_seq', 'outcome_seq'); UPDATE meta SET value = '1' WHERE key = 'data_format'"
        )
        connection.execute("CREATE VIEW run_attribute AS SELECT run_id FROM run")
        for chunk_id, data in chunks.items():
            assert len(data) < 4_000
            connection.execute("INSERT INTO chunk VALUES (?, 0, ?)", [chunk_id, data])
        # Trace, span, commit (and chunk: one a commit), row.
        places = [(1, 1, 2, 0), (1, 2, 1, 1), (1, 3, 1, 2), (2, 1, 1, 3)]
        for trace, span, seq, index in places:
            made = make_pair(trace, span, session_id="s" if trace == 1 else None)[0]
            values = {
                name: getattr(made, name)
                for name in made._fields
                if name not in ("trace_id", "tool_calls_requested", "links", "evaluations", "task_key", "promised")
            }
            values |= {
                "trace_hi": 0, "trace_lo": trace, "span_id": span, "parent_span_id": 0, "scope_name": "scope.lib",
                "seq": seq, "chunk_id": seq, "chunk_index": index,
            }  # fmt: skip
            marks = ", ".join("?" * len(values))
            names = ", ".join(f'"{name}"' for name in values)
            connection.execute(f"INSERT INTO span ({names}) VALUES ({marks})", list(values.values()))
        for trace, seq in ((1, 1), (1, 2), (2, 1)):
            connection.execute("INSERT INTO trace_commit VALUES ('default', 0, ?, ?)", [trace, seq])


@pytest.fixture
def migrated(tmp_path: Path) -> Iterator[DuckDBStore]:
    old_file(tmp_path / "telemetry.duckdb")
    with closing(opened(tmp_path)) as store:
        yield store


def inputs(store: DuckDBStore) -> list[Any]:
    keys = [(trace_id(1), span_id(n)) for n in (1, 2, 3)] + [(trace_id(2), span_id(1))]
    found = store.spans_raw("default", keys)
    return [found[key].attributes["input"] for key in keys if key in found]


def test_a_file_of_format_1_is_read_and_written_on(migrated: DuckDBStore) -> None:
    assert inputs(migrated) == ["new form " * 40, "two " * 90, "three " * 60, "four " * 70]
    migrated.commit(Batch([turn(9, history(40))]))
    pages = migrated.scan_spans("default", since_ns=None, until_ns=None, cursor=None, limit=50)
    assert [raw.attributes["input"][:4] for _, raw in pages.items] == ["two ", "thre", "four", "new ", "[tur"]


def test_texts_of_format_1_are_dropped_in_their_rows(migrated: DuckDBStore) -> None:
    migrated.put_runs([make_run(1, session_id="s")], [], settled_seq=0)
    migrated.decide_bodies([BodyDecision("default", "s", False, 0.1, "reservoir", "", START_NS)])
    assert migrated.purge_bodies(decided_before_ns=START_NS + 1, limit=5) == 6
    assert inputs(migrated) == [Absent("sampled", 360)] * 3 + ["four " * 70]
    assert b"two two" not in everything(migrated)
    assert migrated.expire_bodies("default", before_ns=2 * START_NS) == 2
    assert inputs(migrated) == [Absent("sampled", 360)] * 3 + [Absent("expired", 350)]


def test_spans_of_format_1_are_erased_with_their_old_forms(migrated: DuckDBStore) -> None:
    assert SECRET.encode() in everything(migrated)
    erased = migrated.erase_spans("default", [(trace_id(1), span_id(1)), (trace_id(1), span_id(2))])
    assert (erased.spans, erased.bodies) == (2, 4)
    left = everything(migrated)
    assert SECRET.encode() not in left
    assert b"two two" not in left
    assert inputs(migrated) == ["three " * 60, "four " * 70]
