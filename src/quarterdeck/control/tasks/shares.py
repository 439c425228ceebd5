"""What a child of a task gets: a share of what is left, or amounts, and of all else in proportion.

Pure. Refuses: a share that is none; a child without any ceiling; amounts over what is left are the ledger's to refuse.
"""

from __future__ import annotations

from collections.abc import Mapping

from quarterdeck.errors import BadInput
from quarterdeck.model.estimates import Quantity


def child_ceilings(
    left: Mapping[Quantity, float], share: float | None, named: Mapping[Quantity, float]
) -> dict[Quantity, float]:
    """`left`: of each ceiling of the parent. Raises BadInput.

    What is not named goes in the smallest share among the named ones, so that a child can use what it was given. Seconds run for
    all at once and are not divided.
    """
    if share is not None and named:
        raise BadInput("a child gets a share or amounts, not both")
    if share is None and not named:
        raise BadInput(
            "a child needs a share of what is left (above 0, at most 1), or amounts such as tokens_total=10_000"
        )
    if share is not None and not (isinstance(share, (int, float)) and 0 < share <= 1):
        msg = f"share: expected a number above 0 and at most 1, got {share!r}"
        raise BadInput(msg)
    found = dict(named)
    part = share if share is not None else _smallest_share(left, named)
    for name, amount in left.items():
        if name == "seconds":
            found[name] = min(found.get(name, amount), amount)
        elif name not in found:
            found[name] = max(amount, 0.0) * part
    if "steps" in found and "steps" not in named:
        found["steps"] = float(int(found["steps"]))
    return found


def _smallest_share(left: Mapping[Quantity, float], named: Mapping[Quantity, float]) -> float:
    shares = [amount / left[name] for name, amount in named.items() if name != "seconds" and left.get(name, 0.0) > 0]
    return min([*shares, 1.0])
