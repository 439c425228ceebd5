"""The instructions and the last twenty messages, from a whole atom on: a common setting of chat memories."""

from __future__ import annotations

from collections.abc import Sequence

from quarterdeck.control.budget.replay.atoms import atoms_of, heads_and_rest, in_full, newest_atoms, size_of
from quarterdeck.control.budget.replay.policy import Room
from quarterdeck.control.budget.replay.said import Prompt, Said

LAST = 20


class LastN:
    def __init__(self, room: Room) -> None:
        self._window = room.window

    def prompt(self, so_far: Sequence[Said]) -> Prompt:
        heads, rest = heads_and_rest(so_far)
        kept: list[Said] = []
        for atom in reversed(atoms_of(rest)):
            if len(kept) + len(atom) > LAST:
                break
            kept = [*atom, *kept]
        return in_full([*heads, *newest_atoms(kept, self._window - size_of(heads))])
