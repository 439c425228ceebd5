"""Drills of a running server: sent into its own pipeline under a project of their own, and what its watch makes of them.

One at a time, on a thread. Refuses: to touch a real project's runs, and to tell people: alerts of a drill are only counted.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import asdict, replace
from secrets import randbelow, token_hex
from typing import Any, NamedTuple, Protocol

from quarterdeck.app.span_sinks import Pipe
from quarterdeck.app.watch import WatchParts
from quarterdeck.clock import Clock
from quarterdeck.errors import BadInput, Overloaded, QuarterdeckError
from quarterdeck.model.alerts import Alert
from quarterdeck.model.documents import Document
from quarterdeck.model.drills import Drill, DrillKind
from quarterdeck.records import Ledger
from quarterdeck.settings import Settings
from quarterdeck.simulate.drill import SIZE_MAX, Part, parts
from quarterdeck.store.alerts import AlertFilter, AlertStore
from quarterdeck.store.documents import DocumentFilter, DocumentStore
from quarterdeck.store.interface import KeyStore, RunFilter, TelemetryStore
from quarterdeck.store.sql.documents import SqlDocumentStore
from quarterdeck.store.sql.keys import SqlKeyStore

KIND = "drill"
SIZE = 0.33
PATIENCE_S = 300.0
"""For one request to be taken by the watch."""
_ASK_S = 0.1
_LIST_MAX = 500


class Looks(Protocol):
    """What is asked of the watch."""

    def looks(self) -> int: ...


class Ways(NamedTuple):
    """Where a drill goes and where it is seen. `submit` puts a request into the pipeline, in the event loop's thread."""

    submit: Callable[[str, bytes], asyncio.Future[Any]]
    store: TelemetryStore
    alerts: AlertStore
    watch: Looks


