"""Outcomes that spans tell: results of evaluations in skeletons, as outcomes of the run that the span belongs to.

They are found when runs are built (`told_outcomes`, pure) and written with those runs (`Telling`). Refuses to look at
runs where no span tells anything, and names beyond the project's number of them. A score outside 0 to 1 is kept as the
label, as in a post.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from threading import Lock

import orjson

from quarterdeck.model.outcomes import Outcome
from quarterdeck.model.runs import RunTree
from quarterdeck.model.spans import Span
from quarterdeck.observe.outcomes.gauges import OutcomeGauges
from quarterdeck.observe.outcomes.names import NameBook
from quarterdeck.observe.outcomes.posted import score_of
from quarterdeck.store.feed import Feeds

RunKey = tuple[str, str]
"""(project, run_id)."""


def told_outcomes(
    spans: Sequence[Span], trees: Callable[[Sequence[Span]], Sequence[RunTree]], now_ns: int
) -> list[Outcome]:
    """All that the spans of one group tell. `trees` builds the runs of the group; it is asked only when needed."""
    telling = [span for span in spans if span.evaluations is not None]
    if not telling:
        return []
    runs = {(node.trace_id, node.span_id): tree.run.run_id for tree in trees(spans) for node in tree.nodes}
    return [
        outcome
        for span in telling
        if (run_id := runs.get((span.trace_id, span.span_id))) is not None
        for outcome in _outcomes(span, run_id, now_ns)
    ]


def _outcomes(span: Span, run_id: str, now_ns: int) -> Iterator[Outcome]:
    for name, number, label, at_ns in orjson.loads(span.evaluations or "[]"):
        score, note = score_of(number)
        word = f"{number:g}" if note is not None and label is None else label
        yield Outcome(span.project, run_id, name, score, word, at_ns, now_ns, "span", note)


class Telling:
    """Holds what spans tell from the building of runs until they are written. May be called from any thread."""

    def __init__(self, store: Feeds, names: NameBook, gauges: OutcomeGauges) -> None:
        self._store = store
        self._names = names
        self._gauges = gauges
        self._waiting: dict[RunKey, list[Outcome]] = {}
        self._lock = Lock()

    def note(self, outcomes: Iterable[Outcome]) -> None:
        """These were told; a run that is built again replaces what it told before."""
        found: dict[RunKey, list[Outcome]] = {}
        for outcome in outcomes:
            found.setdefault((outcome.project, outcome.run_id), []).append(outcome)
        if found:
            with self._lock:
                self._waiting.update(found)

    def write(self, keys: Iterable[RunKey], gone: Iterable[RunKey]) -> None:
        """Write what these runs told, before they are written; and what vanished runs told goes. Raises StoreFailed."""
        with self._lock:
            told = [outcome for key in keys if self._waiting for outcome in self._waiting.pop(key, ())]
        taken = [outcome for outcome in told if self._names.admits(outcome.project, outcome.name)]
        if told:
            self._store.put_outcomes(taken)
            self._gauges.count("span", "accepted", len(taken))
            self._gauges.count("span", "rejected", len(told) - len(taken))
        vanished: dict[str, list[str]] = {}
        for project, run_id in gone:
            vanished.setdefault(project, []).append(run_id)
        for project, run_ids in vanished.items():
            self._store.drop_outcomes(project, run_ids, source="span")
