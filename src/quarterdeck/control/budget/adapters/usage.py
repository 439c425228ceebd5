"""What a framework's hook tells the counter: the prompt that it made, once the answer says its tokens."""

from __future__ import annotations

from collections.abc import Sequence

from quarterdeck.control.budget.adapters.pieces import Shown
from quarterdeck.control.budget.counting import Features, TokenCounter


class Teaching:
    """Joins a prompt with its usage. `counter` None: nothing is learned. `scope`: see `TokenCounter`."""

    def __init__(self, counter: TokenCounter | None, scope: str) -> None:
        self._counter, self._scope = counter, scope

    def look(self, shown: Sequence[Shown], *beside: str) -> Features | None:
        """The features of a prompt, and of the texts beside its messages."""
        if self._counter is None:
            return None
        said = [one.piece.text if one.text is None and one.piece is not None else one.text or "" for one in shown]
        return self._counter.features(said, beside)

    def learn(self, model: str, prompt: Features | None, tokens: int | None) -> None:
        """What the answer said of its input; None and 0 are "not reported"."""
        if self._counter is not None and prompt is not None and tokens and tokens > 0:
            self._counter.learn(model, prompt, tokens, scope=self._scope)
