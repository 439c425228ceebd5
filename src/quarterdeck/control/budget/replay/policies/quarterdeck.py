"""Ours: `ContextBudget`, told of each message as one segment."""

from __future__ import annotations

import json
from collections.abc import Sequence

from quarterdeck.control.budget import ContextBudget
from quarterdeck.control.budget.plan import Placed
from quarterdeck.control.budget.replay.policy import Room
from quarterdeck.control.budget.replay.said import STANDS_FOR_OTHERS, Prompt, Said, Shown
from quarterdeck.control.budget.segment import Kind, Segment
from quarterdeck.errors import ContextOverflow


class Quarterdeck:
    def __init__(self, room: Room) -> None:
        self._budget = ContextBudget(window=room.window, reserve_output=0, counter=room.count)
        self._segments: list[Segment] = []
        self._said: dict[str, Said] = {}
        self._asked: dict[str, tuple[str, str, str]] = {}
        """Of each call: its tool, its arguments as text, and the atom in which it stands."""
        self._turn = 0

    def prompt(self, so_far: Sequence[Said]) -> Prompt:
        for said in so_far[len(self._segments) :]:
            self._segments.append(self._segment(said))
        try:
            plan = self._budget.fit(self._segments)
        except ContextOverflow:  # said as a prompt that cannot be sent
            return []
        return [self._shown(placed) for placed in plan.placed]

    def _segment(self, said: Said) -> Segment:
        if said.role == "user":
            self._turn += 1
        for call in said.calls:
            self._asked[call.id] = (call.name, json.dumps(call.arguments, sort_keys=True), str(said.index))
        tool, arguments, atom = self._asked.get(said.answers or "", (None, None, str(said.index)))
        segment = Segment(
            id=str(said.index),
            kind=_kind(said),
            text=said.text,
            tokens=said.tokens,
            role=said.role,
            pin=said.pin or None,
            atom=atom if said.calls or said.answers is not None else None,
            turn=self._turn,
            tool=tool,
            arguments=arguments,
            failed=said.failed,
        )
        self._said[segment.id] = said
        return segment

    def _shown(self, placed: Placed) -> Shown:
        said = self._said.get(placed.segment.id)
        if said is None:
            return Shown(STANDS_FOR_OTHERS, placed.text or placed.segment.text, placed.tokens)
        return Shown(said.index, said.text if placed.text is None else placed.text, placed.tokens)


def _kind(said: Said) -> Kind:
    if said.role == "system":
        return "system"
    return "tool_result" if said.answers is not None else "history"
