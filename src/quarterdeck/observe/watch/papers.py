"""What people decided of alerts, as documents and as records of the chain `oncall`: dispositions, mutes, snoozes, forecasts.

Written before anything is changed by it. What stands is held in memory too, since it is asked for at every look. Not thread-safe.
Refuses: to change what ended.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, TypeVar

import msgspec

from quarterdeck.model.documents import Document
from quarterdeck.model.oncall import Disposition, Forecast, Mute, Snooze
from quarterdeck.model.signals import Keys
from quarterdeck.observe.watch.ports import Desk
from quarterdeck.observe.watch.words import Word
from quarterdeck.records import Ledger
from quarterdeck.store.documents import DocumentFilter

CHAIN = "oncall"
STANDING, ENDED = "standing", "ended"
_PAGE = 500
_ENDED_MAX = 1_000
"""What ended is held so far back, of one kind and project; the documents hold all."""

Kept = Disposition | Mute | Snooze | Forecast
_KINDS: dict[str, type[Any]] = {"disposition": Disposition, "mute": Mute, "snooze": Snooze, "forecast": Forecast}
Noun = TypeVar("Noun", Disposition, Mute, Snooze, Forecast)


class Paper(NamedTuple):
    """`noun`, what it is held to, and the streams that it is about: (cohort, signal)."""

    noun: Any
    words: tuple[Word, ...] = ()
    streams: tuple[tuple[Keys, str], ...] = ()


class Papers:
    """By project and kind, the newest last."""

    def __init__(self, store: Desk) -> None:
        self._store = store
        self._ledger = Ledger(store, CHAIN)
        self._held: dict[tuple[str, str], dict[str, Paper]] = {}

    def put(self, paper: Paper, *, act: str, by: str, at_ns: int) -> None:
        """Durable on return, with its record. Raises StoreFailed."""
        noun = paper.noun
        kind, key = _kind_of(noun), _id_of(noun)
        body = msgspec.to_builtins(_plain(paper))
        about = getattr(noun, "alert_id", key)
        state = STANDING if _stands(noun) else ENDED
        topic = getattr(noun, "signature", about)
        self._store.put_documents([Document(noun.project, kind, key, state, topic, noun.at_ns, body)])
        self._ledger.add(noun.project, kind=act, about=about, by=by, body=body, at_ns=at_ns)
        self._of(noun.project, kind)[key] = paper

    def forget(self, noun: Snooze) -> None:
        """A snooze is over: only its records stay."""
        self._store.drop_documents(noun.project, "snooze", [noun.alert_id])
        self._of(noun.project, "snooze").pop(noun.alert_id, None)

    def record(self, project: str, *, act: str, about: str, by: str, body: Mapping[str, Any], at_ns: int) -> None:
        """An act that changes no document."""
        self._ledger.add(project, kind=act, about=about, by=by, body=body, at_ns=at_ns)

    def all_of(self, project: str, kind: type[Noun]) -> list[Noun]:
        """The newest first."""
        found: list[Noun] = [paper.noun for paper in self._of(project, kind.__name__.lower()).values()]
        return sorted(found, key=lambda noun: noun.at_ns, reverse=True)

    def standing(self, project: str, kind: type[Noun]) -> list[Noun]:
        """Those that hold now."""
        return [noun for noun in self.all_of(project, kind) if _stands(noun)]

    def paper(self, noun: Kept) -> Paper:
        """With what belongs to it."""
        return self._of(noun.project, _kind_of(noun))[_id_of(noun)]

    def find(self, project: str, kind: type[Noun], key: str) -> Noun | None:
        paper = self._of(project, kind.__name__.lower()).get(key)
        return None if paper is None else paper.noun

    def _of(self, project: str, kind: str) -> dict[str, Paper]:
        held = self._held.get((project, kind))
        if held is None:
            held = self._held[project, kind] = self._read(project, kind)
        return held

    def _read(self, project: str, kind: str) -> dict[str, Paper]:
        """All that stands, and the newest of what ended."""
        found: list[Document] = []
        for state, most in ((STANDING, None), (ENDED, _ENDED_MAX)):
            cursor: str | None = None
            n = 0
            while True:
                where = DocumentFilter(project, kind, states=(state,))
                page, cursor = self._store.list_documents(where, cursor=cursor, limit=_PAGE)
                found += page
                n += len(page)
                if cursor is None or (most is not None and n >= most):
                    break
        return {document.id: _paper(kind, document.body) for document in sorted(found, key=lambda one: one.at_ns)}


def _stands(noun: Kept) -> bool:
    if isinstance(noun, Disposition | Mute):
        return noun.ended_ns is None
    return noun.real is None if isinstance(noun, Forecast) else True


def _kind_of(noun: Kept) -> str:
    return type(noun).__name__.lower()


def _id_of(noun: Kept) -> str:
    if isinstance(noun, Disposition):
        return noun.disposition_id
    if isinstance(noun, Mute):
        return noun.mute_id
    return noun.alert_id if isinstance(noun, Snooze) else f"{noun.alert_id}.{noun.at_ns}"


def _plain(paper: Paper) -> dict[str, Any]:
    noun = paper.noun
    fields = noun._asdict() if isinstance(noun, Snooze) else msgspec.to_builtins(noun)
    return {**fields, "words": [word.plain() for word in paper.words], "streams": [list(one) for one in paper.streams]}


def _paper(kind: str, body: Mapping[str, Any]) -> Paper:
    rest = {name: value for name, value in body.items() if name not in ("words", "streams")}
    plain: Any = [rest[name] for name in Snooze._fields] if kind == "snooze" else rest
    noun = msgspec.convert(plain, _KINDS[kind])
    words = tuple(Word.of(one) for one in body.get("words", ()))
    return Paper(noun, words, msgspec.convert(body.get("streams", ()), tuple[tuple[Keys, str], ...]))
