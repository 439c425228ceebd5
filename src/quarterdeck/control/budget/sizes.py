"""How many tokens a segment takes, and a text shortened to a number of tokens.

Refuses a tokenizer of its own: the counter is an argument.
"""

from __future__ import annotations

from collections.abc import Callable

from quarterdeck.control.budget.segment import Render, Segment

Counter = Callable[[str], int]

MESSAGE_TOKENS = 4
"""What a provider adds around a message: role and delimiters."""

HEAD_SHARE = 2 / 3
"""Of what is kept of a clipped text: openings say what a text is, ends how it went."""


def rough_tokens(text: str) -> int:
    """Bytes of UTF-8 by four, rounded up: where only an order of size is asked for."""
    return (len(text) if text.isascii() else len(text.encode("utf-8", "replace"))) // 4 + 1


class Sizer:
    """Counts segments and texts, a message's overhead included."""

    def __init__(self, counter: Counter) -> None:
        self._count = counter

    def text(self, text: str) -> int:
        """Tokens of a message with this text."""
        return self._count(text) + MESSAGE_TOKENS if text else MESSAGE_TOKENS

    def segment(self, segment: Segment) -> int:
        """Tokens of a segment in full: as told, else counted."""
        return self.text(segment.text) if segment.tokens is None else segment.tokens

    def render(self, render: Render) -> int:
        """Tokens of a form that the caller offers."""
        return self.text(render.text) if render.tokens is None else render.tokens

    def clip(self, text: str, tokens_max: int, *, note: str = "") -> str:
        """Beginning and end of `text` around a remark, at most `tokens_max` tokens; empty when not even the remark fits."""
        if self.text(text) <= tokens_max:
            return text
        share = tokens_max / max(self.text(text), 1)
        while share > 0.001:
            kept = _ends(text, share, note)
            if (tokens := self.text(kept)) <= tokens_max:
                return kept
            share *= min(0.9, tokens_max / tokens)
        remark = _remark(len(text), note)
        return remark if self.text(remark) <= tokens_max else ""


def _ends(text: str, share: float, note: str) -> str:
    room = int(len(text) * share)
    head = int(room * HEAD_SHARE)
    tail = room - head
    left_out = len(text) - head - tail
    return f"{text[:head]}\n{_remark(left_out, note)}\n{text[len(text) - tail :] if tail else ''}"


def _remark(characters: int, note: str) -> str:
    return f"[{characters:,} characters left out here{f'; {note}' if note else ''}]"
