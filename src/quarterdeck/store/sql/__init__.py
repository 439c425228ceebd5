"""Operational state in SQL: access keys today. SQLite in the data folder, or another engine by its address.

Refuses: telemetry (spans and runs live in their own store).
"""

from quarterdeck.store.sql.keys import SqlKeyStore
from quarterdeck.store.sql.options import SqlOptions

__all__ = ["SqlKeyStore", "SqlOptions"]
