"""The statistics core: numbers in, an estimate or "insufficient" out; knows no product, storage or clock."""

from quarterdeck.stats.bank import DetectorBank
from quarterdeck.stats.baseline import Baseline
from quarterdeck.stats.bets import BET_SIZES, bet
from quarterdeck.stats.blocks import block, day_effect, intraclass_correlation
from quarterdeck.stats.confidence_sequence import confidence_sequence
from quarterdeck.stats.differences import ShareDifference, compare_shares, newcombe
from quarterdeck.stats.estimate import Answer, Estimate, Insufficient
from quarterdeck.stats.exchange import ExchangeProcess, exchange_e
from quarterdeck.stats.intervals import wilson
from quarterdeck.stats.mmd import mmd_hamming
from quarterdeck.stats.multiplicity import ebh, holm, merge
from quarterdeck.stats.names import name_level_interval
from quarterdeck.stats.planning import detectable_rate, kl, sample_size, sequential_size, zero_failure_n
from quarterdeck.stats.processes import EDetector, EProcess, alarm_threshold
from quarterdeck.stats.ranks import Ranks
from quarterdeck.stats.rates import beta_binomial_e, clopper_pearson, mcnemar_exact, pass_k
from quarterdeck.stats.scan import Slice, scan
from quarterdeck.stats.season import Season
from quarterdeck.stats.signflip import signflip
from quarterdeck.stats.two_sample import TwoSample
from quarterdeck.stats.weighted import Weighted, calibrate, weighted_mean, weighted_share, weighted_total

__all__ = [
    "BET_SIZES",
    "Answer",
    "Baseline",
    "DetectorBank",
    "EDetector",
    "EProcess",
    "Estimate",
    "ExchangeProcess",
    "Insufficient",
    "Ranks",
    "Season",
    "ShareDifference",
    "Slice",
    "TwoSample",
    "Weighted",
    "alarm_threshold",
    "bet",
    "beta_binomial_e",
    "block",
    "calibrate",
    "clopper_pearson",
    "compare_shares",
    "confidence_sequence",
    "day_effect",
    "detectable_rate",
    "ebh",
    "exchange_e",
    "holm",
    "intraclass_correlation",
    "kl",
    "mcnemar_exact",
    "merge",
    "mmd_hamming",
    "name_level_interval",
    "newcombe",
    "pass_k",
    "sample_size",
    "scan",
    "sequential_size",
    "signflip",
    "weighted_mean",
    "weighted_share",
    "weighted_total",
    "wilson",
    "zero_failure_n",
]
