"""Objectives under watch: what burns now, what is told, when it is over.

Pure but for the reader that it is handed. Refuses: to tell the same burning twice, unless it burns by a quicker pair of windows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from hashlib import blake2b

from quarterdeck.model.measured import Measured
from quarterdeck.model.signals import Finding, Keys
from quarterdeck.observe.signals.objectives.burning import PAIRED_NS, WINDOWS_NS, ObjectiveNow, PairNow, stand
from quarterdeck.observe.signals.objectives.options import SCORE, BurnOptions, Objective
from quarterdeck.observe.signals.objectives.words import title_of
from quarterdeck.store.spending import SpendingReader, Spent

_OVER_AFTER_NS = 300_000_000_000
"""How long an objective must not burn before it is over: the shortest window, so that a value at the edge does not flap."""

_DEFAULTS = BurnOptions()


def standing(
    options: BurnOptions,
    project: str,
    spending: SpendingReader,
    now_ns: int,
    *,
    windows_ns: Sequence[int] = WINDOWS_NS,
) -> list[ObjectiveNow]:
    """How every objective of the project stands, in the order of the settings. Raises StoreFailed from the reader.

    `windows_ns`: those that are read, WINDOWS_NS or PAIRED_NS.
    """
    starts = [now_ns - length for length in windows_ns]
    read: dict[tuple[tuple[tuple[str, str], ...], str | None], Sequence[Spent]] = {}
    answers: list[ObjectiveNow] = []
    for objective in options.objectives:
        if objective.project not in (None, project):
            continue
        where: dict[str, str] = {str(name): value for name, value in objective.match.items()}
        score = objective.quantity.removeprefix(SCORE) if objective.quantity.startswith(SCORE) else None
        key = tuple(sorted(where.items())), score
        if key not in read:
            read[key] = spending.spent(project, where, starts, now_ns, score=score)
        answers.append(stand(objective, project, read[key], now_ns, runs_min=options.runs_min))
    return answers


class Objectives:
    """Call `look` for each project; it answers only what is new, and reads only when `every_s` has passed."""

    def __init__(self, options: BurnOptions = _DEFAULTS) -> None:
        self._options = options
        self._told: dict[tuple[str, str], tuple[Finding, int]] = {}
        self._looked_ns: dict[str, int] = {}

    def resume(self, findings: Sequence[Finding], now_ns: int) -> None:
        """After a restart: what open alerts say is burning, so that its end can be told. Others are passed over."""
        known = {objective.name for objective in self._options.objectives}
        for finding in findings:
            if finding.lane == "burn" and finding.state == "reached" and finding.key in known:
                self._told[finding.project, finding.key] = (finding, now_ns)

    def look(self, project: str, spending: SpendingReader, now_ns: int) -> list[Finding]:
        """Objectives of the project that began to burn, burn more quickly, or stopped burning."""
        options = self._options
        looked_ns = self._looked_ns.get(project)
        if not options.objectives or (looked_ns is not None and now_ns - looked_ns < options.every_s * 1e9):
            return []
        self._looked_ns[project] = now_ns
        found = standing(options, project, spending, now_ns, windows_ns=PAIRED_NS)
        findings = [self._see(now, spending, now_ns) for now in found]
        return [finding for finding in findings if finding is not None]

    def _see(self, now: ObjectiveNow, spending: SpendingReader, now_ns: int) -> Finding | None:
        key = now.project, now.objective.name
        told = self._told.get(key)
        worst = worst_of(now)
        if worst is None:
            if told is None or now_ns - told[1] < _OVER_AFTER_NS:
                return None
            del self._told[key]
            words = f"objective {now.objective.name}: it no longer burns too fast"
            return replace(told[0], state="recovered", at_ns=now_ns, title=words)
        if told is not None and worst.pair.factor <= told[0].threshold:
            self._told[key] = (told[0], now_ns)
            return None
        alone = BurnOptions(objectives=(now.objective,), runs_min=self._options.runs_min)
        (whole,) = standing(alone, now.project, spending, now_ns)
        finding = finding_of(whole, worst, now_ns)
        self._told[key] = (finding, now_ns)
        return finding


def worst_of(now: ObjectiveNow) -> PairNow | None:
    """The quickest pair that burns."""
    burning = [pair for pair in now.pairs if pair.state == "burning"]
    return max(burning, key=lambda pair: pair.pair.factor, default=None)


def finding_of(now: ObjectiveNow, worst: PairNow, now_ns: int) -> Finding:
    """Evidence is the lower of the two burn rates, the threshold the factor that both exceed."""
    objective, where = now.objective, where_of(now.objective)
    rates = [rate for rate in (worst.long.value, worst.short.value) if rate is not None]
    return Finding(
        project=now.project,
        kind="burn",
        state="reached",
        signal=objective.quantity,
        title=title_of(now, worst),
        unit="times what the budget allows",
        lane="burn",
        cohort=where,
        stream_id=stream_id_of(now.project, objective),
        evidence=min(rates),
        threshold=worst.pair.factor,
        at_ns=now_ns,
        n=worst.long.n,
        now=worst.long,
        before=Measured(1.0, None, None, worst.long.n, "what the budget allows"),
        where=where,
        key=objective.name,
    )


def where_of(objective: Objective) -> Keys:
    """The runs that it is about; () = all of the project."""
    return tuple(sorted((str(name), value) for name, value in objective.match.items()))


def stream_id_of(project: str, objective: Objective) -> str:
    """Stable over restarts."""
    return blake2b("\x1f".join(("burn", project, objective.name)).encode(), digest_size=8).hexdigest()
