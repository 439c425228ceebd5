"""Sending recordings again over OTLP/HTTP and waiting until they can be read.

discover (who is there) → pace (when) → batches (how much at once) → send → readable (is it there).
"""

from quarterdeck.simulate.replay.run import Progress, replay

__all__ = ["Progress", "replay"]
