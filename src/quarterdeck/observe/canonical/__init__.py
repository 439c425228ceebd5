"""From any producer's span to one canonical form, by tables: one file per dialect.

`Canonicalizer` maps spans on the way in; `conversation`, `notes` and `mapped_by` answer for one span on demand.
"""

from __future__ import annotations

from quarterdeck.observe.canonical.arithmetic import CONFIDENCES, Counts
from quarterdeck.observe.canonical.canonicalizer import Canonicalizer
from quarterdeck.observe.canonical.messages import conversation
from quarterdeck.observe.canonical.notes import notes
from quarterdeck.observe.canonical.plan import MAPPING_VERSION
from quarterdeck.observe.canonical.provenance import mapped_by
from quarterdeck.observe.canonical.usage import combine_stream, normalise_usage

__all__ = [
    "CONFIDENCES",
    "MAPPING_VERSION",
    "Canonicalizer",
    "Counts",
    "combine_stream",
    "conversation",
    "mapped_by",
    "normalise_usage",
    "notes",
]
