"""When the window is full, the oldest atoms go until half of it is free; then nothing changes until it is full again."""

from __future__ import annotations

from collections.abc import Sequence

from quarterdeck.control.budget.replay.atoms import heads_and_rest, in_full, newest_atoms, size_of
from quarterdeck.control.budget.replay.policy import Room
from quarterdeck.control.budget.replay.said import Prompt, Said


class EvictHalf:
    def __init__(self, room: Room) -> None:
        self._window = room.window
        self._first: int | None = None
        """Index of the oldest message that is still shown; None before the first cut."""

    def prompt(self, so_far: Sequence[Said]) -> Prompt:
        heads, rest = heads_and_rest(so_far)
        if self._first is not None:
            rest = [said for said in rest if said.index >= self._first]
        if size_of(heads) + size_of(rest) > self._window:
            room = self._window - size_of(heads)
            rest = newest_atoms(rest, room // 2) or newest_atoms(rest, room)
            self._first = rest[0].index if rest else so_far[-1].index + 1
        return in_full([*heads, *rest])
