"""What any text goes through before it is written out: one line, and nothing that cannot be seen.

Refuses: control characters, and marks that turn the direction of a line. They are shown by their number, so that a title
cannot make a reader see other words than were written. Letters of any script stay as they are.
"""

from __future__ import annotations

import unicodedata

_UNSEEN = ("Cc", "Cf", "Cs", "Co", "Cn")
_JOINERS = "\u200c\u200d"
"""Between letters of several scripts and in emoji; they turn nothing."""


def plain(text: str) -> str:
    """The text on one line; what is not seen stands as [U+202E]."""
    return " ".join("".join(map(_shown, text)).split())


def _shown(char: str) -> str:
    if char.isspace():
        return " "
    hidden = unicodedata.category(char) in _UNSEEN and char not in _JOINERS
    return f"[U+{ord(char):04X}]" if hidden else char
