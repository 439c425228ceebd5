"""`TokenCounter`: tokens of texts, messages and prompts by model, from content classes and what usage taught.

A text is looked at once: its features are remembered, so that a growing history costs only its new messages. One
counter serves all models of a process; calls may come from several threads. Refuses: being called exact.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from quarterdeck.control.budget.counting.features import CALL, EMPTY, MESSAGE, Features, features_of
from quarterdeck.control.budget.counting.learned import Learned, prior_of
from quarterdeck.control.budget.counting.text import text_of
from quarterdeck.errors import BadInput

MODELS_MAX = 1_000
"""Pairs of model and scope that are learned; further ones are counted by their prior."""

TEXTS_MAX = 20_000
"""Texts whose features are remembered; the oldest goes first."""

_UNKNOWN = 0.10
"""Margin of a safe count before the error is known."""

_LEARN_TOKENS_MIN = 16
"""Shorter prompts teach nothing but the frame around them."""


class TokenCounter:
    """Counts without a vocabulary, and learns each model's own ratios.

    `scope` (an agent, say) separates prompts of one model that carry different texts which the caller does not see, such as
    tool definitions that a framework adds: each scope has its own constant, and begins with the ratios of its model.
    """

    def __init__(self, *, models_max: int = MODELS_MAX, texts_max: int = TEXTS_MAX) -> None:
        self._models_max, self._texts_max = models_max, texts_max
        self._learned: dict[tuple[str, str], Learned] = {}
        self._latest: dict[str, Learned] = {}
        self._priors: dict[str, Learned] = {}
        self._seen: dict[tuple[int, int], Features] = {}
        self._lock = threading.Lock()

    def count(self, model: str, text: str) -> int:
        """Tokens of a text by itself: 0 for an empty one, else at least 1."""
        if not text:
            return 0
        return max(1, math.ceil(self._of(model, "").tokens(self._remembered(text)) - 1e-9))

    def count_message(self, model: str, message: Any) -> int:
        """Tokens of one message with what a provider puts around it."""
        return self.count_features(model, self._message(message))

    def count_messages(self, model: str, messages: Iterable[Any], tools: Any = (), *, scope: str = "") -> int:
        """Tokens of a whole prompt, tool definitions and the request's own frame included."""
        return self.count_features(model, self.features(messages, tools), scope=scope)

    def of(self, model: str, *, scope: str = "", safe: bool = False) -> Callable[[str], int]:
        """Text → tokens for one model: what a `ContextBudget` takes as its counter.

        `safe`: above rather than below, by the 99 % quantile of the error so far, and by a tenth until that is known.
        """

        def count(text: str) -> int:
            if not text:
                return 0
            learned = self._of(model, scope)
            margin = (_UNKNOWN if (error := learned.error(0.99)) is None else error) if safe else 0.0
            return max(1, math.ceil(learned.tokens(self._remembered(text)) * (1.0 + margin) - 1e-9))

        return count

    def count_features(self, model: str, features: Features, *, scope: str = "") -> int:
        """Tokens of what is already looked at."""
        return max(0, math.ceil(self._of(model, scope).tokens(features) - 1e-9))

    def features(self, messages: Iterable[Any], tools: Any = ()) -> Features:
        """A prompt's features: kept by a caller that counts now and learns when the answer is there."""
        parts = [CALL, *(self._message(message) for message in _listed(messages))]
        parts += [self._remembered(text_of(tool)) for tool in tools or ()]
        return Features(*map(sum, zip(*parts, strict=True)))

    def learn(self, model: str, prompt: Features | Iterable[Any], tokens: float, *, scope: str = "") -> None:
        """What the provider counted for a prompt (input tokens, cached ones included).

        Raises `BadInput` for a negative or infinite number. 0 is "not reported", and teaches nothing.
        """
        if not math.isfinite(tokens) or tokens < 0:
            raise BadInput(f"a prompt of {tokens} tokens", mend="expected the input tokens that the provider returned")
        if tokens < _LEARN_TOKENS_MIN:
            return
        features = prompt if isinstance(prompt, Features) else self.features(prompt)
        with self._lock:
            learned = self._learning(model, scope)
            if learned is not None:
                learned.learn(features, float(tokens))

    def error(self, model: str, level: float = 0.95, *, scope: str = "") -> float | None:
        """Share by which a count of this model is wrong at most, at this level; None until ten answers taught it."""
        return self._of(model, scope).error(level)

    def answers(self, model: str, *, scope: str = "") -> int:
        """Answers that taught this model: a count may differ from an earlier one when this has risen."""
        return self._of(model, scope).answers

    def _of(self, model: str, scope: str) -> Learned:
        found = self._learned.get((model, scope)) or self._latest.get(model) or self._priors.get(model)
        if found is None:
            found = Learned(prior_of(model))
            if len(self._priors) < self._models_max:
                self._priors[model] = found
        return found

    def _learning(self, model: str, scope: str) -> Learned | None:
        known = self._learned.get((model, scope))
        if known is None:
            if len(self._learned) >= self._models_max:
                return None
            known = self._learned[model, scope] = Learned(prior_of(model), self._latest.get(model))
        self._latest[model] = known
        return known

    def _message(self, message: Any) -> Features:
        return self._remembered(text_of(message)).plus(MESSAGE)

    def _remembered(self, text: str) -> Features:
        if not text:
            return EMPTY
        key = (hash(text), len(text))
        known = self._seen.get(key)
        if known is None:
            known = features_of(text)
            with self._lock:
                if len(self._seen) >= self._texts_max:
                    del self._seen[next(iter(self._seen))]
                self._seen[key] = known
        return known


def _listed(messages: Any) -> Iterable[Any]:
    return (messages,) if isinstance(messages, str | Mapping) else messages
