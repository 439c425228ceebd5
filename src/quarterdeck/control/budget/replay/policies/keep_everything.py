"""Everything, and once the window is full, the newest of it: each turn drops just as many old atoms as it must."""

from __future__ import annotations

from collections.abc import Sequence

from quarterdeck.control.budget.replay.atoms import heads_and_rest, in_full, newest_atoms, size_of
from quarterdeck.control.budget.replay.policy import Room
from quarterdeck.control.budget.replay.said import Prompt, Said


class KeepEverything:
    def __init__(self, room: Room) -> None:
        self._window = room.window

    def prompt(self, so_far: Sequence[Said]) -> Prompt:
        if size_of(so_far) <= self._window:
            return in_full(so_far)
        heads, rest = heads_and_rest(so_far)
        return in_full([*heads, *newest_atoms(rest, self._window - size_of(heads))])
