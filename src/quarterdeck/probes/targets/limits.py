"""What one answer may take, whatever the kind of its target."""

from __future__ import annotations

from typing import NamedTuple


class Limits(NamedTuple):
    """Seconds and bytes of one answer."""

    seconds: float = 120.0
    bytes: int = 1_000_000
