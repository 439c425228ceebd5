"""Do two sets of answers to the same prompts come from one model: a distance between texts, and its chance.

Source: Gao, Liang and Guestrin, "Model Equality Testing", ICLR 2025, arXiv 2410.20247. Refuses: to say why they differ.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from quarterdeck.stats.bets import Floats

LENGTH = 1_000
"""Characters of each text that are compared."""


def mmd_hamming(
    base: Sequence[Sequence[str]],
    new: Sequence[Sequence[str]],
    rng: np.random.Generator,
    *,
    permutations: int = 1_000,
    length: int = LENGTH,
) -> tuple[float, float]:
    """`(distance, p)`: the unbiased squared MMD with the Hamming kernel, and its permutation p-value.

    `base[i]` and `new[i]` are the answers to prompt i, at least two each. The kernel of two texts is the share of
    their first `length` positions that agree (padded alike), 0 across prompts; labels are permuted within prompts.
    Raises ValueError when prompts do not match or have too few answers.
    """
    if len(base) != len(new) or not base or any(min(len(a), len(b)) < 2 for a, b in zip(base, new, strict=False)):
        msg = "expected the same prompts on both sides, with at least two answers each"
        raise ValueError(msg)
    observed = 0.0
    null: Floats = np.zeros(permutations)
    for a, b in zip(base, new, strict=True):
        kernel = _kernel([*a, *b], length)
        labels = np.zeros((permutations + 1, len(a) + len(b)), dtype=np.float64)
        labels[:, : len(a)] = 1
        labels[1:] = rng.permuted(labels[1:], axis=1)
        distances = _mmd(kernel, labels, len(a), len(b))
        observed += float(distances[0])
        null += distances[1:]
    p = (1 + int(np.sum(null >= observed - 1e-12))) / (permutations + 1)
    return observed / len(base), p


def _kernel(texts: Sequence[str], length: int) -> Floats:
    """Share of agreeing positions of each pair; the diagonal is 0, since the unbiased sum leaves it out."""
    size = max(1, min(length, max(len(text) for text in texts)))
    codes = np.zeros((len(texts), size), dtype=np.uint32)
    for row, text in zip(codes, texts, strict=True):
        said = np.frombuffer(text[:size].encode("utf-32-le", "surrogatepass"), dtype="<u4")
        row[: len(said)] = said + 1  # 0 is padding
    agree = np.stack([(codes == code).mean(axis=1) for code in codes])
    # Positions that are padding in both count as agreement up to `length`, as if all texts were padded to it.
    full = agree * size / length + (1 - size / length)
    np.fill_diagonal(full, 0.0)
    return full


def _mmd(kernel: Floats, labels: Floats, n: int, m: int) -> Floats:
    """Unbiased squared MMD for each row of labels (1 = first sample)."""
    other = 1 - labels
    within = np.einsum("pi,ij,pj->p", labels, kernel, labels) / (n * (n - 1))
    within_other = np.einsum("pi,ij,pj->p", other, kernel, other) / (m * (m - 1))
    across = np.einsum("pi,ij,pj->p", labels, kernel, other) / (n * m)
    return np.asarray(within + within_other - 2 * across)
