"""Names of outcomes by project, as many as a project may have: each becomes a signal and a row of tables.

Those that the store knows are let in before all others, so a restart changes nothing. Refuses I/O but that one reading.
"""

from __future__ import annotations

from threading import Lock

from quarterdeck.observe.outcomes.options import OutcomeOptions
from quarterdeck.store.feed import OutcomeReader


class NameBook:
    """May be asked from any thread. Raises what reading the known names raises (once per project)."""

    def __init__(self, store: OutcomeReader, options: OutcomeOptions) -> None:
        self._store = store
        self._most = options.names_max
        self._names: dict[str, set[str]] = {}
        self._lock = Lock()

    @property
    def most(self) -> int:
        """Names that a project may have."""
        return self._most

    def admits(self, project: str, name: str) -> bool:
        """Whether outcomes of this name are taken; a new name is let in while there is room."""
        with self._lock:
            names = self._names.get(project)
            if names is None:
                names = self._names[project] = set(self._store.outcome_names(project))
            if name not in names and len(names) >= self._most:
                return False
            names.add(name)
            return True
