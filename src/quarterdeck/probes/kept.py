"""Probes as documents, kind `probe`: topic = the alert, state as it stands.

Beside each open one lies a document of kind `probe_open` in no project: after a restart the server finds what to go on with.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_args

from quarterdeck.errors import NotFound, StoreFailed
from quarterdeck.model.documents import Document
from quarterdeck.model.probes import Pair, Probe, ProbeState
from quarterdeck.store.documents import DocumentFilter, DocumentStore

KIND = "probe"
_OPEN = "probe_open"
_NOWHERE = "*"
"""No project has this name: keys and requests name one by letters."""
_PAGE = 500
_NAMES = ("target", "by", "run_id", "input", "check", "pairs_max", "verdict", "because", "ended_ns")


def document_of(probe: Probe) -> Document:
    """As it is kept."""
    body: dict[str, Any] = {name: getattr(probe, name) for name in _NAMES}
    body["pairs"] = [list(pair) for pair in probe.pairs]
    return Document(probe.project, KIND, probe.probe_id, probe.state, probe.alert_id, probe.at_ns, body)


def probe_of(document: Document) -> Probe:
    """As it was. Raises StoreFailed for a document that is no probe."""
    if document.kind != KIND or document.state not in get_args(ProbeState):
        raise StoreFailed(f"document {document.id!r} is no probe")
    state: Any = document.state
    try:
        return Probe(
            project=document.project,
            probe_id=document.id,
            alert_id=document.topic,
            at_ns=document.at_ns,
            state=state,
            pairs=tuple(Pair(*pair) for pair in document.body["pairs"]),
            **{name: document.body[name] for name in _NAMES},
        )
    except (KeyError, TypeError, ValueError) as error:
        raise StoreFailed(f"document {document.id!r} is no probe") from error


class KeptProbes:
    """`home` tells servers apart that share one operational state: each goes on with its own."""

    def __init__(self, documents: DocumentStore, home: str) -> None:
        self._documents, self._home = documents, home

    def begin(self, probe: Probe) -> None:
        """Both documents as one."""
        mark = Document(_NOWHERE, _OPEN, probe.probe_id, "open", self._home, probe.at_ns, {"project": probe.project})
        self._documents.put_documents([mark, document_of(probe)])

    def keep(self, probe: Probe) -> None:
        """Durable on return; one that is over is no longer open."""
        self._documents.put_documents([document_of(probe)])
        if probe.state in ("done", "failed"):
            self._documents.drop_documents(_NOWHERE, _OPEN, [probe.probe_id])

    def get(self, project: str, probe_id: str) -> Probe:
        """Raises NotFound."""
        return probe_of(self._documents.get_document(project, KIND, probe_id))

    def listed(
        self, project: str, alert_id: str | None, *, cursor: str | None, limit: int
    ) -> tuple[Sequence[Probe], str | None]:
        """The newest first. Raises BadInput for a foreign cursor."""
        where = DocumentFilter(project, KIND, topics=() if alert_id is None else (alert_id,))
        found, following = self._documents.list_documents(where, cursor=cursor, limit=limit)
        return [probe_of(one) for one in found], following

    def open(self) -> list[Probe]:
        """Those to go on with, the oldest first."""
        where = DocumentFilter(_NOWHERE, _OPEN, topics=(self._home,))
        found: list[Probe] = []
        marks, _ = self._documents.list_documents(where, cursor=None, limit=_PAGE)
        for mark in reversed(marks):
            try:
                probe = self.get(mark.body["project"], mark.id)
            except NotFound:
                probe = None
            if probe is None or probe.state in ("done", "failed"):
                self._documents.drop_documents(_NOWHERE, _OPEN, [mark.id])
            else:
                found.append(probe)
        return found
