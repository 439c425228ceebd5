"""What the decode thread does with one request: bytes → spans → canonical spans → ready for the store.

Privacy comes before canonical reads a span and after; texts that overload lets go are taken out last, so that hashes,
counts and identity come from the whole span. Refuses to fail: what goes wrong belongs to the request that brought it.
"""

from __future__ import annotations

from quarterdeck.clock import Clock
from quarterdeck.errors import QuarterdeckError
from quarterdeck.model.raw import RawSpan
from quarterdeck.observe.ingest.decode import Limits, decode
from quarterdeck.observe.ingest.logs import decode_logs
from quarterdeck.observe.pipeline.event_logs import carried, taken_off
from quarterdeck.observe.pipeline.gauges import IngestGauges
from quarterdeck.observe.pipeline.jobs import Job
from quarterdeck.observe.pipeline.needs import Canonical, Log, Privacy
from quarterdeck.observe.pipeline.skeletons import Skeletons
from quarterdeck.observe.pipeline.traces import Pair
from quarterdeck.store.interface import SpanWriter

_PREPARE_SPANS = 128
"""A request of this many spans is made ready for the store by the decoder; smaller ones share one part."""


class Decoder:
    """Belongs to the decode thread; `skeletons` may be asked for its counts from any."""

    def __init__(
        self,
        *,
        store: SpanWriter,
        canonical: Canonical,
        privacy: Privacy | None,
        gauges: IngestGauges,
        clock: Clock,
        limits: Limits,
        log: Log,
    ) -> None:
        self._store = store
        self._canonical = canonical
        self._privacy = privacy
        self._gauges = gauges
        self._clock = clock
        self._limits = limits
        self._log = log
        self.skeletons = Skeletons()

    def fill(self, job: Job, share: float) -> None:
        """Fill a job; a failure is the job's own. `share`: of new traces that are kept as skeletons."""
        try:
            if job.signal == "logs":
                self._logs(job, share)
            else:
                self._traces(job, share)
        except QuarterdeckError as e:
            job.error = e
        except Exception as e:  # a bug of ours in one request must not stop the thread
            self._log.error("decode_failed", project=job.project, error=repr(e), exc_info=True)
            job.error = e
        finally:
            job.body = b""

    def _traces(self, job: Job, share: float) -> None:
        found = decode(job.body, job.encoding, job.project, self._limits, self._clock.now_ns())
        job.rejections = found.rejections
        job.pairs = self._relieved(self._understood(job, found.spans), share)
        # Here and not at the commit: the counts belong to this thread, and to the request that they came with.
        job.unmapped = self._canonical.drain_unmapped(self._clock.now_ns())
        if len(job.pairs) >= _PREPARE_SPANS:
            job.part = self._store.prepare(job.pairs)

    def _understood(self, job: Job, spans: list[RawSpan]) -> list[Pair]:
        """Canonical spans beside their raw ones, privacy's rules applied to both."""
        canonicalize = self._canonical.canonicalize
        if self._privacy is None:
            return [(canonicalize(raw), raw) for raw in spans]
        spans, marks = self._privacy.redact(spans, job.body, job.encoding)
        pairs, refused = self._privacy.seal([(canonicalize(raw), raw) for raw in spans], marks, self._clock.now_ns())
        job.rejections = [*job.rejections, *refused]
        return pairs

    def _relieved(self, pairs: list[Pair], share: float) -> list[Pair]:
        """The pairs without the texts that overload lets go."""
        before = self.skeletons.spans
        kept = self.skeletons.apply(pairs, share)
        self._gauges.skeletons.inc(self.skeletons.spans - before)
        return kept

    def _logs(self, job: Job, share: float) -> None:
        """Bytes of a logs request → GenAI events; what else is in it is counted."""
        now_ns = self._clock.now_ns()
        found = decode_logs(job.body, job.encoding, job.project, self._limits, now_ns)
        job.logs, job.rejections, job.others = found.logs, found.rejections, found.others
        if not job.logs:
            return
        carriers = carried(job.logs)
        if self._privacy is not None:
            carriers = [raw for _, raw in self._understood(job, carriers)]
        job.logs = taken_off(self.skeletons.strip(carriers, share))
