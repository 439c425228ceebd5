"""Quantiles of Student's t, without scipy: the library must import quickly.

Source: G. W. Hill, "Algorithm 396: Student's t-quantiles", CACM 13 (1970) 619-620; degrees of freedom need not be
whole. Within 0.2 % of the exact value from two degrees on; between one and two the wider quantile of one degree is given.
"""

from __future__ import annotations

from math import cos, exp, pi, sin, sqrt
from statistics import NormalDist


def t_quantile(q: float, degrees: float) -> float:
    """The value below which a share `q` (0.5 <= q < 1) of Student's t lies. Raises ValueError outside, or below 1 degree."""
    if not 0.5 <= q < 1 or degrees < 1:
        msg = f"expected 0.5 <= q < 1 and at least 1 degree of freedom, got {q} and {degrees}"
        raise ValueError(msg)
    tails = 2 * (1 - q)
    if tails == 1:
        return 0.0
    if degrees < 2:
        return cos(tails * pi / 2) / sin(tails * pi / 2)
    if degrees == 2:
        return sqrt(2 / (tails * (2 - tails)) - 2)
    return _hill(tails, degrees)


def _hill(tails: float, n: float) -> float:
    a = 1 / (n - 0.5)
    b = (48 / a) / a
    c = ((20700 * a / b - 98) * a - 16) * a + 96.36
    d = ((94.5 / (b + c) - 3) / b + 1) * sqrt(a * pi / 2) * n
    y = (d * tails) ** (2 / n)
    if y > 0.05 + a:
        x = NormalDist().inv_cdf(tails / 2)
        y = x * x
        if n < 5:
            c += 0.3 * (n - 4.5) * (x + 0.6)
        c += (((0.05 * d * x - 5) * x - 7) * x - 2) * x + b
        y = (((((0.4 * y + 6.3) * y + 36) * y + 94.5) / c - y - 3) / b + 1) * x
        y = a * y * y
        y = exp(y) - 1 if y > 0.002 else y + 0.5 * y * y
    else:
        y = ((1 / (((n + 6) / (n * y) - 0.089 * d - 0.822) * (n + 2) * 3) + 0.5 / (n + 4)) * y - 1) * (n + 1) / (
            n + 2
        ) + 1 / y
    return sqrt(n * y)
