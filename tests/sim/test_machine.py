"""A machine that delivers agent traces in every bad way, cuts the power in between, and compares with one clean delivery.

Late, twice, shuffled, split, several forms of a span, crashes before and after a write, restarts, settling at random
moments. After each settling: what is stored is what was acknowledged, once; runs, trees, rollups, counts and raw forms
equal those of a fresh store in memory that got the same spans in one request; tokens equal the truth when all came.
A failure shrinks to a few calls. `make torture` runs the long profile (QUARTERDECK_TORTURE = number of stories).
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from quarterdeck.store.memory import MemoryStore

from .answers import compare, stored
from .decks import NOW_NS, Deck, PowerStore
from .emission import PATTERNS, SHAPES, emit, request

TORTURE = int(os.environ.get("QUARTERDECK_TORTURE", "0"))
TRACES_MAX = 6
PICKS = st.lists(st.integers(0, 40), min_size=1, max_size=12)
Spans = list[dict[str, Any]]


class Machine(RuleBasedStateMachine):
    """`waiting`: not yet acknowledged, so still to be sent. `told`: acknowledged. `unsure`: sent, and the power went."""

    @initialize()
    def open(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="qd-machine-"))
        self.waiting: Spans = []
        self.told: Spans = []
        self.unsure: Spans = []
        self.traces = 0
        self.true_tokens = 0
        self.deck = Deck(PowerStore(self.folder / "deck"))

    # --- what happens ----------------------------------------------------------------------------------------------

    @precondition(lambda self: self.traces < TRACES_MAX)
    @rule(
        pattern=st.sampled_from(PATTERNS),
        shape=st.sampled_from(SHAPES),
        steps=st.integers(1, 3),
        session=st.integers(0, 2),
    )
    def an_agent_works(self, pattern: str, shape: str, steps: int, session: int) -> None:
        made = emit(self.traces, pattern, shape, steps, session)
        self.traces += 1
        self.waiting += made.spans
        self.true_tokens += made.true_tokens

    @precondition(lambda self: self.waiting)
    @rule(picks=PICKS, requests=st.integers(1, 3))
    def deliver(self, picks: list[int], requests: int) -> None:
        self._send([self.waiting.pop(pick % len(self.waiting)) for pick in picks if self.waiting], requests)

    @precondition(lambda self: self.waiting)
    @rule(requests=st.integers(1, 3))
    def deliver_all(self, requests: int) -> None:
        spans, self.waiting = self.waiting, []
        self._send(spans, requests)

    @precondition(lambda self: self.told)
    @rule(picks=PICKS)
    def deliver_again(self, picks: list[int]) -> None:
        self._send([self.told[pick % len(self.told)] for pick in picks], 1)

    @rule()
    def settle(self) -> None:
        self._settled()
        self._check()

    @rule()
    def restart(self) -> None:
        """A stop settles what it can; the power may go while it does."""
        store = self._store()
        self.deck.leave()
        self.deck = Deck(PowerStore(store.left or store.folder))

    @rule()
    def cut_the_power(self) -> None:
        self._reopen()

    @rule(what=st.sampled_from(("commit", "put_runs")), when=st.sampled_from(("before", "after")))
    def the_power_will_go(self, what: str, when: str) -> None:
        self._store().cut_at = (what, when)

    def teardown(self) -> None:
        if hasattr(self, "deck"):
            self._store().cut_at = None
            self._settled()
            self._check()
            self._send(self.waiting, 1)
            self._settled()
            self._check()
            self._check_truth()
            self.deck.leave()
            shutil.rmtree(self.folder)

    # --- how -------------------------------------------------------------------------------------------------------

    def _store(self) -> PowerStore:
        assert isinstance(self.deck.store, PowerStore)
        return self.deck.store

    def _send(self, spans: Spans, requests: int) -> None:
        """Split into requests that are under way at the same time; what was not acknowledged will be sent again."""
        parts = [part for at in range(requests) if (part := spans[at::requests])]
        answers = self.deck.deliver([request(part) for part in parts])
        for part, acknowledged in zip(parts, answers, strict=True):
            if acknowledged:
                self.told += part
            else:
                self.waiting += [span for span in part if span not in self.told]
                self.unsure += part
        assert all(answers) or self._store().left is not None, self.deck.errors.told
        if self._store().left is not None:
            self._reopen()

    def _settled(self) -> None:
        self.deck.settle()
        while self._store().left is not None:
            self._reopen()
            self.deck.settle()

    def _reopen(self) -> None:
        """The old process is gone; what lay on its disk is opened."""
        left = self._store().cut()
        self.deck.leave()
        self.deck = Deck(PowerStore(left))

    # --- what must hold --------------------------------------------------------------------------------------------

    def _check(self) -> None:
        store = self._store()
        assert self.deck.errors.told == []
        found = stored(store)
        for span in self.told:
            assert found.get(_key(span), -1) >= _end(span), f"an acknowledged span is lost: {_key(span)}"
        assert store.counts()["spans"] == len(found), "a span is stored twice"
        forms = {(_key(span), _end(span)): span for span in self.told + self.unsure}
        clean = Deck(MemoryStore())
        try:
            assert clean.deliver([request([forms[key, end] for key, end in sorted(found.items())])]) == [True]
            clean.settle()
            assert clean.errors.told == []
            compare(store, clean.store)
        finally:
            clean.leave()

    def _check_truth(self) -> None:
        counted = self._store().fleet("default", 0, NOW_NS)
        assert counted.tokens_total == self.true_tokens


def _key(span: dict[str, Any]) -> tuple[str, str]:
    return span["traceId"], span["spanId"]


def _end(span: dict[str, Any]) -> int:
    return int(span["endTimeUnixNano"])


@pytest.mark.slow
def test_whatever_happens_on_the_way_the_answer_is_that_of_one_clean_delivery() -> None:
    examples, steps = (TORTURE, 60) if TORTURE else (25, 20)
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        Machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=not TORTURE,
            suppress_health_check=list(HealthCheck),
            print_blob=True,
        ),
    )
