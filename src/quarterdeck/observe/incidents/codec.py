"""Incidents as documents: what the store keeps, and back. Refuses a document that is no incident."""

from __future__ import annotations

from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from quarterdeck.errors import StoreFailed
from quarterdeck.model.documents import Document
from quarterdeck.model.incidents import Incident

KIND: Final = "incident"
_INCIDENT: TypeAdapter[Any] = TypeAdapter(Incident)


def document_of(incident: Incident) -> Document:
    """Listed by state, by signature and by when it was opened."""
    body = _INCIDENT.dump_python(incident, mode="json")
    return Document(
        incident.project, KIND, incident.incident_id, incident.state, incident.signature, incident.opened_ns, body
    )


def incident_of(document: Document) -> Incident:
    """Raises StoreFailed naming the key that is wrong: a document that something else wrote."""
    try:
        found: Incident = _INCIDENT.validate_python(dict(document.body))
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise StoreFailed(f"the document {document.id!r} is no incident: {where}") from error
    return found
