"""Rules tried on stored runs: the newest so many, in order of time."""

from __future__ import annotations

from tests.unit.observe.signals.runs import EPOCH_NS, run

from quarterdeck.observe.signals import Patrol, SignalsOptions
from quarterdeck.observe.signals.dry_run import try_rules
from quarterdeck.store.memory import MemoryStore

WINDOW = (EPOCH_NS - 10**12, EPOCH_NS + 10**13)


def test_stored_runs_say_what_the_patrol_says_of_them() -> None:
    runs = [run(n, 10.0 * n, failed=n % 2 == 0 if n > 200 else n % 10 == 0) for n in range(300)]
    store = MemoryStore()
    store.put_runs(runs, [], settled_seq=1)
    patrol = Patrol("default", SignalsOptions())
    findings = [finding for one in runs for finding in patrol.take(one)]
    tried = try_rules(store, "default", WINDOW, SignalsOptions())
    assert (tried.runs, tried.truncated, tried.deploys) == (300, False, 0)
    assert any(finding.state == "reached" for finding in findings)
    assert list(tried.findings) == findings
    assert list(tried.streams) == patrol.streams()


def test_other_rules_say_other_things() -> None:
    store = MemoryStore()
    store.put_runs(
        [run(n, 10.0 * n, failed=n % 4 == 0 if n > 200 else n % 10 == 0) for n in range(400)], [], settled_seq=1
    )

    def reached(**changes: float) -> bool:
        tried = try_rules(store, "default", WINDOW, SignalsOptions(**changes))
        return any(finding.state == "reached" for finding in tried.findings)

    assert reached(alarms_per_month=1_000)
    assert not reached(alarms_per_month=1_000, tolerance=3)


def test_of_too_many_runs_the_newest_are_taken() -> None:
    store = MemoryStore()
    store.put_runs([run(n, 10.0 * n) for n in range(50)], [], settled_seq=1)
    tried = try_rules(store, "default", WINDOW, SignalsOptions(), runs_max=20)
    assert (tried.runs, tried.truncated) == (20, True)
    assert tried.promise.since_ns == EPOCH_NS + 290 * 10**9
