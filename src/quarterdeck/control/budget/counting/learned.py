"""What each content class costs at one model, learned from returned usage by recursive least squares.

Every answer says how many tokens its prompt was. The coefficients that explain it best are updated at once: relative
errors count, one answer moves them by a bounded amount, each stays within bounds, and a slow drift is allowed. The error is
taken before the update, so its quantile is that of a prediction. Refuses: texts; it sees numbers alone.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

import numpy as np

from quarterdeck.control.budget.counting.features import Features

ERRORS_KEPT = 256
ERRORS_NEEDED = 10
"""Below that, no quantile of the error is told."""

_NOISE = 0.01
"""Share of a prompt's tokens that no coefficient explains: one in a hundred."""

_CLIP = 3.0
"""Standard deviations that one answer may pull: a wrong usage figure must not spoil a model."""

_DRIFT = 2e-4
"""Share of the prior variance that comes back with each answer: a provider may change its tokenizer."""

#           words mixed digits space marks cjk  scripts message call
_SPREAD = np.array([0.12, 0.25, 0.25, 0.35, 0.20, 0.40, 0.60, 3.0, 3_000.0])
_LEAST = np.array([0.4, 0.2, 0.2, 0.0, 0.3, 0.2, 0.2, 0.0, 0.0])
_MOST = np.array([2.5, 4.0, 4.0, 5.0, 3.0, 4.0, 6.0, 40.0, 1e6])


class Prior(NamedTuple):
    """Coefficients before any usage is known, in the order of `Features`."""

    coefficients: tuple[float, ...]


FRAME = (4.0, 3.0)
"""Tokens around each message and each request, as OpenAI's cookbook gives them."""

_FAMILIES: tuple[tuple[tuple[str, ...], tuple[float, ...]], ...] = (
    (("gpt-4o", "gpt-4.1", "gpt-4.5", "gpt-5", "o1", "o3", "o4", "gpt-oss", "chatgpt"), (1.0,) * 7),
    (("gpt-4", "gpt-3.5", "text-embedding"), (1.0, 1.04, 1.0, 1.05, 1.0, 1.45, 2.3)),
    (("claude",), (1.14, 1.2, 1.2, 1.1, 1.2, 1.3, 1.6)),
    (("gemini", "gemma"), (1.0, 1.15, 2.2, 1.0, 1.1, 0.9, 1.0)),
)
"""By the beginning of a model's name. cl100k was counted beside o200k on the texts of `rates`; Claude's is 17 % above on code; Gemini
makes a token of each digit."""


def prior_of(model: str) -> Prior:
    """The prior of a model's family; o200k's for a model that is not known."""
    name = model.rsplit("/", 1)[-1].lower()
    for prefixes, classes in _FAMILIES:
        if name.startswith(prefixes):
            return Prior((*classes, *FRAME))
    return Prior((1.0,) * 7 + FRAME)


class Learned:
    """The coefficients of one model. `coefficients` is what a count is made with; `answers`: how many taught it."""

    def __init__(self, prior: Prior, like: Learned | None = None) -> None:
        """`like`: begin with what another scope of the same model has learned; its own frame per request is open again."""
        self.coefficients: tuple[float, ...] = prior.coefficients
        self.answers = 0
        self._uncertain = np.diag(_SPREAD**2)
        self._errors: deque[float] = deque(maxlen=ERRORS_KEPT)
        if like is not None:
            self.coefficients = (*like.coefficients[:-1], prior.coefficients[-1])
            self._uncertain = like._uncertain.copy()
            self._uncertain[-1, :] = self._uncertain[:, -1] = 0.0
            self._uncertain[-1, -1] = _SPREAD[-1] ** 2

    def tokens(self, features: Features) -> float:
        """Expected tokens."""
        return sum([a * b for a, b in zip(self.coefficients, features, strict=True)])

    def learn(self, features: Features, tokens: float) -> None:
        """What the provider counted for these features."""
        known = np.array(self.coefficients)
        row = np.array(features) / tokens
        wrong = 1.0 - float(known @ row)
        self._errors.append(abs(wrong))
        self.answers += 1
        self._uncertain += np.diag(_DRIFT * _SPREAD**2)
        pull = self._uncertain @ row
        variance = float(row @ pull) + _NOISE**2
        bound = _CLIP * variance**0.5
        known += pull / variance * min(max(wrong, -bound), bound)
        self._uncertain -= np.outer(pull, pull) / variance
        self.coefficients = tuple(np.clip(known, _LEAST, _MOST).tolist())

    def error(self, level: float) -> float | None:
        """Quantile of the relative error of the last predictions, each made before its answer was known; None: too few."""
        if len(self._errors) < ERRORS_NEEDED:
            return None
        return float(np.quantile(np.array(self._errors), level))
