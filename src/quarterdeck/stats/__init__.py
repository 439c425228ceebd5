"""The statistics core: numbers in, an estimate or "insufficient" out; knows no product, storage or clock."""

from quarterdeck.stats.estimate import Answer, Estimate, Insufficient
from quarterdeck.stats.intervals import wilson

__all__ = ["Answer", "Estimate", "Insufficient", "wilson"]
