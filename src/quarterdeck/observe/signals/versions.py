"""Which values of each part of the identity run in each cohort, and when a new one is a deploy.

Refuses: to call what ran from the beginning new, and to count two parts that changed together twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from quarterdeck.model.signals import Deploy, Keys
from quarterdeck.observe.signals.records import IDENTITY, Record

VALUES_MAX = 64
"""Values of one part in one cohort that are remembered; the one that was not seen for longest is forgotten."""

CURRENT_RUNS = 50
"""The newest other runs of the cohort; the version that most of them had is the old one."""


@dataclass(slots=True)
class Seen:
    """One value: how many runs, and the start of its first one."""

    runs: int
    first_ns: int
    known: bool = False


class Versions:
    """Values by (cohort, part). `runs_min` runs make a value known."""

    def __init__(self, runs_min: int) -> None:
        self._runs_min = runs_min
        self.seen: dict[tuple[Keys, str], dict[str | None, Seen]] = {}

    def see(self, cohort: Keys, record: Record, *, learning: bool) -> list[str]:
        """Parts whose value is new and has just enough runs; none while the cohort is still being learned."""
        return [
            part
            for part, value in zip(IDENTITY, record.parts, strict=True)
            if self._count(cohort, part, value, record, learning=learning) and value is not None
        ]

    def _count(self, cohort: Keys, part: str, value: str | None, record: Record, *, learning: bool) -> bool:
        values = self.seen.setdefault((cohort, part), {})
        seen = values.pop(value, None) or Seen(0, record.started_ns)
        values[value] = seen  # the newest last
        if len(values) > VALUES_MAX:
            del values[next(iter(values))]
        seen.runs += 1
        seen.first_ns = min(seen.first_ns, record.started_ns)
        if seen.known:
            return False
        seen.known = learning or seen.runs >= self._runs_min
        return seen.known and not learning

    def first_ns(self, cohort: Keys, part: str, value: str | None) -> int | None:
        """Start of the first run that had this value; None when it was forgotten."""
        seen = self.seen.get((cohort, part), {}).get(value)
        return None if seen is None else seen.first_ns


def deploy_of(
    cohort: Keys, parts: Sequence[str], record: Record, history: Sequence[Record], open_now: Sequence[Deploy]
) -> Deploy | None:
    """The deploy that a run completes: the first of the parts that changed, against the version most old runs had.

    None when there is no old version, or when an open deploy already stands for the same runs.
    """
    for part in parts:
        new = record.part(part)
        assert new is not None
        mine = [one for one in history if one.part(part) == new]
        others = Counter(islice((one.part(part) for one in reversed(history) if one.part(part) != new), CURRENT_RUNS))
        if not others or any(_same(deploy, mine) for deploy in open_now if deploy.cohort == cohort):
            continue
        old = max(others.items(), key=lambda item: (item[1], item[0] or ""))[0]
        return Deploy(cohort, part, old, new, min(one.started_ns for one in mine))
    return None


def _same(deploy: Deploy, runs: Sequence[Record]) -> bool:
    """Whether all these runs, and no earlier ones, are those of the deploy."""
    return bool(runs) and all(one.part(deploy.part) == deploy.new for one in runs) and (
        deploy.opened_ns >= min(one.started_ns for one in runs)
    )  # fmt: skip
