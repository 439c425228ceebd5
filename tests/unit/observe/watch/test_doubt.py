"""Runs in parts wait for the rest: not for good, not without bound, and not lost over a restart."""

from __future__ import annotations

from dataclasses import replace

from quarterdeck.observe.watch.doubt import Doubt

from .patrols import NOW_NS, make_run

SECOND = 10**9


def whole(run_id: str, **fields: object):
    return replace(make_run(1), run_id=run_id, **fields)


def parts(run_id: str, **fields: object):
    return whole(run_id, root_synthetic=True, **fields)


def test_a_whole_run_is_taken_at_once():
    doubt = Doubt(60, 10)
    assert [run.run_id for run in doubt.sift([whole("a"), parts("b")], NOW_NS, after_seq=0)] == ["a"]
    assert len(doubt) == 1


def test_parts_wait_until_the_root_is_there():
    doubt = Doubt(60, 10)
    assert doubt.sift([parts("a")], NOW_NS, after_seq=5) == []
    failed = whole("a", status="error")
    assert doubt.sift([failed], NOW_NS + 30 * SECOND, after_seq=9) == [failed]
    assert doubt.due(NOW_NS + 100 * SECOND) == []


def test_what_never_becomes_whole_is_taken_as_it_is_counted_from_its_last_writing():
    doubt = Doubt(60, 10)
    doubt.sift([parts("a"), whole("b", lifecycle="lost")], NOW_NS, after_seq=0)
    doubt.sift([parts("a", spans=9)], NOW_NS + 40 * SECOND, after_seq=7)
    assert [run.run_id for run in doubt.due(NOW_NS + 60 * SECOND)] == ["b"]
    assert [(run.run_id, run.spans) for run in doubt.due(NOW_NS + 100 * SECOND)] == [("a", 9)]


def test_room_is_bounded():
    doubt = Doubt(60, 2)
    doubt.sift([parts(str(n)) for n in range(5)], NOW_NS, after_seq=0)
    assert [run.run_id for run in doubt.due(NOW_NS)] == ["0", "1", "2"]
    assert len(doubt) == 2


def test_a_restart_reads_again_what_waits():
    doubt = Doubt(60, 10)
    assert doubt.seq(40) == 40
    doubt.sift([parts("a")], NOW_NS, after_seq=12)
    doubt.sift([parts("b")], NOW_NS, after_seq=20)
    doubt.sift([parts("a")], NOW_NS, after_seq=30)
    assert doubt.seq(40) == 12
