"""The one regular expression engine of this room: RE2, so that no pattern, ours or a user's, can take more than linear time.

Why RE2 and not `re` or `regex` with a timeout: a timeout is a leak (the text was not searched) or an outage, and
linear time needs neither. What RE2 cannot do (look-around, back references) is refused when the settings are read.
Patterns work on UTF-8 bytes; a lone surrogate passes through as it is.
"""

from __future__ import annotations

from typing import Any

import re2

from quarterdeck.errors import BadSetting

PROGRAM_BYTES_MAX = 4 << 20
"""Memory that one compiled pattern may take; `(a{100}){100}` is refused."""


def compile_pattern(name: str, pattern: str) -> Any:
    """A compiled pattern over bytes. Raises BadSetting naming the rule and what is wrong with it."""
    options = quiet_options()
    options.max_mem = PROGRAM_BYTES_MAX
    try:
        compiled = re2.compile(pattern.encode(), options)
    except re2.error as error:
        reason = error.args[0].decode() if error.args and isinstance(error.args[0], bytes) else str(error)
        msg = f"the pattern {name!r} ({pattern!r}) is not a regular expression of RE2: {reason}"
        raise BadSetting(
            msg, mend="RE2 has no look-around and no back references; see docs/how-to/privacy.md"
        ) from error
    if compiled.search(b"") is not None:
        msg = f"the pattern {name!r} ({pattern!r}) matches the empty text, and so everything"
        raise BadSetting(msg, mend="ask for at least one character, for instance with + instead of *")
    return compiled


def quiet_options() -> Any:
    """RE2's options, without its habit of writing errors to stderr."""
    options = re2.Options()
    options.log_errors = False
    return options


def to_bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def to_text(data: bytes) -> str:
    return data.decode("utf-8", "surrogatepass")
