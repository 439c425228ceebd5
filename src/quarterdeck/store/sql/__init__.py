"""Operational state in SQL: access keys, marks of what was deleted. SQLite in the data folder, or another engine by its address.

The store is loaded at its first use: settings need its options only, and every command reads settings.
Refuses: telemetry (spans and runs live in their own store).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from quarterdeck.store.sql.options import SqlOptions

if TYPE_CHECKING:
    from quarterdeck.store.sql.keys import SqlKeyStore

__all__ = ["SqlKeyStore", "SqlOptions"]


def __getattr__(name: str) -> Any:
    if name == "SqlKeyStore":
        from quarterdeck.store.sql.keys import SqlKeyStore  # noqa: PLC0415 - SQLAlchemy takes a while to load

        return SqlKeyStore
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)
