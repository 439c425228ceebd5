"""Names in a text that a later action may need again: ids, order and account numbers, file paths, addresses.

`VERSION` rises when the rules change, so that figures made with them can be told apart. Refuses meaning: a name is a form.
"""

from __future__ import annotations

import re

VERSION = 1

NAME = re.compile(
    r"https?://[^\s\"'<>)\]}]+"  # addresses
    r"|[\w.+-]+@[\w-]+\.[\w.-]+"  # mail
    r"|(?:~|\.{1,2})?(?:/[\w.@+-]+){2,}/?"  # absolute paths
    r"|(?:[\w.@+-]+/)+[\w.@+-]*\.\w{1,8}"  # relative paths
    r"|#?\b(?=[\w-]*\d)[A-Za-z0-9_][\w-]{3,}\b"  # ids: four signs or more with a digit among them
    r"|\b[\w-]+\.(?:py|js|ts|tsx|md|json|ya?ml|toml|txt|csv|html|css|go|rs|java|c|h|cpp|sh|sql|parquet)\b"
)
LONGEST = 120
"""A longer run of letters is data, not a name."""


def entities(text: str) -> tuple[str, ...]:
    """Names in the order of their first appearance, each once."""
    found = dict.fromkeys(NAME.findall(text))
    return tuple(name for name in found if len(name) <= LONGEST)
