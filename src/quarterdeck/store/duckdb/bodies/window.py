"""The last texts of each session, in memory: what a new text is compared with. Bounded in bytes.

Nothing here is needed to read: a text that left the window is only not a base any more. Refuses to hand out as a base
what may never be stored: texts of parts that were given up.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from sys import getsizeof
from threading import RLock
from typing import Literal

from quarterdeck.store.duckdb.bodies.prefix import shared_chars

CHARS_MIN = 1_024
"""Shorter texts are stored whole: what a base would save does not pay for its place in the window."""
SHARED_MIN = 256
"""Characters that two texts must share for one to be the base of the other: JSON messages all begin alike."""
CHAIN_MAX = 256
"""Bodies that may have to be read for one; then a whole text is stored."""
_TEXTS_MAX = 4
"""Texts kept of one attribute of a session: an agent and a few sub-agents that take turns."""


@dataclass(slots=True, eq=False)
class PartState:
    """Whether a prepared part was committed, was given up (`dead`), or may still be either."""

    status: Literal["pending", "committed", "dead"] = "pending"


@dataclass(slots=True, eq=False)
class Text:
    """One text in the window: body `number`, at the end of a chain of `depth` bodies that begins in part `root`."""

    text: str
    head: str
    number: int
    depth: int
    root: int
    state: PartState


Texts = dict[str, list[Text]]
"""Attribute -> its last texts, newest last."""


class Window:
    """Least recently used sessions leave first. Whoever uses it holds `lock`."""

    def __init__(self, bytes_max: int) -> None:
        self.lock = RLock()
        self.epoch = 0
        self.bytes_held = 0
        self._bytes_max = bytes_max
        self._sessions: OrderedDict[int, Texts] = OrderedDict()

    def texts(self, key: int) -> Texts:
        """The texts of a body key, touched; they may be changed by `put` only."""
        found = self._sessions.get(key)
        if found is None:
            found = self._sessions[key] = {}
        else:
            self._sessions.move_to_end(key)
        return found

    def put(self, texts: Texts, attribute: str, text: Text, base: Text | None, shared: int) -> None:
        """Take in a text; it takes the place of a base that it contains but for the end."""
        held = texts.setdefault(attribute, [])
        if base is not None and shared * 10 >= len(base.text) * 9 and base in held:
            held.remove(base)
            self.bytes_held -= getsizeof(base.text)
        elif len(held) == _TEXTS_MAX:
            self.bytes_held -= getsizeof(held.pop(0).text)
        held.append(text)
        self.bytes_held += getsizeof(text.text)

    def shrink(self) -> None:
        """Let sessions go until the rest is within the bound."""
        while self.bytes_held > self._bytes_max:
            _, texts = self._sessions.popitem(last=False)
            self._forgot(texts)

    def forget(self, keys: Iterable[int]) -> None:
        """These sessions' stored texts change: parts that build on earlier ones must be made anew (`epoch` rises)."""
        with self.lock:
            self.epoch += 1
            for key in keys:
                self._forgot(self._sessions.pop(key, {}))

    def _forgot(self, texts: Texts) -> None:
        self.bytes_held -= sum(getsizeof(text.text) for held in texts.values() for text in held)


def best_base(held: list[Text], value: str, *, settled_only: bool, own: PartState) -> tuple[Text | None, int]:
    """The text that `value` shares most with, and how many characters; (None, 0) when none will do.

    `settled_only`: bases of other parts must be committed (for what is prepared within a commit).
    """
    best, most = None, 0
    for text in reversed(held):
        if text.depth >= CHAIN_MAX or not value.startswith(text.head):
            continue
        status = text.state.status
        if status == "dead" or (settled_only and status != "committed" and text.state is not own):
            continue
        shared = shared_chars(text.text, value)
        if shared > most:
            best, most = text, shared
            if shared * 10 >= 9 * min(len(value), len(text.text)):
                break
    return best, most
