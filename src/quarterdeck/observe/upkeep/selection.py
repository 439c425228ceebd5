"""Which spans an erasure takes: those of the runs that are meant, and every span that names who is meant. Pure.

A trace may hold runs of several sessions; a run's own tree says which spans are its.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from quarterdeck.model.runs import RunTree
from quarterdeck.model.spans import Span


class Wanted(NamedTuple):
    """Whom an erasure means: sessions by id, users by hash. `companions` are sessions of those users."""

    session_ids: frozenset[str] = frozenset()
    user_hashes: frozenset[str] = frozenset()
    companions: frozenset[str] = frozenset()

    def names(self, span: Span) -> bool:
        """Whether a span itself says that it belongs to what is meant."""
        return span.session_id in self.session_ids or (
            span.user_hash is not None and span.user_hash in self.user_hashes
        )


class Chosen(NamedTuple):
    """Spans to take, and what they were: sessions, keys of decisions about bodies, runs."""

    spans: list[Span]
    session_ids: frozenset[str]
    session_keys: frozenset[str]
    run_ids: frozenset[str]


def choose(trees: Sequence[RunTree], spans: Collection[Span], wanted: Wanted) -> Chosen:
    """What of these spans (whole traces) goes."""
    runs = [tree.run for tree in trees if _is_meant(tree, wanted)]
    mine = {run.run_id for run in runs}
    places = {(node.trace_id, node.span_id) for tree in trees if tree.run.run_id in mine for node in tree.nodes}
    found = [span for span in spans if (span.trace_id, span.span_id) in places or wanted.names(span)]
    named = {span.session_id for span in found if span.session_id in wanted.session_ids}
    return Chosen(
        found,
        frozenset(name for name in (*named, *(run.session_id for run in runs)) if name is not None),
        frozenset(name for name in (*named, *(run.session_key for run in runs)) if name is not None),
        frozenset(mine),
    )


def _is_meant(tree: RunTree, wanted: Wanted) -> bool:
    run = tree.run
    if run.session_id in wanted.session_ids or run.user_hash in wanted.user_hashes:
        return True
    # A run that names no user, in a session of a user who is meant, is a part of that user's conversation.
    return run.user_hash is None and run.session_id in wanted.companions
