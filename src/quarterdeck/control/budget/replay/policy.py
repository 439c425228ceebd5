"""What a policy is: asked before each model call, it says what goes into the window.

It is told of every message once, in order, and may remember. Refuses to tell it what comes later.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from quarterdeck.control.budget.replay.said import Prompt, Said


class Room(NamedTuple):
    """What there is to decide with: the hard limit in tokens, and how texts are counted."""

    window: int
    count: Callable[[str], int]


class Policy(Protocol):
    """One per run. `prompt` has all that was said so far; what it returns is in the order of the window."""

    def prompt(self, so_far: Sequence[Said]) -> Prompt: ...


MakePolicy = Callable[[Room], Policy]
