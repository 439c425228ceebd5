"""The traces in memory: which spans are known, which traces have runs to settle. Touched by one thread only.

A trace here is whole: all its stored spans are in it (it was new, or was read back), so that repeats are told and
runs are built without asking the store. The table is bounded by spans; settled traces leave it, oldest touched first.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from quarterdeck.model.raw import RawSpan
from quarterdeck.model.spans import Span
from quarterdeck.observe.pipeline.membership import Membership
from quarterdeck.store.interface import TraceKey
from quarterdeck.store.trace_numbers import TraceNumbers

Pair = tuple[Span, RawSpan]


class Trace:
    """One trace. `dirty_since_s` is None when its runs are settled; `unsettled_seq` is its first unsettled commit.

    `changes` counts what was taken in, so that whoever built runs from it can tell whether they are still true. Until
    `rest_until_s` its runs are not built again: building a long trace takes long.
    """

    __slots__ = ("changes", "dirty_since_s", "rest_until_s", "run_ids", "spans", "touched_s", "unsettled_seq")

    def __init__(self) -> None:
        self.spans: dict[str, Span] = {}
        self.run_ids: frozenset[str] = frozenset()
        self.dirty_since_s: float | None = None
        self.unsettled_seq: int | None = None
        self.touched_s = 0.0
        self.rest_until_s = float("-inf")
        self.changes = 0


class Plan(NamedTuple):
    """What to do with a group of requests: `new` and `replaced` are to be written, `repeated` spans change nothing.

    `whole[i]`: request i brought nothing but new spans, and all of them stand. `loose` are the new ones of the others.
    """

    new: list[Pair]
    replaced: list[Pair]
    repeated: int
    whole: list[bool]
    loose: list[Pair]


def supersedes(new: Span, old: Span) -> bool:
    """Whether `new` is a later state of the same span. The later end wins; an equal one is a repeat.

    An unended span (end 0) never replaces an ended one: delivery in any order gives the same answer.
    """
    return new.end_ns > old.end_ns


def _keys_of(pairs: Iterable[Pair]) -> Iterator[TraceKey]:
    """The traces of these spans; of neighbours in one trace it is told once."""
    project = trace_id = ""
    for span, _ in pairs:
        if span.trace_id != trace_id or span.project != project:
            project, trace_id = span.project, span.trace_id
            yield project, trace_id


Identity = tuple[str, str, str]
"""(project, trace id, span id)."""


def _replace(replaced: dict[Identity, Pair], identity: Identity, pair: Pair, old: Span) -> int:
    """Note a later state of a stored span; answers how many states of it were dropped for that (0 or 1)."""
    earlier = replaced.get(identity)
    if supersedes(pair[0], earlier[0] if earlier is not None else old):
        replaced[identity] = pair
        return int(earlier is not None)
    return 1


class TraceTable:
    """All of it. `load` reads whole traces back from the store, `runs_of` the runs they had."""

    def __init__(
        self,
        load: Callable[[Sequence[TraceKey]], Mapping[TraceKey, Sequence[Span]]],
        runs_of: Callable[[Sequence[TraceKey]], Mapping[TraceKey, Sequence[str]]],
        *,
        spans_max: int,
        stored: Membership | None = None,
    ) -> None:
        self._load = load
        self._runs_of = runs_of
        self._spans_max = spans_max
        self._traces: OrderedDict[TraceKey, Trace] = OrderedDict()
        self._stored = stored if stored is not None else Membership()
        self._dirty: dict[TraceKey, None] = {}
        self._by_run: dict[tuple[str, str], set[TraceKey]] = {}
        self.span_count = 0
        self.reads_back = 0

    def remember_stored(self, pages: Iterable[TraceNumbers]) -> None:
        """Tell which traces the store has (at start)."""
        for page in pages:
            self._stored.add_numbers(page.project, page.high, page.low)

    def plan(self, requests: Sequence[Sequence[Pair]]) -> Plan:
        """Sort a group into new, replaced and repeated, without changing anything but reading traces back."""
        self.bring(set(_keys_of(pair for pairs in requests for pair in pairs)))
        fresh: dict[TraceKey, dict[str, tuple[int, Pair]]] = {}
        replaced: dict[Identity, Pair] = {}
        whole = [True] * len(requests)
        repeated = 0
        key: TraceKey = ("", "")
        news: dict[str, tuple[int, Pair]] = {}
        olds: Mapping[str, Span] = {}
        for i, pairs in enumerate(requests):
            for pair in pairs:
                span = pair[0]
                if span.trace_id != key[1] or span.project != key[0]:
                    key = (span.project, span.trace_id)
                    news = fresh.setdefault(key, {})
                    olds = self._traces[key].spans if key in self._traces else {}
                span_id = span.span_id
                if span_id not in news and span_id not in olds:
                    news[span_id] = (i, pair)
                    continue
                whole[i] = False
                if span_id in olds:
                    repeated += _replace(replaced, (*key, span_id), pair, olds[span_id])
                    continue
                repeated += 1
                of, earlier = news[span_id]
                if supersedes(span, earlier[0]):
                    whole[of] = False
                    news[span_id] = (i, pair)
        new = [pair for news in fresh.values() for _, pair in news.values()]
        loose = [] if all(whole) else [pair for n in fresh.values() for i, pair in n.values() if not whole[i]]
        return Plan(new, list(replaced.values()), repeated, whole, loose)

    def apply(self, plan: Plan, seq: int, now_s: float) -> None:
        """Take in what was committed as `seq`."""
        key: TraceKey = ("", "")
        trace = Trace()
        for pairs in (plan.new, plan.replaced):
            for span, _ in pairs:
                if span.trace_id != key[1] or span.project != key[0]:
                    key = (span.project, span.trace_id)
                    trace = self._touched(key, seq, now_s)
                if span.span_id not in trace.spans:
                    self.span_count += 1
                trace.spans[span.span_id] = span
                trace.changes += 1
                if span.run_id is not None:
                    self._by_run.setdefault((span.project, span.run_id), set()).add(key)

    def _touched(self, key: TraceKey, seq: int, now_s: float) -> Trace:
        """The trace, open from this commit on."""
        trace = self._traces.get(key)
        if trace is None:
            trace = self._traces[key] = Trace()
            self._stored.add(key)
        trace.touched_s = now_s
        if trace.unsettled_seq is None:  # also where ageing had marked it: from this commit on it is open
            trace.unsettled_seq = seq
        if trace.dirty_since_s is None:
            trace.dirty_since_s = now_s
            self._dirty[key] = None
            self._traces.move_to_end(key)
        return trace

    def bring(self, keys: Iterable[TraceKey]) -> None:
        """Have these traces in memory, whole, if the store has them."""
        missing = [key for key in keys if key not in self._traces and self._stored.maybe(key)]
        if not missing:
            return
        self.reads_back += len(missing)
        found = self._load(missing)
        runs = self._runs_of(list(found))
        for key, spans in found.items():
            trace = self._traces[key] = Trace()
            trace.spans = {span.span_id: span for span in spans}
            trace.run_ids = frozenset(runs.get(key, ()))
            self.span_count += len(spans)
            self._remember_runs(key, trace)

    def mark(self, key: TraceKey, now_s: float, *, unsettled_seq: int | None = None) -> None:
        """Have the runs of a trace settled again although no span came (silence, or after a start).

        `unsettled_seq`: its first commit that no run reflects, or an earlier one; None = all are reflected. Without it
        the note of what is settled would pass by a trace that a crash left over, and the next crash would forget it.
        """
        trace = self._traces.get(key)
        if trace is not None and trace.dirty_since_s is None:
            trace.dirty_since_s = now_s
            trace.unsettled_seq = unsettled_seq
            trace.touched_s = float("-inf")  # nothing came: there is no quiet to wait for
            self._dirty[key] = None

    def due(self, now_s: float, quiet_s: float, lag_max_s: float, *, rested: bool = False) -> list[TraceKey]:
        """Dirty traces that fell quiet or have waited long enough, longest waiting first; `rested`: only those."""
        found = []
        for key in self._dirty:
            trace = self._traces[key]
            since = trace.dirty_since_s
            if rested and now_s < trace.rest_until_s:
                continue
            if since is not None and (now_s - trace.touched_s >= quiet_s or now_s - since >= lag_max_s):
                found.append(key)
        return found

    def joined(self, key: TraceKey) -> set[TraceKey]:
        """This trace and all that explicit run ids join to it, as far as they are in memory."""
        if not any(span.run_id for span in self._traces[key].spans.values()):
            return {key}
        group = {key}
        todo = [key]
        while todo:
            project = todo[-1][0]
            run_ids = {span.run_id for span in self._traces[todo.pop()].spans.values() if span.run_id}
            for run_id in run_ids:
                for other in self._by_run.get((project, run_id), ()):
                    if other not in group and other in self._traces:
                        group.add(other)
                        todo.append(other)
        return group

    def explicit_runs(self, key: TraceKey) -> set[tuple[str, str]]:
        """(project, run id) of the explicit runs of a trace in memory."""
        return {(key[0], span.run_id) for span in self._traces[key].spans.values() if span.run_id}

    def get(self, key: TraceKey) -> Trace:
        return self._traces[key]

    def __contains__(self, key: TraceKey) -> bool:
        return key in self._traces

    def settled(self, key: TraceKey, run_ids: frozenset[str], changes: int | None = None) -> None:
        """The runs of this trace are written; it stays dirty when it has changed since `changes` was read."""
        trace = self._traces[key]
        trace.run_ids = run_ids
        if changes is not None and trace.changes != changes:
            return
        trace.dirty_since_s = None
        trace.unsettled_seq = None
        self._dirty.pop(key, None)

    def settled_seq_without(self, done: set[TraceKey], last_seq: int) -> int:
        """The last commit such that it and all before it are reflected in runs once `done` are written."""
        open_seqs = [
            seq for key in self._dirty if key not in done and (seq := self._traces[key].unsettled_seq) is not None
        ]
        return min(open_seqs) - 1 if open_seqs else last_seq

    def oldest_dirty_s(self) -> float | None:
        """When the longest waiting trace became dirty."""
        for key in self._dirty:
            return self._traces[key].dirty_since_s
        return None

    def traces_where(self, project: str, holds: Callable[[Span], bool]) -> list[str]:
        """Traces of a project in memory that have a span for which this holds."""
        return [
            key[1] for key, trace in self._traces.items() if key[0] == project and any(map(holds, trace.spans.values()))
        ]

    def take_out(self, project: str, keys: Iterable[tuple[str, str]]) -> tuple[list[TraceKey], list[Trace]]:
        """Spans out of their traces; answers the traces that are left in part, and those that held nothing else."""
        touched: dict[TraceKey, set[str]] = {}
        for trace_id, span_id in keys:
            touched.setdefault((project, trace_id), set()).add(span_id)
        left: list[TraceKey] = []
        empty: list[Trace] = []
        for key, span_ids in touched.items():
            trace = self._traces.get(key)
            if trace is None:
                continue
            self._forget_runs(key, trace)
            gone = [span_id for span_id in span_ids if trace.spans.pop(span_id, None) is not None]
            self.span_count -= len(gone)
            trace.changes += 1
            if trace.spans:
                self._remember_runs(key, trace)
                left.append(key)
            else:
                del self._traces[key]
                self._dirty.pop(key, None)
                empty.append(trace)
        return left, empty

    def put_skeletons(self, spans: Iterable[Span]) -> None:
        """Another canonical form of spans that are here; what is not here is read from the store when it is needed."""
        for span in spans:
            key = (span.project, span.trace_id)
            trace = self._traces.get(key)
            if trace is not None and span.span_id in trace.spans:
                self._forget_runs(key, trace)
                trace.spans[span.span_id] = span
                trace.changes += 1
                self._remember_runs(key, trace)

    def let_go(self, keys: Iterable[TraceKey]) -> None:
        """Traces out of memory, as `evict` would; those with runs to settle stay."""
        for key in keys:
            trace = self._traces.get(key)
            if trace is not None and trace.dirty_since_s is None:
                self._drop(key, trace)

    def evict(self) -> int:
        """Let settled traces go, oldest touched first, until the table is within its bound; answers how many went."""
        gone = 0
        if self.span_count <= self._spans_max:
            return gone
        for key in list(self._traces):
            if self.span_count <= self._spans_max:
                break
            trace = self._traces[key]
            if trace.dirty_since_s is not None:
                continue
            self._drop(key, trace)
            gone += 1
        return gone

    def _drop(self, key: TraceKey, trace: Trace) -> None:
        del self._traces[key]
        self.span_count -= len(trace.spans)
        self._forget_runs(key, trace)

    def _remember_runs(self, key: TraceKey, trace: Trace) -> None:
        for span in trace.spans.values():
            if span.run_id:
                self._by_run.setdefault((key[0], span.run_id), set()).add(key)

    def _forget_runs(self, key: TraceKey, trace: Trace) -> None:
        for run_id in {span.run_id for span in trace.spans.values() if span.run_id}:
            traces = self._by_run.get((key[0], run_id))
            if traces is not None:
                traces.discard(key)
                if not traces:
                    del self._by_run[(key[0], run_id)]

    def __len__(self) -> int:
        return len(self._traces)
