"""What an account has left, as response headers: looked up a few times a second, however many calls there are.

Refuses: a number for a dimension whose limit nobody knows.
"""

from __future__ import annotations

from collections.abc import Callable

from quarterdeck.control.admit.admission import Admission
from quarterdeck.control.gateway.who import OWN
from quarterdeck.control.gateway.wire import Headers

_FRESH_S = 0.25


class Remaining:
    """`now`: seconds on any clock that goes on."""

    def __init__(self, admission: Admission, now: Callable[[], float]) -> None:
        self._admission = admission
        self._now = now
        self._at_s = float("-inf")
        self._known: dict[str, Headers] = {}

    def headers(self, account: str) -> Headers:
        """`x-quarterdeck-remaining-<dimension>` of an account; what others take meanwhile is a moment late."""
        now = self._now()
        if now - self._at_s > _FRESH_S:
            self._at_s = now
            self._known = {name: _headers(left) for name, left in self._admission.remaining().items()}
        return self._known.get(account, [])


def _headers(left: dict[str, float]) -> Headers:
    return [(OWN + b"remaining-" + name.encode(), b"%d" % max(amount, 0)) for name, amount in left.items()]
