"""What the words of a task say of its size: a small effect for each word, learned from tasks that had it.

A linear model on hashed words with a variance for each (the diagonal of a Kalman filter). Refuses: meaning.
"""

from __future__ import annotations

import math
from typing import Any

from quarterdeck.control.estimate.rules import Rules

_VARIANCE = 0.02
"""Of a word's effect before any was seen. On the recorded sets words explain almost nothing, so little is believed at first."""
_BELIEF = 0.3
"""Share of the words' doubt that is added to a run's: they are not independent."""
_REMEMBERED = 4_000.0
_CLIP = 3.0


class Words:
    """Effects on a logarithm by word hash, bounded; the word not met for longest goes."""

    def __init__(self, rules: Rules) -> None:
        self._max = rules.words_max
        self._effects: dict[int, list[float]] = {}
        self._variance = _VARIANCE
        self._refits = 50.0

    def lean(self, words: tuple[int, ...]) -> tuple[float, float]:
        """The sum of effects, and its doubt."""
        share = 1.0 / math.sqrt(len(words))
        mean = doubt = 0.0
        for word in words:
            effect = self._effects.get(word)
            if effect is None:
                doubt += self._variance
            else:
                mean += effect[0]
                doubt += effect[1]
        return share * mean, _BELIEF * share * share * doubt

    def learn(self, words: tuple[int, ...], off: float, noise: float) -> None:
        """A run with these words was `off` its level; `noise`: the variance of what words cannot explain."""
        share = 1.0 / math.sqrt(len(words))
        effects = [self._touch(word) for word in words]
        total = noise + share * share * sum(effect[1] for effect in effects)
        off -= share * sum(effect[0] for effect in effects)
        far = _CLIP * math.sqrt(total)
        off = max(-far, min(far, off))
        for effect in effects:
            gain = effect[1] * share / total
            effect[0] += gain * off
            effect[1] -= gain * share * effect[1]
            self._refits += 1.0
            seen = effect[0] ** 2 + effect[1]
            self._variance += (seen - self._variance) / min(self._refits, _REMEMBERED)

    def _touch(self, word: int) -> list[float]:
        effect = self._effects.pop(word, None)
        if effect is None:
            effect = [0.0, self._variance]
            if len(self._effects) >= self._max:
                del self._effects[next(iter(self._effects))]
        self._effects[word] = effect
        return effect

    def dump(self) -> dict[str, Any]:
        """As JSON would have it."""
        effects = [[word, round(mean, 5), round(var, 6)] for word, (mean, var) in self._effects.items()]
        return {"variance": self._variance, "refits": self._refits, "effects": effects}

    @classmethod
    def load(cls, rules: Rules, told: dict[str, Any]) -> Words:
        """The words that `dump` told of."""
        words = cls(rules)
        words._variance, words._refits = float(told["variance"]), float(told["refits"])
        words._effects = {int(word): [float(mean), float(var)] for word, mean, var in told["effects"]}
        return words
