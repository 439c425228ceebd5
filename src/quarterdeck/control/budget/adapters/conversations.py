"""One budget per conversation, for a framework's hook that serves many: the longest unused goes when there are too many.

Refuses to wait: a conversation answers one turn after another, so its lock is held only while a plan is made.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable

from quarterdeck.control.budget.context import ContextBudget

CONVERSATIONS_MAX = 1_000


class Conversations:
    """Budgets by key. `budget`: one, for a hook that serves a single conversation, or a callable that makes them."""

    def __init__(self, budget: ContextBudget | Callable[[], ContextBudget], most: int = CONVERSATIONS_MAX) -> None:
        self._one = budget if isinstance(budget, ContextBudget) else None
        self._make: Callable[[], ContextBudget] = (lambda: budget) if isinstance(budget, ContextBudget) else budget
        self._most = most
        self._known: OrderedDict[str, ContextBudget] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, key: str) -> ContextBudget:
        """The budget of this conversation; a new one the first time."""
        if self._one is not None:
            return self._one
        with self._lock:
            found = self._known.get(key)
            if found is None:
                found = self._known[key] = self._make()
                if len(self._known) > self._most:
                    self._known.popitem(last=False)
            self._known.move_to_end(key)
            return found

    def __len__(self) -> int:
        return len(self._known)