class DrillDesk:
    """Implements `api.services.Drills`."""

    def __init__(
        self,
        ways: Ways,
        documents: DocumentStore,
        ledger: Ledger,
        clock: Clock,
        log: Any,
        *,
        required_days: float | None = None,
    ) -> None:
        self.required_days = required_days
        self._ways = ways
        self._documents = documents
        self._ledger = ledger
        self._clock = clock
        self._log = log
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._running: Drill | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """From now on drills can be begun; requests go into the pipeline in this loop."""
        self._loop = loop

    def stop(self, timeout_s: float) -> bool:
        """Ends a drill that is under way as failed; answers whether it ended in time."""
        self._stop.set()
        if self._thread is None:
            return True
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def begin(self, project: str, *, kind: DrillKind, size: float | None, by: str) -> Drill:
        """Starts one. Raises BadInput for a size outside its bounds, Overloaded while another is under way."""
        wanted = 0.0 if kind == "noise" else SIZE if size is None else size
        if kind == "noise" and size:
            raise BadInput("noise has no size: nothing is made worse")
        if kind == "regression" and not 0 < wanted <= SIZE_MAX:
            raise BadInput(f"size must be above 0 and at most {SIZE_MAX}, got {wanted}")
        drill = Drill(project, token_hex(6), kind, wanted, "running", by, self._clock.now_ns())
        with self._lock:
            if self._running is not None:
                raise Overloaded(f"the drill {self._running.drill_id} is under way", retry_after_s=60.0)
            self._running = drill
        self._keep(drill)
        self._thread = threading.Thread(target=self._run, args=(drill,), name="drill", daemon=True)
        self._thread.start()
        return drill

    def get(self, project: str, drill_id: str) -> Drill:
        """Raises NotFound."""
        return self._as_is(_drill(self._documents.get_document(project, KIND, drill_id)))

    def drills(self, project: str) -> list[Drill]:
        """The newest first, 500 at most."""
        found, _ = self._documents.list_documents(DocumentFilter(project, KIND), cursor=None, limit=_LIST_MAX)
        return [self._as_is(_drill(one)) for one in found]

    def _as_is(self, drill: Drill) -> Drill:
        """One that an earlier process left under way will never end."""
        running = self._running
        if drill.state != "running" or (running is not None and running.drill_id == drill.drill_id):
            return drill
        return replace(drill, state="failed", because="the server stopped while it ran")

    def _run(self, drill: Drill) -> None:
        try:
            ended = self._drilled(drill)
        except (QuarterdeckError, TimeoutError) as error:
            ended = replace(drill, state="failed", because=str(error))
        except Exception as error:
            self._log.error("drill_failed", drill_id=drill.drill_id, exc_info=error)
            ended = replace(drill, state="failed", because="the server's log says why")
        self._keep(ended)
        with self._lock:
            self._running = None

    def _drilled(self, drill: Drill) -> Drill:
        sent_runs = 0
        for part in parts(drill.drill_id, drill.size, randbelow(2**32), drill.started_ns):
            sent_runs += self._send(drill, part)
            if part.runs:
                self._until_taken(drill, sent_runs)
            drill = self._judged(replace(drill, runs=part.runs), part)
            if drill.state != "running":
                return drill
            self._keep_running(drill)
        return replace(drill, state="missed" if drill.kind == "regression" else "quiet")

    def _send(self, drill: Drill, part: Part) -> int:
        """Into the pipeline; answers how many runs the request has. Overload is waited out."""
        loop = self._loop
        if loop is None:
            raise Overloaded("the server is starting")

        async def submitted() -> None:
            await self._ways.submit(drill.sent_to, part.body)

        asyncio.run_coroutine_threadsafe(submitted(), loop).result(PATIENCE_S)
        return part.held

    def _until_taken(self, drill: Drill, runs: int) -> None:
        """All runs are over in the store, and the watch has looked from end to end since."""
        self._until(lambda: self._over(drill) >= runs, "the runs to be over")
        after = self._ways.watch.looks() + 2
        self._until(lambda: self._ways.watch.looks() >= after, "the watch to look")

    def _over(self, drill: Drill) -> int:
        where = RunFilter(drill.sent_to, None, None, {"lifecycle": ("finished",)})
        count, cursor = 0, None
        while True:
            page = self._ways.store.list_runs(where, sort="started_at", cursor=cursor, limit=500)
            count, cursor = count + len(page.items), page.next_cursor
            if cursor is None:
                return count

    def _until(self, holds: Callable[[], bool], what: str) -> None:
        deadline_s = self._clock.monotonic_s() + PATIENCE_S
        while not holds():
            if self._stop.wait(_ASK_S):
                raise TimeoutError("the server stopped while it ran")
            if self._clock.monotonic_s() > deadline_s:
                raise TimeoutError(f"waited {PATIENCE_S:.0f} s for {what}")

    def _judged(self, drill: Drill, part: Part) -> Drill:
        """As the alerts of its project say."""
        fired = [one for one in self._alerts(drill) if one.fired_ns is not None]
        wrong = drill.kind == "noise" or not part.runs
        if fired and wrong:
            return replace(drill, state="escalated", alarms=len(fired), title=fired[0].title)
        if not fired:
            return drill
        first = min(fired, key=lambda one: one.fired_ns or 0)
        return replace(
            drill,
            state="found",
            found_ns=first.fired_ns,
            detect_s=part.since_change_s,
            runs_until=part.runs,
            title=first.title,
        )

    def _alerts(self, drill: Drill) -> list[Alert]:
        found, _ = self._ways.alerts.list_alerts(AlertFilter(drill.sent_to), cursor=None, limit=100)
        return list(found)

    def _keep_running(self, drill: Drill) -> None:
        with self._lock:
            self._running = drill
        self._documents.put_documents([_document(drill)])

    def _keep(self, drill: Drill) -> None:
        """The document as it stands; the begin and the end are records too."""
        self._documents.put_documents([_document(drill)])
        what = "drill_begun" if drill.state == "running" else "drill_ended"
        body = asdict(drill)
        self._ledger.add(
            drill.project, kind=what, about=drill.drill_id, by=drill.by, body=body, at_ns=self._clock.now_ns()
        )


def _document(drill: Drill) -> Document:
    return Document(drill.project, KIND, drill.drill_id, drill.state, drill.kind, drill.started_ns, asdict(drill))


def _drill(document: Document) -> Drill:
    return Drill(**document.body)


def drill_desk(
    settings: Settings,
    keys: KeyStore,
    *,
    store: TelemetryStore,
    pipeline: Pipe,
    watch: WatchParts,
    clock: Clock,
    log: Any,
) -> DrillDesk | None:
    """None: nobody watches the fleet, so there is nothing to drill. Documents lie beside the keys."""
    if watch.watch is None:
        return None
    assert isinstance(keys, SqlKeyStore)
    documents = SqlDocumentStore(keys.engine)

    def submit(project: str, body: bytes) -> asyncio.Future[Any]:
        return pipeline.submit(project, body, "protobuf")

    ways = Ways(submit, store, watch.alerts, watch.watch)
    required = settings.oncall.drill_required_days
    return DrillDesk(ways, documents, Ledger(documents, "oncall"), clock, log, required_days=required)
