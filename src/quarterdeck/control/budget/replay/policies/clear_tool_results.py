"""Old tool results become a placeholder once the prompt is large: Anthropic's clear_tool_uses, LangChain's ClearToolUsesEdit.

Over the trigger, all results but the last three are cleared, each turn anew. It drops nothing else, so a window can still be
passed; from there on the oldest atoms go. Ours, after the documented behaviour; benchmarks/budget.py runs the real one.
"""

from __future__ import annotations

from collections.abc import Sequence

from quarterdeck.control.budget.replay.policy import Room
from quarterdeck.control.budget.replay.said import Prompt, Said, Shown, shown_in_full

PLACEHOLDER = "[cleared]"
KEEP = 3
TRIGGER = 0.7
"""Of the window. The shipped trigger, 100,000 tokens, is half of the window that it was made for, and over most that are tried here."""


class ClearToolResults:
    def __init__(self, room: Room) -> None:
        self._window = room.window
        self._placeholder_tokens = room.count(PLACEHOLDER) + 4

    def prompt(self, so_far: Sequence[Said]) -> Prompt:
        shown = [shown_in_full(said) for said in so_far]
        if sum(one.tokens for one in shown) > TRIGGER * self._window:
            results = [at for at, said in enumerate(so_far) if said.answers is not None]
            for at in results[:-KEEP]:
                shown[at] = Shown(so_far[at].index, PLACEHOLDER, self._placeholder_tokens)
        return _fitted(so_far, shown, self._window)


def _fitted(so_far: Sequence[Said], shown: Prompt, window: int) -> Prompt:
    """Without the oldest atoms after the head, as many as it takes."""
    total = sum(one.tokens for one in shown)
    begin = head = next((at for at, said in enumerate(so_far) if said.role != "system"), len(so_far))
    while begin < len(shown) and (total > window or so_far[begin].answers is not None):
        if total <= window and begin == head:
            break
        total -= shown[begin].tokens
        begin += 1
    return [*shown[:head], *shown[begin:]]
