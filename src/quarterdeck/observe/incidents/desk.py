"""Where incidents are kept: every act is a record of the chain `incidents`, then the document is replaced.

Decisions are in `life` and `follow_up`; this does the reading and writing. A record names the document that it left behind by its
digest, so `verify` also finds a document that was changed past the desk. Refuses nothing by itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from threading import Lock
from typing import Any, Protocol

from quarterdeck.clock import Clock
from quarterdeck.errors import NotFound
from quarterdeck.model.documents import Document, Head
from quarterdeck.model.incidents import Incident, Seen
from quarterdeck.observe.incidents import exposure as exposures
from quarterdeck.observe.incidents.codec import KIND, document_of, incident_of
from quarterdeck.observe.incidents.follow_up import measured
from quarterdeck.observe.incidents.life import graded, opened
from quarterdeck.observe.incidents.opening import Draft, facts_from, incident_from
from quarterdeck.observe.incidents.options import IncidentOptions
from quarterdeck.observe.incidents.rubric import Rubric
from quarterdeck.records import Broken, Ledger
from quarterdeck.records.chain import canonical
from quarterdeck.store.documents import DocumentFilter, DocumentStore, RecordStore
from quarterdeck.store.interface import RunReader

CHAIN = "incidents"
_DAY_NS = 86_400 * 10**9
_RUNS_NAMED_MAX = 20
_EARLIER_MAX = 100
_PAGE = 500

Act = Callable[[Incident, int], Incident]
"""The incident and now, to the incident after it."""


class Documents(DocumentStore, RecordStore, Protocol):
    """Both halves of the store."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What a walk of the chain found. `broken` None = everything holds."""

    records: int
    head: Head
    broken: Broken | None


