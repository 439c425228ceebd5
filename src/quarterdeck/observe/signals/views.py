"""Streams and findings as they are passed on: what stands in the arrays, in the words of `model.signals`."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Literal, TypeAlias

import numpy as np

from quarterdeck.model.measured import Measured
from quarterdeck.model.signals import Deploy, Finding, Keys, Lane, SliceScore, StreamNow
from quarterdeck.observe.signals import typical
from quarterdeck.observe.signals.columns import Columns
from quarterdeck.observe.signals.deploy_test import DeployTest
from quarterdeck.observe.signals.scope import REACHED, RISING, Crossing, Scope
from quarterdeck.observe.signals.strata import Strata
from quarterdeck.stats.bets import Floats
from quarterdeck.stats.ranks import quantile_of

Stage: TypeAlias = Scope | DeployTest
"""Where evidence is gathered: the whole, a cohort, a deploy."""


def stream_id(signal: str, lane: Lane, keys: Keys, deploy: Deploy | None) -> str:
    """A short name that stays the same over restarts."""
    of_deploy = None if deploy is None else (deploy.part, deploy.new, deploy.opened_ns)
    return blake2b(repr((signal, lane, keys, of_deploy)).encode(), digest_size=8).hexdigest()


def id_of(stage: Stage, at: int, columns: Columns) -> str:
    """The id of one column of a stage."""
    return stream_id(columns.names[at], stage.lane, stage.keys, deploy_of_stage(stage))


def deploy_of_stage(stage: Stage) -> Deploy | None:
    return stage.deploy if isinstance(stage, DeployTest) else None


class Views:
    """Reads a patrol's parts; changes nothing."""

    def __init__(self, project: str, columns: Columns, strata: Strata, *, tolerance: float, warmup: int) -> None:
        self._project = project
        self._columns = columns
        self._strata = strata
        self._factor = 1 + tolerance
        self._warmup = warmup

    def finding(
        self, stage: Stage, crossing: Crossing, threshold: float, at_ns: int, slices: Sequence[SliceScore]
    ) -> Finding:
        """What a crossing says. Without a narrower slice it is about all runs of the stage."""
        at, deploy = crossing.column, deploy_of_stage(stage)
        signal = self._columns.signal(at)
        narrow = slices[0].where if slices else ()
        own = deploy.where if deploy is not None else stage.keys
        return Finding(
            project=self._project, kind="regression", state=crossing.state, signal=signal.name, title=signal.title,
            unit=signal.unit, lane=stage.lane, cohort=stage.keys, stream_id=id_of(stage, at, self._columns),
            evidence=crossing.evidence, threshold=threshold, at_ns=at_ns, n=round(float(stage.items[at])),
            now=self.now(stage, at), before=self.before(stage, at),
            where=(*own, *(pair for pair in narrow if pair[0] not in dict(own))), slices=tuple(slices), deploy=deploy,
            run_ids=stage.recent.worst(at),
        )  # fmt: skip

    def streams(self, stage: Stage) -> list[StreamNow]:
        """Every column of a stage that saw a run."""
        evidence = stage.evidence
        return [self._stream(stage, int(at), float(evidence[at])) for at in np.flatnonzero(stage.items > 0)]

    def _stream(self, stage: Stage, at: int, evidence: float) -> StreamNow:
        signal = self._columns.signal(at)
        amount = bool(self._columns.amount[at])
        before, threshold = self.before(stage, at), float(stage.thresholds[at])
        normal = 0.5 if amount else (before.value or 0.0) * self._factor
        learning = self._learning(stage, at)
        needed = typical.runs_needed(normal, evidence, threshold, amount=amount) if before.value is not None else None
        if needed is not None and learning:
            needed += max(0, self._warmup - round(float(stage.items[at])))
        return StreamNow(
            stream_id=id_of(stage, at, self._columns), signal=signal.name, title=signal.title, unit=signal.unit,
            kind=signal.kind, lane=stage.lane, cohort=stage.keys, deploy=deploy_of_stage(stage),
            state=_state(int(stage.state[at]), learning=learning), evidence=evidence, threshold=threshold,
            runs=round(float(stage.items[at])), now=self.now(stage, at), before=before, runs_needed=needed,
            sees=self._sees(stage, at, normal, threshold),
        )  # fmt: skip

    def _learning(self, stage: Stage, at: int) -> bool:
        return isinstance(stage, Scope) and float(stage.bets[at]) == 0

    def _sees(self, stage: Stage, at: int, normal: float, threshold: float) -> float | None:
        found = typical.sees(normal, float(stage.items[at]), threshold)
        if found is None or not self._columns.amount[at]:
            return found
        counts = self._counts(stage, at)
        return None if counts is None else quantile_of(counts, min(found, 0.999))

    def now(self, stage: Stage, at: int) -> Measured:
        """The newest runs of a stage."""
        values, _ = stage.recent.column(at)
        if self._columns.amount[at]:
            return typical.median_of(values)
        return typical.mean_of(float(values.mean()) if len(values) else 0.0, len(values))

    def before(self, stage: Stage, at: int) -> Measured:
        """What was normal for the newest runs: the mean of their strata's, so that both sides have the same mix."""
        if isinstance(stage, DeployTest):
            return self._before_deploy(stage, at)
        if self._columns.amount[at]:
            counts = self._counts(stage, at)
            return typical.median_of(np.zeros(0)) if counts is None else typical.median_of_counts(counts)
        _, normal = stage.recent.column(at)
        n = float(self._strata.n[self._strata.of(stage.keys), at].sum())
        return typical.mean_of(float(normal.mean()) if len(normal) else 0.0, n if len(normal) else 0)

    def _before_deploy(self, test: DeployTest, at: int) -> Measured:
        """The old version at the same age: before all kinds of runs were seen, both sides show the short ones."""
        old = test.controls.until(test.last_ns - test.deploy.opened_ns)[:, at]
        known = old[~np.isnan(old)]
        if self._columns.amount[at]:
            return typical.median_of(known)
        return typical.mean_of(float(known.mean()) if len(known) else 0.0, len(known))

    def _counts(self, stage: Stage, at: int) -> Floats | None:
        """Buckets of an amount over all strata of a stage."""
        place = int(np.searchsorted(self._columns.amounts, at))
        rows = self._strata.of(stage.keys)
        return np.sum([self._strata.ranks[row][place].counts for row in rows], axis=0) if len(rows) else None


def _state(state: int, *, learning: bool) -> Literal["learning", "quiet", "rising", "reached"]:
    if state == REACHED:
        return "reached"
    if state == RISING:
        return "rising"
    return "learning" if learning else "quiet"
