"""The store of one machine: one DuckDB file, one owner process.

What for: telemetry that survives the process and answers in milliseconds. Refuses: two owners, other SQL engines.
"""

from quarterdeck.store.duckdb.options import DuckDBOptions
from quarterdeck.store.duckdb.schema import DATA_FORMAT
from quarterdeck.store.duckdb.store import DuckDBStore

__all__ = ["DATA_FORMAT", "DuckDBOptions", "DuckDBStore"]
