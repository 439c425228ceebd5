"""How many tokens a prompt probably has, without its vocabulary: a frame, and characters at a rate, both taught by returned usage.

The frame is what the caller does not see: a system prompt or tools that a framework adds, which are most of a short prompt. Fitted
by recursive least squares, a few multiplications a call. Refuses: being called exact, and a fit that one odd prompt carries away.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

CHARACTERS_PER_TOKEN = 4.0
PER_MESSAGE = 4.0
_FRAME = 3.0
_FRAME_VAR = 2_000.0**2
"""Before any answer: frames of system prompts and tools are some thousand tokens."""
_RATE_VAR = 0.14**2
_NOISE = 0.03
"""Standard deviation of a prompt from its fit, as share of its tokens."""
_CLIP = 4.0
"""Standard deviations that one prompt may be off and still pull with all its weight."""
_KEEP = 0.98
"""Of what is known, at each answer; the last fifty count."""
_RATES = (1 / 12.0, 2.0)
_FITS_MAX = 1_000
_DEPTH_MAX = 32


class Prompt(NamedTuple):
    """What is seen of a prompt before it is sent. `agent` "" when nobody said whose it is."""

    model: str
    agent: str
    characters: int
    messages: int


class _Fit:
    """tokens = frame + rate × characters + 4 × messages, with the covariance of frame and rate."""

    __slots__ = ("frame", "frame_var", "joint", "rate", "rate_var")

    def __init__(self) -> None:
        self.frame, self.rate = _FRAME, 1 / CHARACTERS_PER_TOKEN
        self.frame_var, self.joint, self.rate_var = _FRAME_VAR, 0.0, _RATE_VAR

    def learn(self, characters: int, text_tokens: float) -> None:
        of_frame = self.frame_var + self.joint * characters
        of_rate = self.joint + self.rate_var * characters
        total = (_NOISE * text_tokens) ** 2 + of_frame + of_rate * characters
        most = _CLIP * total**0.5
        off = max(-most, min(most, text_tokens - self.frame - self.rate * characters))
        self.frame += of_frame / total * off
        self.rate = min(max(self.rate + of_rate / total * off, _RATES[0]), _RATES[1])
        frame_var = self.frame_var - of_frame * of_frame / total
        rate_var = self.rate_var - of_rate * of_rate / total
        joint = self.joint - of_frame * of_rate / total
        # What nobody shows any more (all prompts of one size) must not be forgotten for ever.
        grow = 1 / _KEEP if frame_var < _FRAME_VAR * _KEEP and rate_var < _RATE_VAR * _KEEP else 1.0
        self.frame_var, self.joint, self.rate_var = frame_var * grow, joint * grow, rate_var * grow


class PromptSize:
    """Estimates input tokens by model and agent, and learns them; an agent that is not known has its model's."""

    def __init__(self) -> None:
        self._fits: dict[tuple[str, str], _Fit] = {}

    def tokens(self, prompt: Prompt) -> float:
        """Tokens that it probably has, at least one a message."""
        model, agent, characters, messages = prompt
        fit = self._fits.get((model, agent)) or self._fits.get((model, ""))
        if fit is None:
            return characters / CHARACTERS_PER_TOKEN + PER_MESSAGE * messages + _FRAME
        return max(fit.frame + fit.rate * characters + PER_MESSAGE * messages, messages, 1.0)

    def learn(self, prompt: Prompt, tokens: float) -> None:
        """What the provider counted. Nothing is learned from what is less than the messages' own frame."""
        model, agent, characters, messages = prompt
        text_tokens = tokens - PER_MESSAGE * messages
        if text_tokens <= 0:
            return
        for key in ((model, agent), (model, "")) if agent else ((model, ""),):
            fit = self._fits.get(key)
            if fit is None:
                if len(self._fits) >= _FITS_MAX:
                    continue
                fit = self._fits[key] = _Fit()
            fit.learn(characters, text_tokens)


def characters_of(messages: Any) -> tuple[int, int]:
    """(characters, messages) of a text, a message, or a list of messages in any provider's shape."""
    if isinstance(messages, str):
        return len(messages), 1
    if isinstance(messages, Mapping):
        return _characters(messages, 0), 1
    if isinstance(messages, Iterable) and not isinstance(messages, bytes):
        items = list(messages)
        return sum(_characters(item, 0) for item in items), len(items)
    return 0, 0


def _characters(value: Any, depth: int) -> int:
    if isinstance(value, str):
        return len(value)
    if depth >= _DEPTH_MAX:
        return 0
    if isinstance(value, Mapping):
        # An inline picture is not text: its bytes say nothing of its tokens.
        return sum(_characters(item, depth + 1) for key, item in value.items() if key not in ("data", "image_url"))
    if isinstance(value, list | tuple):
        return sum(_characters(item, depth + 1) for item in value)
    return len(str(value)) if isinstance(value, int | float) else 0
