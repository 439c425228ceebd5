"""Reference recall: does the window still show what the next call refers to?

Of the entities in the arguments of a call that had evidence before the current user turn (the last message of the user ahead
of the call), those count whose *newest* such evidence is still in the prompt, in any rendering that shows the value: an older
mention does not do, since what it says may have been overtaken. Keeping everything gives 1. Without such entities there is
no recall. Which entities there are is the versioned extractor's to say (`references.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from quarterdeck.control.budget.replay.references import references, references_of_values
from quarterdeck.control.budget.replay.said import STANDS_FOR_OTHERS, Prompt, Said


class Need(NamedTuple):
    """`entity` stands in the next call's arguments; `newest`: index of the last message before the user's turn that shows it."""

    entity: str
    newest: int


def needs_of(said: Sequence[Said], at: int) -> tuple[Need, ...]:
    """What the message `at` refers to. Empty without calls, and before the user spoke. O(entities seen so far)."""
    turn = next((before for before in range(at - 1, -1, -1) if said[before].role == "user"), None)
    if turn is None or not said[at].calls:
        return ()
    wanted = sorted({entity for call in said[at].calls for entity in references_of_values(call.arguments)})
    newest: dict[str, int] = {}
    for before in range(turn - 1, -1, -1):
        if len(newest) == len(wanted):
            break
        for entity in references(said[before].text).intersection(wanted):
            newest.setdefault(entity, said[before].index)
    return tuple(Need(entity, newest[entity]) for entity in wanted if entity in newest)


def found(needs: Iterable[Need], prompt: Prompt) -> int:
    """How many of `needs` the prompt shows: where they were said last, or in what stands there for messages left out."""
    shown: dict[int, list[str]] = {}
    for one in prompt:
        shown.setdefault(one.of, []).append(one.text)
    for_left_out = [*shown.get(STANDS_FOR_OTHERS, ())]
    return sum(any(need.entity in references(text) for text in shown.get(need.newest, for_left_out)) for need in needs)
