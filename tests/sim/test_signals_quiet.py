"""A fleet in which nothing changes, in small: alarms stay within the promise though sessions are alike and days differ.

Ten cohorts, 12,000 runs in a week, sessions of ten with an intraclass correlation of .05, days that differ by 5 % for the
fleet and 5 % for each cohort. The budget is set to 10 a month, so about two are allowed in a week. Seeded.
"""

from __future__ import annotations

import numpy as np
import pytest
from tests.unit.observe.signals.runs import run

from quarterdeck.model.runs import Run
from quarterdeck.observe.signals import Patrol, SignalsOptions

pytestmark = pytest.mark.slow

COHORTS, DAYS, SESSIONS = 10, 7, 1_200
RATES = (0.10, 0.05, 0.08, 0.02, 0.20)
ICC = 0.05


def week(seed: int) -> list[Run]:
    rng = np.random.default_rng(seed)
    fleet, own = rng.lognormal(0, 0.05, DAYS), rng.lognormal(0, 0.05, (DAYS, COHORTS))
    runs = []
    for session in range(SESSIONS):
        at = session / SESSIONS * DAYS * 86_400
        day, cohort = int(at // 86_400), int(rng.integers(COHORTS))
        rate = min(0.9, RATES[cohort % len(RATES)] * fleet[day] * own[day, cohort])
        alike = rng.beta(rate * (1 / ICC - 1), (1 - rate) * (1 / ICC - 1))
        for n in range(10):
            failed = bool(rng.random() < alike)
            runs.append(
                run(
                    10 * session + n, at + 20 * n, 15.0, failed=failed, tokens=float(rng.lognormal(7, 0.5)),
                    agent=f"a{cohort}", session_id=f"s{session}",
                )
            )  # fmt: skip
    return sorted(runs, key=lambda one: (one.last_seen_ns, one.run_id))


def test_a_week_without_a_change_keeps_the_promise() -> None:
    patrol = Patrol("default", SignalsOptions(alarms_per_month=10.0))
    alarms = [finding for one in week(1) for finding in patrol.take(one) if finding.state == "reached"]
    # About two are allowed; more than six come by chance less than once in a hundred.
    assert len(alarms) <= 6
    assert patrol.clustering.blocked[0]
    conditions = {condition.name: condition for condition in patrol.promise(0).conditions}
    assert conditions["clustering"].holds
    assert "failing" in conditions["clustering"].because
    assert conditions["day effect"].holds is not False
    assert 0 < patrol.promise(0).expected_so_far < 6
