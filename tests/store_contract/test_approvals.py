"""Approvals: asked once, answered once, listed newest first, pruned; on every engine that keeps them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from quarterdeck.errors import BadInput, NotFound
from quarterdeck.model.approvals import Approval, ApprovalState
from quarterdeck.store.approvals import ApprovalFilter, ApprovalStore
from quarterdeck.store.memory import MemoryApprovalStore
from quarterdeck.store.sql.approvals import SqlApprovalStore
from quarterdeck.store.sql.engine import open_engine
from quarterdeck.store.sql.options import SqlOptions


def make_approval(number: int = 1, **changes: Any) -> Approval:
    approval = Approval(
        project="default", approval_id=f"a{number:03d}", tool="refund", why="“over” the ceiling — 140,000 of 100,000",
        asked_ns=1_000 + number, expires_ns=2_000, arguments="order W1\n$12.90", task_id="t/1", run_id="r1",
        agent="support", quantity="tokens_total", q90=140_000.5, ceiling=100_000.0, spent=0.0,
    )  # fmt: skip
    return replace(approval, **changes)


def _memory(_folder: Path) -> tuple[ApprovalStore, Callable[[], None]]:
    return MemoryApprovalStore(), lambda: None


def _sqlite(folder: Path) -> tuple[ApprovalStore, Callable[[], None]]:
    engine = open_engine(f"sqlite:///{folder / 'state.db'}", SqlOptions())
    return SqlApprovalStore(engine), engine.dispose


@pytest.fixture(params=[_memory, _sqlite], ids=["memory", "sqlite"])
def approvals(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ApprovalStore]:
    store, close = request.param(tmp_path)
    yield store
    close()


def ids(store: ApprovalStore, *states: ApprovalState, now_ns: int = 1_500, project: str = "default") -> list[str]:
    found, _ = store.list_approvals(ApprovalFilter(project, now_ns, states), cursor=None, limit=10)
    return [one.approval_id for one in found]


def test_a_question_comes_back_as_it_was_asked(approvals: ApprovalStore) -> None:
    plain = Approval("default", "b", "send", "why", 1, 2)
    for one in (make_approval(), plain):
        assert approvals.ask_approval(one) == one
        assert approvals.get_approval("default", one.approval_id) == one


def test_who_asks_again_gets_the_first_question_with_its_answer(approvals: ApprovalStore) -> None:
    approvals.ask_approval(make_approval())
    approvals.decide_approval("default", "a001", "refuse", by="ann", reason="no", at_ns=1_500)
    again = approvals.ask_approval(make_approval(why="another why"))
    assert (again.why, again.decision, again.by) == (make_approval().why, "refuse", "ann")


def test_the_first_answer_stays(approvals: ApprovalStore) -> None:
    approvals.ask_approval(make_approval())
    assert approvals.decide_approval("default", "a001", "approve", by="ann", reason=None, at_ns=1_500)
    assert not approvals.decide_approval("default", "a001", "refuse", by="bob", reason="no", at_ns=1_501)
    found = approvals.get_approval("default", "a001")
    assert found == make_approval(decision="approve", by="ann", decided_ns=1_500)
    assert found.state(9_999) == "approved"


def test_of_many_answers_at_once_one_counts(approvals: ApprovalStore) -> None:
    approvals.ask_approval(make_approval())

    def decide(number: int) -> bool:
        return approvals.decide_approval("default", "a001", "approve", by=f"p{number}", reason=None, at_ns=1_500)

    with ThreadPoolExecutor(8) as pool:
        won = [number for number, counted in enumerate(pool.map(decide, range(16))) if counted]
    assert [f"p{number}" for number in won] == [approvals.get_approval("default", "a001").by]


def test_after_its_time_a_question_is_not_answered(approvals: ApprovalStore) -> None:
    approvals.ask_approval(make_approval())
    assert not approvals.decide_approval("default", "a001", "approve", by="ann", reason=None, at_ns=2_000)
    assert approvals.get_approval("default", "a001").state(1_999) == "pending"
    assert approvals.get_approval("default", "a001").state(2_000) == "expired"


def test_an_unknown_question_and_one_of_another_project_are_not_found(approvals: ApprovalStore) -> None:
    approvals.ask_approval(make_approval())
    for project, approval_id in (("default", "a9"), ("other", "a001")):
        assert not approvals.decide_approval(project, approval_id, "approve", by="x", reason=None, at_ns=1_500)
        with pytest.raises(NotFound):
            approvals.get_approval(project, approval_id)


def test_lists_are_by_state_at_a_moment_newest_first(approvals: ApprovalStore) -> None:
    for number in (1, 2, 3):
        approvals.ask_approval(make_approval(number))
    approvals.ask_approval(make_approval(4, expires_ns=1_400))
    approvals.ask_approval(make_approval(5, project="other"))
    approvals.decide_approval("default", "a001", "approve", by="ann", reason=None, at_ns=1_100)
    approvals.decide_approval("default", "a002", "refuse", by="ann", reason="no", at_ns=1_100)
    assert ids(approvals) == ["a004", "a003", "a002", "a001"]
    assert ids(approvals, "pending") == ["a003"]
    assert ids(approvals, "pending", now_ns=1_300) == ["a004", "a003"]
    assert ids(approvals, "expired") == ["a004"]
    assert ids(approvals, "approved", "refused") == ["a002", "a001"]
    assert ids(approvals, project="other") == ["a005"]
    assert (approvals.pending_approvals("default", 1_300), approvals.pending_approvals("default", 1_500)) == (2, 1)


def test_pages_follow_each_other(approvals: ApprovalStore) -> None:
    for number in range(5):
        approvals.ask_approval(make_approval(number, asked_ns=1_000))
    where, seen, cursor = ApprovalFilter("default", 1_500), [], None
    while True:
        page, cursor = approvals.list_approvals(where, cursor=cursor, limit=2)
        seen += [one.approval_id for one in page]
        if cursor is None:
            break
    assert seen == ["a004", "a003", "a002", "a001", "a000"]


@pytest.mark.parametrize("cursor", ["", "x", "WyJhbGVydHMiLDEsImEiXQ"])
def test_a_foreign_cursor_is_refused(approvals: ApprovalStore, cursor: str) -> None:
    with pytest.raises(BadInput):
        approvals.list_approvals(ApprovalFilter("default", 1), cursor=cursor, limit=1)


def test_pruning_takes_what_is_long_over(approvals: ApprovalStore) -> None:
    approvals.ask_approval(make_approval(1))
    approvals.ask_approval(make_approval(2, expires_ns=5_000))
    assert approvals.prune_approvals(before_ns=2_001) == 1
    assert ids(approvals) == ["a002"]
