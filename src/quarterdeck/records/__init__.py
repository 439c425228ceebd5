"""Append-only, hash-chained records: what was done, by whom, and the proof that nothing was changed since."""

from quarterdeck.records.chain import Broken, seal, verify
from quarterdeck.records.ledger import Ledger

__all__ = ["Broken", "Ledger", "seal", "verify"]
