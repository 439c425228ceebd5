"""The life of stored data: how long it stays, erasure on demand, history mapped and priced again.

Works in small steps between the commits of the way in. Refuses to touch what is still live, unless it was asked to erase it.
"""

from quarterdeck.observe.upkeep.erasure import Eraser
from quarterdeck.observe.upkeep.options import RetentionOptions
from quarterdeck.observe.upkeep.retention import Retainer

__all__ = ["Eraser", "Retainer", "RetentionOptions"]
