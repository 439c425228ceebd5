"""The store in plain Python: the same answers as every other engine, kept in dictionaries, gone with the process.

What for: tests, the library and simulations. Refuses: durability; reads from files.
"""

from quarterdeck.store.memory.alerts import MemoryAlertStore
from quarterdeck.store.memory.approvals import MemoryApprovalStore
from quarterdeck.store.memory.documents import MemoryDocumentStore
from quarterdeck.store.memory.store import MemoryStore

__all__ = ["MemoryAlertStore", "MemoryApprovalStore", "MemoryDocumentStore", "MemoryStore"]
