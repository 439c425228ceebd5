"""Fixed-n helpers for counts: exact intervals and tests, pass^k, and evidence against one rate.

Refuses: to be looked at again and again while data comes in; that is what `EProcess` is for.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import comb, exp, lgamma, log

from quarterdeck.stats.intervals import check_counts


def clopper_pearson(successes: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Exact interval `(low, high)` of a binomial rate. Source: Clopper and Pearson, Biometrika 26 (1934) 404-413.

    Raises ValueError for n < 1, successes outside 0..n, or a confidence outside (0, 1).
    """
    check_counts(successes, n, confidence)
    from scipy.special import betaincinv  # noqa: PLC0415 - heavy; only who asks for this pays

    tail = (1 - confidence) / 2
    low = 0.0 if successes == 0 else float(betaincinv(successes, n - successes + 1, tail))
    high = 1.0 if successes == n else float(betaincinv(successes + 1, n - successes, 1 - tail))
    return low, high


def beta_binomial_e(k: int, n: int, p0: float) -> float:
    """Evidence against "the rate is p0" after k successes in n trials, with a uniform prior on the alternative.

    ∫ q^k (1−q)^(n−k) dq / (p0^k (1−p0)^(n−k)); an e-process in n (Ville 1939; Robbins 1970).
    """
    if not 0 <= k <= n or not 0 < p0 < 1:
        msg = f"expected 0 <= k <= n and p0 in (0, 1), got k = {k}, n = {n}, p0 = {p0}"
        raise ValueError(msg)
    mixture = lgamma(k + 1) + lgamma(n - k + 1) - lgamma(n + 2)
    return exp(min(700.0, mixture - k * log(p0) - (n - k) * log(1 - p0)))


def pass_k(successes: int | Sequence[int], trials: int | Sequence[int], k: int) -> float:
    """The chance that k tries at one task all succeed: the mean over tasks of C(successes, k) / C(trials, k).

    Unbiased for each task (the hypergeometric form of Yao et al., τ-bench, 2024); tasks with fewer than k trials are
    left out. Raises ValueError when no task has k trials, or counts are impossible.
    """
    won = [successes] if isinstance(successes, int) else list(successes)
    tried = [trials] if isinstance(trials, int) else list(trials)
    if k < 1 or len(won) != len(tried) or any(not 0 <= c <= n for c, n in zip(won, tried, strict=False)):
        msg = "expected k >= 1 and 0 <= successes <= trials for each task"
        raise ValueError(msg)
    shares = [comb(c, k) / comb(n, k) for c, n in zip(won, tried, strict=True) if n >= k]
    if not shares:
        msg = f"no task has {k} trials"
        raise ValueError(msg)
    return sum(shares) / len(shares)


def mcnemar_exact(b: int, c: int) -> float:
    """Two-sided exact p-value for b against c discordant pairs (McNemar, Psychometrika 12 (1947); binomial form).

    1 when there is no discordant pair. Raises ValueError for negative counts.
    """
    if b < 0 or c < 0:
        msg = f"expected counts >= 0, got {b} and {c}"
        raise ValueError(msg)
    n = b + c
    at_most = sum(comb(n, i) for i in range(min(b, c) + 1))
    return min(1.0, 2 * (at_most / (1 << n)))
