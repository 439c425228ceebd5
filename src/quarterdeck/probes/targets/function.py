"""A function of the caller's own process: of the input, answering text. In the library and on the command line only.

Refuses: to be named by a request to the server.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from quarterdeck.errors import BadInput, RateLimited
from quarterdeck.model.probes import ProbeCase, ProbeReply


class Function:
    """One side. An exception is a failure of its class; one that says 429 (`status_code`), or RateLimited, is a rate limit."""

    def __init__(self, function: Callable[[str], Any]) -> None:
        self._function = function

    def ask(self, case: ProbeCase) -> ProbeReply:
        """As `ProbeTarget.ask`."""
        try:
            answer = self._function(case.input)
        except Exception as error:
            limited = isinstance(error, RateLimited) or getattr(error, "status_code", None) in (429, 529)
            again = getattr(error, "retry_after_s", None)
            return ProbeReply(ok=False, error_class=type(error).__name__, limited=limited, again_after_s=again)
        return ProbeReply(ok=True, text="" if answer is None else str(answer))


def function_of(named: str) -> Callable[[str], Any]:
    """What `module:function` names. Raises BadInput."""
    module, colon, name = named.partition(":")
    if not colon or not module or not name:
        raise BadInput(f"found {named!r}, expected module:function")
    try:
        found = getattr(import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise BadInput(f"{named} cannot be imported: {error}") from error
    if not callable(found):
        raise BadInput(f"{named} is no function")
    checked: Callable[[str], Any] = found
    return checked
