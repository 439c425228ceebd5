"""A real vocabulary in the counter's place: the extra `tokenizers` (`bpe-openai`, vocabularies inside the package, no download).

For OpenAI's models alone: nobody else's vocabulary is in it, and their counts do not carry over. Refuses to guess.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

from quarterdeck.control.budget.counting.text import text_of
from quarterdeck.errors import BadInput

_O200K = ("gpt-4o", "gpt-4.1", "gpt-4.5", "gpt-5", "o1", "o3", "o4", "chatgpt")
_CL100K = ("gpt-4", "gpt-3.5", "text-embedding")
_PER_MESSAGE = 4
_PART_MAX = 500_000


class ExactCounter:
    """Counts texts of one of OpenAI's models with its own vocabulary; has the counting half of `TokenCounter`."""

    def __init__(self, count: Callable[[str], int]) -> None:
        self._count = count

    def count(self, model: str, text: str) -> int:  # noqa: ARG002 - the place of a counter that serves every model
        """Tokens of a text; the model is the one that this counter was made for."""
        return self._count(text)

    def count_message(self, model: str, message: Any) -> int:
        """Tokens of one message with what OpenAI puts around it."""
        return self.count(model, text_of(message)) + _PER_MESSAGE


def exact_counter(model: str) -> ExactCounter:
    """The counter of a model. Raises `BadInput` for a model of another vendor, and where the extra is not installed."""
    name = model.rsplit("/", 1)[-1].lower()
    base = "o200k_base" if name.startswith(_O200K) else "cl100k_base" if name.startswith(_CL100K) else None
    if base is None:
        raise BadInput(
            f"no vocabulary of the model {model!r} is here", mend="use TokenCounter, which learns from usage"
        )
    try:
        found: Any = importlib.import_module("bpe_openai")
    except ImportError as error:
        raise BadInput("exact counting needs bpe-openai", mend="pip install 'quarterdeck[tokenizers]'") from error
    encode = found.get_encoding(base).encode_ordinary
    return ExactCounter(lambda text: sum(len(encode(part)) for part in _parts(text)))


def _parts(text: str) -> list[str]:
    """The package refuses a million characters: a longer text is counted in parts, one token off per cut at most."""
    return [text[at : at + _PART_MAX] for at in range(0, len(text), _PART_MAX)]
