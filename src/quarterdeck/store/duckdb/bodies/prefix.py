"""How much two texts share at their beginning: the one comparison on the way in, so it is made of memcmp.

Refuses to look at single characters: slices are compared, and the place of the first difference is found by halving.
"""

from __future__ import annotations


def shared_chars(old: str, new: str) -> int:
    """Characters that both texts begin with.

    Histories grow at their end: mostly all of `old` is shared but its closing brackets. So the search starts at the end
    of `old` and steps back by doubling before it halves.
    """
    low, high = 0, min(len(old), len(new))
    if new.startswith(old[:high]):
        return high
    back = 2
    while back < high:
        if new.startswith(old[: high - back]):
            low = high - back
            break
        high, back = high - back, back * 2
    while high - low > 1:
        middle = (low + high) // 2
        # What is below `low` is known to be equal.
        if new[low:middle] == old[low:middle]:
            low = middle
        else:
            high = middle
    return low
