"""Facets: how many runs have each value of a column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from quarterdeck.store.interface import FacetCount


class FacetCountOut(BaseModel):
    """A value and its runs; null = unknown."""

    value: str | None
    count: int


class FacetsOut(BaseModel):
    """`total` runs match all filters; each facet ignores the filter on itself."""

    total: int
    facets: dict[str, list[FacetCountOut]]


def facets_dict(total: int, facets: Mapping[str, Sequence[FacetCount]]) -> dict[str, Any]:
    counted = {name: [{"value": c.value, "count": c.count} for c in counts] for name, counts in facets.items()}
    return {"total": total, "facets": counted}
