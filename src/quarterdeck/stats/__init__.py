"""The statistics core: numbers in, an estimate or "insufficient" out; knows no product, storage or clock."""

from quarterdeck.stats.differences import ShareDifference, compare_shares, newcombe
from quarterdeck.stats.estimate import Answer, Estimate, Insufficient
from quarterdeck.stats.intervals import wilson

__all__ = ["Answer", "Estimate", "Insufficient", "ShareDifference", "compare_shares", "newcombe", "wilson"]
