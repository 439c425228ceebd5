"""The watch: the loop that takes runs through signals to alerts to people, and what it remembers."""

from quarterdeck.observe.watch.options import WatchOptions
from quarterdeck.observe.watch.watch import Watch

__all__ = ["Watch", "WatchOptions"]
