"""Which traces are kept without their long texts, and the taking out. Used by the decode thread only.

A trace is whole or a skeleton: what was decided for its first request holds for the later ones, whatever the stage is
then, as long as the trace is remembered. Refuses to touch the canonical span: facts and hashes come from the whole text.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from quarterdeck.model.raw import RawSpan
from quarterdeck.observe.pipeline.overload import is_skeleton
from quarterdeck.observe.pipeline.traces import Pair
from quarterdeck.store.bodies import without_bodies
from quarterdeck.store.interface import TraceKey

REASON = "overload"
"""The reason in the `Absent` that stands where a text was."""

TRACES_MAX = 65_536
"""Traces whose decision is remembered, those seen last; a forgotten one is decided anew."""


class Skeletons:
    """Remembers the decisions; `spans` counts those that lost texts."""

    def __init__(self, traces_max: int = TRACES_MAX) -> None:
        self._traces_max = traces_max
        self._decided: OrderedDict[TraceKey, bool] = OrderedDict()
        self.spans = 0

    def __len__(self) -> int:
        return len(self._decided)

    def apply(self, pairs: list[Pair], share: float) -> list[Pair]:
        """The pairs of one request, those of skeleton traces without texts. `share`: of the traces that are new."""
        bare = self._bare([raw for _, raw in pairs], share)
        if not bare:
            return pairs
        kept = [(span, _stripped(raw) if raw.trace_id in bare else raw) for span, raw in pairs]
        self.spans += sum(new is not old for (_, new), (_, old) in zip(kept, pairs, strict=True))
        return kept

    def strip(self, raws: list[RawSpan], share: float) -> list[RawSpan]:
        """The same for raw spans alone."""
        bare = self._bare(raws, share)
        return [_stripped(raw) if raw.trace_id in bare else raw for raw in raws]

    def _bare(self, raws: Sequence[RawSpan], share: float) -> set[str]:
        """Which traces of a request (hence of one project) are skeletons."""
        traces = {raw.trace_id for raw in raws}
        return {trace_id for trace_id in traces if self._is_bare((raws[0].project, trace_id), share)}

    def _is_bare(self, key: TraceKey, share: float) -> bool:
        found = self._decided.get(key)
        if found is None:
            found = share > 0 and is_skeleton(key[1], share)
            self._decided[key] = found
            if len(self._decided) > self._traces_max:
                self._decided.popitem(last=False)
        else:
            self._decided.move_to_end(key)
        return found


def _stripped(raw: RawSpan) -> RawSpan:
    found = without_bodies(raw, REASON)
    return raw if found == raw else found