class IncidentDesk:
    """The incidents of every project. One act at a time in this process."""

    def __init__(
        self,
        documents: Documents,
        runs: RunReader,
        *,
        rubric: Rubric,
        options: IncidentOptions,
        clock: Clock,
        chance: Callable[[], str],
    ) -> None:
        """`chance` gives ids that nobody else has."""
        self._documents, self._runs, self._clock, self._chance = documents, runs, clock, chance
        self._ledger = Ledger(documents, CHAIN)
        self._options = options
        self._lock = Lock()
        self.rubric = rubric

    def open(self, project: str, draft: Draft) -> Incident:
        """Recorded, measured where it has a window, graded where facts are said. Raises BadInput, StoreFailed."""
        now_ns = self._clock.now_ns()
        found = incident_from(draft, project, self._chance(), self._starts(draft, project), now_ns)
        with self._lock:
            found = opened(found, self._earlier(found))
            found = self._measured(found, draft.by, now_ns)
            if draft.facts is not None:
                facts = facts_from(draft.facts, found, found.exposure)
                found = graded(found, facts, self.rubric, by=draft.by, at_ns=now_ns, approver=None, replays=None)
            self._keep(None, found, draft.by, now_ns)
        return found

    def act(self, project: str, incident_id: str, by: str, act: Act) -> Incident:
        """One act, recorded. Raises NotFound, and what the act refuses; then nothing has happened."""
        with self._lock:
            before = self.get(project, incident_id)
            now_ns = self._clock.now_ns()
            after = act(before, now_ns)
            self._keep(before, after, by, now_ns)
        return after

    def grade(
        self,
        project: str,
        incident_id: str,
        document: Mapping[str, Any],
        *,
        by: str,
        approver: str | None = None,
        replays: Seen | None = None,
    ) -> Incident:
        """One more grade. Raises BadInput, DowngradeRefused."""

        def act(incident: Incident, now_ns: int) -> Incident:
            facts = facts_from(document, incident, incident.exposure)
            return graded(incident, facts, self.rubric, by=by, at_ns=now_ns, approver=approver, replays=replays)

        return self.act(project, incident_id, by, act)

    def measure(self, project: str, incident_id: str, by: str) -> Incident:
        """Counted again: who is exposed, and the fields that runs tell. Raises BadInput without a window."""

        def act(incident: Incident, now_ns: int) -> Incident:
            exposures.slice_of(incident)
            return self._measured(incident, by, now_ns)

        return self.act(project, incident_id, by, act)

    def get(self, project: str, incident_id: str) -> Incident:
        """Raises NotFound."""
        return incident_of(self._documents.get_document(project, KIND, incident_id))

    def list_incidents(
        self, project: str, states: Sequence[str], severities: Sequence[int], *, cursor: str | None, limit: int
    ) -> tuple[list[Incident], str | None]:
        """Newest first. Pages that hold none of the severities are passed over."""
        where = DocumentFilter(project, KIND, states=tuple(states))
        while True:
            page, cursor = self._documents.list_documents(where, cursor=cursor, limit=limit)
            found = [one for one in map(incident_of, page) if not severities or one.severity in severities]
            if found or cursor is None:
                return found, cursor

    def affected(self, project: str, incident_id: str) -> Iterator[exposures.Affected]:
        """Session by session. Raises NotFound, BadInput without a window, TooLarge."""
        return exposures.affected(self._runs, self.get(project, incident_id), self._options.affected_runs_max)

    def verify(self, project: str) -> Checked:
        """Walk the chain, and hold every document against the last record about it."""
        head = self._documents.head_of(project, CHAIN)
        broken = self._ledger.verify(project)
        return Checked(head.seq, head, broken or self._changed(project))

    def _changed(self, project: str) -> Broken | None:
        left = {record.about: record for record in self._ledger.read(project)}
        kept = {document.id: document for document in self._all(project)}
        for about, record in left.items():
            if about not in kept:
                return Broken(record.seq, f"the incident {about} is gone")
            if json.loads(record.body)["document"] != _digest(kept[about].body):
                return Broken(record.seq, f"the incident {about} is not what its last record left")
        strange = next((id_ for id_ in kept if id_ not in left), None)
        return None if strange is None else Broken(0, f"no record tells of the incident {strange}")

    def _all(self, project: str) -> Iterator[Document]:
        cursor: str | None = None
        while True:
            page, cursor = self._documents.list_documents(DocumentFilter(project, KIND), cursor=cursor, limit=_PAGE)
            yield from page
            if cursor is None:
                return

    def _keep(self, before: Incident | None, after: Incident, by: str, now_ns: int) -> None:
        """The record first: what is not in the chain has not happened."""
        document = document_of(after)
        told = after.events[0 if before is None else len(before.events) :]
        acts = [{"what": one.what, "words": one.words} for one in told]
        body: dict[str, Any] = {"acts": acts, "document": _digest(document.body)}
        if after.grades != (() if before is None else before.grades):
            body["grade"] = document.body["grades"][-1]
        self._ledger.add(after.project, kind=told[0].what, about=after.incident_id, by=by, body=body, at_ns=now_ns)
        self._documents.put_documents([document])

    def _measured(self, incident: Incident, by: str, now_ns: int) -> Incident:
        if incident.from_ns is None:
            return incident
        found = exposures.exposure_of(self._runs, incident, now_ns)
        fields = exposures.fields_from_runs(self._runs, incident, by)
        words = exposures.in_words(found, exposures.widened_by(incident))
        return measured(incident, found, fields, words=words, by=by, at_ns=now_ns)

    def _earlier(self, incident: Incident) -> tuple[str, ...]:
        """Incidents of its signature that were opened within the time that settings name; newest first."""
        if not incident.signature:
            return ()
        since_ns = incident.opened_ns - int(self._options.repeat_days * _DAY_NS)
        where = DocumentFilter(incident.project, KIND, topics=(incident.signature,), since_ns=since_ns)
        page, _ = self._documents.list_documents(where, cursor=None, limit=_EARLIER_MAX)
        return tuple(document.id for document in page)

    def _starts(self, draft: Draft, project: str) -> list[int]:
        named = draft.alert.findings[0].run_ids if draft.alert and draft.alert.findings else ()
        found = []
        for run_id in named[:_RUNS_NAMED_MAX]:
            with suppress(NotFound):  # erased, or older than retention
                found.append(self._runs.get_run(project, run_id).started_at_ns)
        return found


def _digest(body: Mapping[str, Any]) -> str:
    return sha256(canonical(body).encode("utf-8", "surrogatepass")).hexdigest()
