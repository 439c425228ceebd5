"""The statistics core: numbers in, an estimate or "insufficient" out; knows no product, storage or clock."""

from quarterdeck.stats.intervals import wilson

__all__ = ["wilson"]
