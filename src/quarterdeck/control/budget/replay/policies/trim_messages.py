"""LangChain's `trim_messages` as its documentation uses it: the last messages that fit, with the system's, from a user's on.

Ours, after its documented behaviour (strategy "last", include_system, start_on "human"); benchmarks/budget.py runs the real one.
"""

from __future__ import annotations

from collections.abc import Sequence

from quarterdeck.control.budget.replay.atoms import heads_and_rest, in_full, size_of
from quarterdeck.control.budget.replay.policy import Room
from quarterdeck.control.budget.replay.said import Prompt, Said


class TrimMessages:
    def __init__(self, room: Room) -> None:
        self._window = room.window

    def prompt(self, so_far: Sequence[Said]) -> Prompt:
        if size_of(so_far) <= self._window:
            return in_full(so_far)
        heads, rest = heads_and_rest(so_far)
        left = self._window - size_of(heads)
        begin = len(rest)
        while begin and rest[begin - 1].tokens <= left:
            begin -= 1
            left -= rest[begin].tokens
        while begin < len(rest) and rest[begin].role != "user":
            begin += 1
        return in_full([*heads, *rest[begin:]])
