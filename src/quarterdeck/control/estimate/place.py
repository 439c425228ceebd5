"""Where in history a task stands: the keys of the rungs it can lean on.

Refuses: reading a text closely. Likeness is the words two texts share, found by hashes that are the same in every process.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from zlib import crc32

from quarterdeck.control.estimate.cells import Key
from quarterdeck.model.estimates import Identity, Task

WORDS = 16
"""Words that stand for a text: those with the smallest hashes, so that like texts keep like words (Broder's bottom-k sketch, 1997)."""
_TEXT_MAX = 4_000
_WORD = re.compile(r"[^\W\d_]{3,}")
_REMEMBERED = 2_048


class Place(NamedTuple):
    """Keys from wide to narrow. `levels`: agent, model, version; `tasks`: kin, task, task of this cohort; `words`: hashes."""

    levels: tuple[Key, ...]
    tasks: tuple[Key, ...]
    words: tuple[int, ...]
    cohort: tuple[str | None, str | None]
    task: Key | None
    own: Key | None


class Places:
    """Finds places; remembers the words of the latest texts."""

    def __init__(self) -> None:
        self._words: dict[str, tuple[int, ...]] = {}

    def find(self, task: Task, identity: Identity) -> Place:
        """The place of a task that this identity does."""
        agent, model = identity[0], identity[1]
        levels: tuple[Key, ...] = (("a", agent), ("m", agent, model))
        if identity[2:] != (None, None, None, None):
            levels = (*levels, ("v", *identity))
        tasks: tuple[Key, ...] = ()
        if task.feature is not None:
            tasks = (("k", "feature", task.feature),)
        if task.task_class is not None:
            tasks = (*tasks, ("k", "class", task.task_class))
        own = key = None
        if task.key is not None:
            key, own = ("t", task.key), ("c", task.key, agent, model)
            tasks = (*tasks, key, own)
        words = self.words(task.text) if task.text else ()
        return Place(levels, tasks, words, (agent, model), key, own)

    def words(self, text: str) -> tuple[int, ...]:
        """The sketch of a text: at most `WORDS` hashes."""
        found = self._words.get(text)
        if found is None:
            hashes = {crc32(word.encode()) for word in _WORD.findall(text[:_TEXT_MAX].lower())}
            found = tuple(sorted(hashes)[:WORDS])
            if len(self._words) >= _REMEMBERED:
                del self._words[next(iter(self._words))]
            self._words[text] = found
        return found
