"""Cohort labels with a budget: which values are let in, and sketches of all that came.

Runs in, runs out, with `other` in the place of what was not let in; the spans keep what was sent. Values are let in as
they come until the budget is full, and those that the store knows already before all others: a restart changes nothing.
Refuses: I/O of its own; whoever makes the book says how known values are read, and keeps what `dump` answers.
"""

from __future__ import annotations

import threading
from base64 import b64decode, b64encode
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import orjson
from datasketches import frequent_items_error_type, frequent_strings_sketch, hll_sketch

from quarterdeck.model.cardinality import FrequentValue, LabelNow, Refused
from quarterdeck.model.health import LimitNow
from quarterdeck.model.runs import Run
from quarterdeck.observe.runs.label_options import LabelOptions
from quarterdeck.observe.runs.labels import OTHER, refusal
from quarterdeck.store.interface import COHORT_KEYS, FacetCount

FLAG = "label_other"
"""Flag of a run of which a label was not let in."""

_CAP = "cap"
_HLL_BITS = 11
"""2,048 registers: a standard error of 2.3 %, two kilobytes a label."""
_TOP_BITS = 9
"""384 counters: exact up to as many values; beyond, each count is off by a 384th of the total at most."""
_COUNTED_MAX = 200_000
"""Runs remembered as counted; a run is settled often and counts once."""
_EXAMPLE_CHARS = 200
_BOUND_SDS = 2
_FORMAT = 1

Known = Callable[[str], Mapping[str, Sequence[FacetCount]]]
"""Project → label → its values in the store with their runs, most frequent first."""


class _Label:
    """One label of one project."""

    __slots__ = ("admitted", "distinct", "refused", "top")

    def __init__(self) -> None:
        self.admitted: set[str] = set()
        self.distinct = hll_sketch(_HLL_BITS)
        self.top = frequent_strings_sketch(_TOP_BITS)
        self.refused: dict[str, Refused] = {}


class LabelBook:
    """All labels of all projects. `cap_labels` belongs to one thread; the rest may be asked from any."""

    def __init__(self, options: LabelOptions, known: Known) -> None:
        self._options = options
        self._known = known
        self._projects: dict[str, dict[str, _Label]] = {}
        self._kept: dict[str, Any] = {}
        self._counted: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._lock = threading.Lock()

    def cap_labels(self, runs: Sequence[Run]) -> list[Run]:
        """The runs with labels that may stand; raises what reading known values raises (once per project)."""
        return [self._capped(run) for run in runs]

    def _capped(self, run: Run) -> Run:
        labels = self._projects.get(run.project)
        if labels is None:
            labels = self._open(run.project)
        once = self._counts_now(run)
        changes: dict[str, Any] = {}
        with self._lock:
            for name, label in labels.items():
                value = getattr(run, name)
                if value is None or value == OTHER:
                    continue
                reason = None if value in label.admitted else self._admit(name, label, value)
                if reason is not None:
                    changes[name] = OTHER
                if once:
                    _count(label, value, reason)
        return replace(run, **changes, flags=tuple(sorted({*run.flags, FLAG}))) if changes else run

    def _admit(self, name: str, label: _Label, value: str) -> str | None:
        """Let a value in, or answer why not."""
        label.distinct.update(value)
        reason: str | None = None if name in self._options.may_be_ids else refusal(value)
        if reason is None and len(label.admitted) >= self._options.values_max:
            reason = _CAP
        if reason is None:
            label.admitted.add(value)
        else:
            label.refused.setdefault(reason, Refused(0, value[:_EXAMPLE_CHARS]))
        return reason

    def _counts_now(self, run: Run) -> bool:
        """A run counts when it is over, the first time that it is seen so."""
        key = (run.project, run.run_id)
        if run.lifecycle not in ("finished", "lost") or key in self._counted:
            return False
        self._counted[key] = None
        if len(self._counted) > _COUNTED_MAX:
            self._counted.popitem(last=False)
        return True

    def _open(self, project: str) -> dict[str, _Label]:
        """The labels of a project: what the store knows is let in, what was kept of the sketches goes on."""
        known = self._known(project)
        labels = {name: _Label() for name in COHORT_KEYS}
        for name, label in labels.items():
            kept = self._kept.get(project, {}).get(name)
            if kept is not None:
                _restore(label, kept)
            for count in known.get(name, ()):
                if count.value is not None and count.value != OTHER:
                    label.admitted.add(count.value)
                    label.distinct.update(count.value)
                    if kept is None:
                        label.top.update(count.value, count.count)
        with self._lock:
            self._projects[project] = labels
        return labels

    def now(self, project: str) -> list[LabelNow]:
        """Every label of a project, as it stands."""
        labels = self._projects.get(project)
        if labels is None:
            labels = self._open(project)
        with self._lock:
            return [self._label_now(name, label) for name, label in labels.items()]

    def _label_now(self, name: str, label: _Label) -> LabelNow:
        found = label.top.get_frequent_items(frequent_items_error_type.NO_FALSE_NEGATIVES)
        return LabelNow(
            label=name,
            distinct=label.distinct.get_estimate(),
            distinct_low=label.distinct.get_lower_bound(_BOUND_SDS),
            distinct_high=label.distinct.get_upper_bound(_BOUND_SDS),
            admitted=len(label.admitted),
            capacity=self._options.values_max,
            refused=dict(label.refused),
            top=[FrequentValue(value, low, high) for value, _, low, high in found[: self._options.top]],
        )

    def limits(self) -> tuple[LimitNow, ...]:
        """The fullest label, for the health document."""
        with self._lock:
            counts = [len(label.admitted) for labels in self._projects.values() for label in labels.values()]
        return (LimitNow("label_values", max(counts, default=0), self._options.values_max, "values"),)

    def dump(self) -> bytes:
        """The sketches and what was refused, for `load` after a restart."""
        with self._lock:
            projects = {
                project: {name: _packed(label) for name, label in labels.items()}
                for project, labels in self._projects.items()
            }
        return orjson.dumps({"format": _FORMAT, "projects": {**self._kept, **projects}})

    def load(self, dumped: bytes) -> bool:
        """Go on where `dump` stood; answers whether it could be read (if not, counting starts from the store)."""
        try:
            document = orjson.loads(dumped)
            projects: dict[str, Any] = document["projects"]
            for labels in projects.values():
                for kept in labels.values():
                    _restore(_Label(), kept)
        except (AttributeError, KeyError, TypeError, ValueError, RuntimeError, IndexError):
            return False
        if document.get("format") != _FORMAT:
            return False
        self._kept = projects
        return True


def _count(label: _Label, value: str, reason: str | None) -> None:
    label.top.update(value[:_EXAMPLE_CHARS])
    if reason is not None:
        held = label.refused[reason]
        label.refused[reason] = Refused(held.runs + 1, held.example)


def _packed(label: _Label) -> dict[str, Any]:
    return {
        "distinct": b64encode(label.distinct.serialize_compact()).decode(),
        "top": b64encode(label.top.serialize()).decode(),
        "refused": {reason: [held.runs, held.example] for reason, held in label.refused.items()},
    }


def _restore(label: _Label, kept: Mapping[str, Any]) -> None:
    label.distinct = hll_sketch.deserialize(b64decode(kept["distinct"]))
    label.top = frequent_strings_sketch.deserialize(b64decode(kept["top"]))
    label.refused = {reason: Refused(int(runs), str(example)) for reason, (runs, example) in kept["refused"].items()}
