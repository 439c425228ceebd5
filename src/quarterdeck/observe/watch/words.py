"""What was said of alerts, held against every later run: dismissals and the canaries of mutes.

Bounded. Refuses: to know why something was said. Not thread-safe: the watch's lock stands around it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from quarterdeck.model.oncall import Evidence
from quarterdeck.model.outcomes import Outcome
from quarterdeck.model.runs import Run
from quarterdeck.model.signals import Keys
from quarterdeck.observe.oncall.held_to_word import HeldToWord
from quarterdeck.observe.signals.kinds import SIGNALS

WORDS_MAX = 2_000
"""Tests at a time, of all projects. Each holds a few hundred bytes and looks at every run of its project."""
_SIGNALS = {signal.name: signal for signal in SIGNALS}
_SCORE = "score:"


class Word(NamedTuple):
    """The signal of the runs of `where` stays at or below `evidence.high`. `rate`: it is a number in 0..1."""

    where: Keys
    rate: bool
    evidence: Evidence

    @property
    def signal(self) -> str:
        return self.evidence.signal

    def plain(self) -> list[Any]:
        return [[list(pair) for pair in self.where], self.rate, list(self.evidence)]

    @classmethod
    def of(cls, plain: Sequence[Any]) -> Word:
        where, rate, evidence = plain
        return cls(tuple((name, value) for name, value in where), bool(rate), Evidence(*evidence))


class WordNow(NamedTuple):
    """How a dismissal or a canary stands. `refuted_at`: the evidence at which it is refuted."""

    n: int
    evidence: float
    refuted: bool
    refuted_at: float
    words: str


class _Held(NamedTuple):
    project: str
    since_ns: int
    word: Word
    test: HeldToWord


class Words:
    """By owner (a disposition, a mute): one test, or several of which each is held to its part of the error."""

    def __init__(self, most: int = WORDS_MAX) -> None:
        self._most = most
        self._held: dict[str, list[_Held]] = {}
        self._saved: dict[str, list[Any]] = {}

    def __len__(self) -> int:
        return sum(len(held) for held in self._held.values())

    def begin(self, owner: str, project: str, words: Sequence[Word], since_ns: int, refuted_at: float) -> bool:
        """Hold them from now on, or go on from what was saved. False when there is no room, and they are not tested."""
        if owner in self._held or not words:
            return True
        if len(self) + len(words) > self._most:
            return False
        saved = self._saved.pop(owner, [])
        tests = [HeldToWord(word.evidence, word.rate, refuted_at * len(words)) for word in words]
        if len(saved) == len(words):
            tests = [HeldToWord.load(one) for one in saved]
        self._held[owner] = [_Held(project, since_ns, *pair) for pair in zip(words, tests, strict=True)]
        return True

    def end(self, owner: str) -> None:
        self._held.pop(owner, None)

    def take(self, run: Run) -> list[str]:
        """A run that is over; answers the owners of what it refutes."""
        return self._all(run, lambda word: _value(word, run))

    def score(self, outcome: Outcome, run: Run) -> list[str]:
        """A posted score of a run."""
        if outcome.score is None:
            return []
        value = min(1.0, max(0.0, 1.0 - outcome.score))
        return self._all(run, lambda word: value if word.signal == _SCORE + outcome.name else None)

    def _all(self, run: Run, value_of: Any) -> list[str]:
        refuted = []
        for owner, tests in self._held.items():
            for held in tests:
                if held.project != run.project or run.started_at_ns <= held.since_ns or held.test.refuted:
                    continue
                value = value_of(held.word) if matches(run, held.word.where) else None
                if value is not None and held.test.take(value):
                    refuted.append(owner)
        return refuted

    def refuted(self, owner: str, signals: Iterable[str]) -> bool:
        """Whether what was said of one of these signals turned out wrong."""
        wanted = set(signals)
        return any(held.test.refuted and held.word.signal in wanted for held in self._held.get(owner, ()))

    def test_of(self, owner: str) -> WordNow | None:
        """The test with the most evidence; None where nothing is tested."""
        held = max(self._held.get(owner, ()), key=lambda one: one.test.value, default=None)
        if held is None:
            return None
        test = held.test
        return WordNow(test.n, test.value, test.refuted, test.refuted_at, test.words())

    def dump(self) -> dict[str, list[Any]]:
        """Plain values, for `load`."""
        return {owner: [held.test.dump() for held in tests] for owner, tests in self._held.items()}

    def load(self, saved: Mapping[str, list[Any]]) -> None:
        """What `dump` answered; each is taken up when it begins again."""
        self._saved = dict(saved)


def matches(run: Run, where: Keys) -> bool:
    """Whether a run lies in a slice."""
    return all(value in run.tools if name == "tool" else getattr(run, name, None) == value for name, value in where)


def _value(word: Word, run: Run) -> float | None:
    signal = _SIGNALS.get(word.signal)
    return None if signal is None else signal.of(run)
