"""The digest of each shift that ended: what nobody was woken for, to whom `notify.digest` names.

That it was handed over is a document, so a restart does not send it again. A server that was down when a shift ended sends the
digest of that shift at its start, when no other shift has ended since. Refuses: to send one that would say nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

from quarterdeck.api.handover import handover_of
from quarterdeck.api.services import ApiServices
from quarterdeck.api.times import rfc3339
from quarterdeck.clock import Clock
from quarterdeck.errors import NotFound
from quarterdeck.model.documents import Document
from quarterdeck.model.drills import is_drill
from quarterdeck.observe.notifiers import Digest
from quarterdeck.settings import Settings
from quarterdeck.store.documents import DocumentStore
from quarterdeck.store.sql.documents import SqlDocumentStore
from quarterdeck.store.sql.keys import SqlKeyStore

KIND = "digest"
_HOUR_NS = 3_600 * 10**9
_SAID = ("batched", "held", "refuted")


class ShiftDigest:
    """`step` now and then. `handover`: (project, hours, end) to the answer of GET handover. Shifts follow each other from midnight UTC."""

    def __init__(
        self,
        *,
        projects: Callable[[], Iterable[str]],
        handover: Callable[[str, float, int], Mapping[str, Any]],
        tell: Callable[[Digest], None],
        desk: DocumentStore,
        hours: float,
        link: str,
        clock: Clock,
    ) -> None:
        self._projects = projects
        self._handover = handover
        self._tell = tell
        self._desk = desk
        self._hours = hours
        self._link = link
        self._clock = clock
        self._done_ns = 0

    def step(self) -> None:
        """Send what is due. Raises StoreFailed; then it is due again."""
        shift_ns = int(self._hours * _HOUR_NS)
        now_ns = self._clock.now_ns()
        end_ns = now_ns - now_ns % shift_ns
        if end_ns == self._done_ns:
            return
        for project in self._projects():
            if not is_drill(project) and not self._was_sent(project, end_ns):
                self._send(project, end_ns)
        self._done_ns = end_ns

    def _was_sent(self, project: str, end_ns: int) -> bool:
        try:
            self._desk.get_document(project, KIND, str(end_ns))
        except NotFound:
            return False
        return True

    def _send(self, project: str, end_ns: int) -> None:
        answer = self._handover(project, self._hours, end_ns)
        said = {name: len(answer[name]) for name in _SAID}
        if any(said.values()):
            title = f"Shift until {rfc3339(end_ns)}: {answer['in_words']}"
            link = f"{self._link}/handover"
            self._tell(
                Digest(project, f"digest.{project}.{end_ns}", title, answer["markdown"], link, self._clock.now_ns())
            )
        self._desk.put_documents([Document(project, KIND, str(end_ns), "sent", KIND, end_ns, said)])


def shift_digests(settings: Settings, services: ApiServices) -> list[Callable[[], object]]:
    """What to do now and then so that each shift has its digest; [] where nobody asked for one."""
    outboxes = services.notifiers
    if not settings.notify.digest or outboxes is None:
        return []
    assert isinstance(services.keys, SqlKeyStore)
    digest = ShiftDigest(
        projects=services.store.projects,
        handover=partial(handover_of, services),
        tell=outboxes.tell_digest,
        desk=SqlDocumentStore(services.keys.engine),
        hours=settings.oncall.shift_hours,
        link=(settings.notify.page_url or services.endpoints.get("api") or "").rstrip("/"),
        clock=services.clock,
    )
    return [digest.step]
