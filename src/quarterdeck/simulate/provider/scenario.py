"""What the simulated provider answers: turns in order, chosen by how far the conversation is.

The turn is found from the request alone (how often the assistant has spoken), so concurrent conversations do not
disturb each other. Past its last turn a scenario answers with `Scenario.after`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Call:
    """A tool that the model asks for."""

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Turn:
    """One answer: text, tool calls, or both. `reasoning_tokens` are billed as output and never shown.

    `refusals`: how many times the request is answered 429 with `retry_after_s` before it is answered at all.
    """

    text: str = ""
    calls: Sequence[Call] = ()
    reasoning_tokens: int = 0
    refusals: int = 0
    retry_after_s: float = 1.0


@dataclass(frozen=True, slots=True)
class Scenario:
    """Turns for conversations that contain `when` (in a system or user message, or the model's name); "" fits all."""

    turns: Sequence[Turn]
    when: str = ""
    after: str = "Done."

    def turn(self, number: int) -> Turn:
        """The answer to the request in which the assistant has already spoken `number` times."""
        return self.turns[number] if number < len(self.turns) else Turn(self.after)


def choose(scenarios: Sequence[Scenario], text: str) -> Scenario:
    """The first scenario that fits; without any, one that says "Done."."""
    return next((scenario for scenario in scenarios if scenario.when in text), Scenario(()))
