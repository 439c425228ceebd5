"""What was erased, remembered by keyed hash: so that a late span of it is refused, and its ids are not kept for that.

A tombstone names a session or a trace of one project. Refuses to say which ids those were.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal

from quarterdeck.model.spans import Span

Kind = Literal["session", "trace", "user"]
ANSWERS_MAX = 20_000
"""Answers remembered by (project, trace, session); when full all are forgotten."""


class Tombstones:
    """`keyed_hash` hashes under the data folder's key; `known` are digests read at the start. Asked by the decoder."""

    def __init__(self, keyed_hash: Callable[[str], str], known: Iterable[str] = ()) -> None:
        self._hash = keyed_hash
        self._known = set(known)
        self._answers: dict[tuple[str, str, str | None], bool] = {}

    def __len__(self) -> int:
        return len(self._known)

    def digest(self, project: str, kind: Kind, identity: str) -> str:
        """What is stored in the place of an id."""
        return self._hash(f"{kind}\0{project}\0{identity}")

    def add(self, digests: Iterable[str]) -> None:
        """From now on spans of these are refused."""
        self._known.update(digests)
        self._answers = {}

    def forget(self, digests: Iterable[str]) -> None:
        """Spans of these are taken again."""
        self._known.difference_update(digests)
        self._answers = {}

    def refuses(self, span: Span) -> bool:
        """Whether a span belongs to an erased session or trace."""
        if not self._known:
            return False
        key = (span.project, span.trace_id, span.session_id)
        answers = self._answers
        found = answers.get(key)
        if found is None:
            if len(answers) >= ANSWERS_MAX:
                answers.clear()
            found = answers[key] = self._is_erased(span)
        return found

    def _is_erased(self, span: Span) -> bool:
        if self.digest(span.project, "trace", span.trace_id) in self._known:
            return True
        return span.session_id is not None and self.digest(span.project, "session", span.session_id) in self._known
