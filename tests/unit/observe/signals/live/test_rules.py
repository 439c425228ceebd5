"""Who is told of looping, stuck and runaway runs: once a cause, when it lasts, until it is over."""

from __future__ import annotations

import pytest

from quarterdeck.errors import BadFile
from quarterdeck.model.signals import Finding, Keys
from quarterdeck.observe.signals.live import LiveOptions, LiveRules, pass_on
from quarterdeck.observe.signals.live.baselines import COHORTS_MAX, Baselines

from .live_runs import at, over, run

LOOPING = {"flags": ("loop",)}


def rules(**options) -> LiveRules:
    made = LiveRules(LiveOptions(**options))
    for n in range(20):
        made.take_over(over(f"o{n}"))
    return made


def looks(made: LiveRules, runs, *seconds: float) -> list[Finding]:
    return [finding for second in seconds for finding in made.look(runs, at(second))]


def test_a_loop_is_told_when_it_lasts_and_once():
    made = rules()
    runs = [run("l1", usd=0.50, **LOOPING), run("r1"), run("r2")]
    assert looks(made, runs, 0, 25) == []
    (finding,) = looks(made, runs, 30, 35, 300)
    assert (finding.kind, finding.state, finding.lane, finding.run_ids) == ("loop", "reached", "live", ("l1",))
    assert finding.where == (("agent", "support"), ("prompt_version", "v7"))
    assert finding.wasted_usd == pytest.approx(0.48)
    assert finding.title == "1 of 3 live runs of support with prompt v7 repeats calls that bring nothing new"
    assert (finding.now.value, finding.now.n, finding.before.value) == (1, 3, None)


def test_a_transient_is_told_to_nobody():
    made = rules()
    looping, well = [run("l1", **LOOPING)], [run("l1")]
    assert looks(made, looping, 0, 25) + looks(made, well, 28) + looks(made, looping, 30, 55) == []


@pytest.mark.parametrize("flag", ["loop", "oscillation", "stale_growth"])
def test_every_way_of_going_round_is_the_same_cause(flag):
    assert [f.kind for f in looks(rules(persist_s=0), [run("l1", flags=(flag,))], 0)] == ["loop"]


def test_few_of_many_are_told_only_when_they_cost():
    crowd = [run(f"r{n}") for n in range(99)]
    assert looks(rules(), [*crowd, run("l1", usd=0.5, **LOOPING)], 0, 60) == []
    assert len(looks(rules(), [*crowd, run("l1", usd=6.0, started=-6000, **LOOPING)], 0, 60)) == 1
    assert len(looks(rules(wasted_usd_min=0), [*crowd, run("l1", usd=0.5, **LOOPING)], 0, 60)) == 0


def test_a_cause_is_an_agent_with_a_prompt_of_a_project():
    runs = [
        run("a", usd=1, started=-6000, **LOOPING),
        run("b", usd=3, started=-6000, **LOOPING),
        run("c", usd=2, started=-6000, prompt_version="v8", **LOOPING),
        run("d", usd=None, project="other", **LOOPING),
    ]
    found = looks(rules(persist_s=0), runs, 0)
    assert [(f.project, f.run_ids) for f in found] == [
        ("default", ("b", "a")),
        ("default", ("c",)),
        ("other", ("d",)),
    ]
    assert found[2].wasted_usd is None
    assert len({f.stream_id for f in found}) == 3


def test_what_is_told_is_over_two_minutes_after_it_was_last_seen():
    made = rules(persist_s=0)
    assert len(looks(made, [run("l1", **LOOPING)], 0)) == 1
    assert looks(made, [], 5, 119) == []
    (finding,) = looks(made, [], 120, 125)
    assert (finding.state, finding.kind, finding.at_ns) == ("recovered", "loop", at(120))
    assert finding.title.endswith("; it is over")
    assert looks(made, [], 500) == []


def test_what_doubles_is_told_again():
    made = rules(persist_s=0)
    looks(made, [run("l1", usd=1.02, started=-6000, **LOOPING)], 0)
    assert looks(made, [run("l1", usd=1.9, started=-6000, **LOOPING)], 5) == []
    (finding,) = looks(made, [run("l1", usd=2.1, started=-6000, **LOOPING)], 10)
    assert finding.wasted_usd == pytest.approx(2.08)
    (finding,) = looks(made, [run("l1", usd=2.1, started=-6000, **LOOPING), run("l2", **LOOPING)], 15)
    assert finding.n == 2


def test_silence_counts_for_many_runs_at_once_or_one_for_long():
    stalled = [run(f"s{n}", seen=-60, lifecycle="stalled") for n in range(5)]
    assert looks(rules(persist_s=0), stalled[:4], 0) == []
    (finding,) = looks(rules(persist_s=0), stalled, 0)
    assert (finding.kind, finding.n, finding.now.value) == ("stuck", 5, 60)
    (finding,) = looks(rules(persist_s=0), [run("s", seen=-900, lifecycle="stalled"), run("r")], 0)
    assert "the longest for 15 min" in finding.title
    assert looks(rules(persist_s=0), [run("w", seen=-9000, lifecycle="waiting")], 0) == []


def test_a_few_stalled_runs_of_a_large_fleet_are_told_to_nobody():
    runs = [run(f"s{n}", seen=-2000, lifecycle="stalled") for n in range(6)] + [run(f"r{n}") for n in range(200)]
    assert looks(rules(persist_s=0), runs, 0) == []


def test_a_run_that_spends_ten_times_faster_than_its_cohort_runs_away():
    """Usual: $0.02 in 2 minutes, one cent a minute. $1.20 in 10 minutes is twelve cents a minute."""
    (finding,) = looks(rules(persist_s=0), [run("x", started=-600, usd=1.2)], 0)
    assert finding.kind == "runaway"
    assert finding.evidence == pytest.approx(12)
    assert finding.title == "1 live run of support with prompt v7 runs away: $0.12 a minute where $0.0100 is usual"
    assert finding.wasted_usd == pytest.approx(1.18)
    assert looks(rules(persist_s=0), [run("x", started=-1000, usd=1.2)], 0) == []


def test_cents_never_page_and_a_first_call_is_no_burst():
    assert looks(rules(persist_s=0), [run("x", started=-60, usd=0.9)], 0) == []
    assert looks(rules(persist_s=0), [run("x", started=-2, usd=0.009)], 0) == []


def test_without_a_price_tokens_say_it_above_their_own_floor():
    """Usual: 500 tokens a minute."""
    (finding,) = looks(rules(persist_s=0), [run("x", started=-600, tokens=1_002_000)], 0)
    assert (finding.kind, finding.wasted_usd) == ("runaway", None)
    assert "100,200 tokens a minute where 500 are usual" in finding.title
    assert looks(rules(persist_s=0), [run("x", started=-600, tokens=900_000)], 0) == []


def test_nothing_is_usual_before_twenty_runs_are_over():
    made = LiveRules(LiveOptions(persist_s=0))
    for n in range(19):
        made.take_over(over(f"o{n}"))
    assert looks(made, [run("x", usd=50)], 0) == []
    made.take_over(over("o19"))
    assert len(looks(made, [run("x", usd=50)], 5)) == 1


def test_what_runs_away_does_not_become_usual_while_it_is_told():
    made = rules(persist_s=0)
    assert len(looks(made, [run("x", usd=50)], 0)) == 1
    for n in range(200):
        made.take_over(over(f"x{n}", usd=50.0))
    assert looks(made, [], 130)[0].state == "recovered"
    assert len(looks(made, [run("y", started=70, usd=50)], 140)) == 1


def test_an_end_is_told_across_a_restart():
    before = rules(persist_s=0)
    (told,) = looks(before, [run("l1", **LOOPING)], 0)
    after = rules(persist_s=0)
    after.resume([told], at(60))
    assert looks(after, [run("l1", **LOOPING)], 61) == []
    assert [f.state for f in looks(after, [], 181)] == ["recovered"]


def test_what_is_usual_survives_a_restart():
    before = rules(persist_s=0)
    after = LiveRules(LiveOptions(persist_s=0))
    after.load(before.dump())
    runs = [run("x", started=-600, usd=1.2)]
    assert looks(after, runs, 0) == looks(before, runs, 0) != []
    assert after.dump() == before.dump()


@pytest.mark.parametrize("data", [b"", b"what", b"\x82\xa4form\x09\xa7cohorts\x90"])
def test_a_foreign_memory_is_refused_and_changes_nothing(data):
    made = rules(persist_s=0)
    with pytest.raises(BadFile, match="live rules"):
        made.load(data)
    assert len(looks(made, [run("x", usd=50)], 0)) == 1


class Admission:
    def __init__(self, answer: bool) -> None:
        self.answer = answer
        self.asked: list[tuple[str, Keys, int]] = []

    def stop(self, project: str, where: Keys, reason: str, until_ns: int) -> bool:
        self.asked.append((project, where, until_ns))
        return self.answer


def breaking(admission, **options) -> list[tuple[float, Finding]]:
    made = rules(persist_s=0, **options)
    found = []
    for second in (0, 30, 59, 60, 65, 600, 660):
        made.look([run("x", usd=50)], at(second))
        found += [(second, finding) for finding in pass_on(made, admission, at(second))]
    return found


def test_the_breaker_is_off_unless_it_is_wanted():
    admission = Admission(True)
    assert breaking(admission) == []
    assert admission.asked == []


def test_the_breaker_asks_admission_for_what_keeps_running_away_and_again_when_the_time_is_up():
    admission = Admission(True)
    told = breaking(admission, breaker=True)
    assert [second for second, _ in told] == [60, 660]
    assert admission.asked[0] == ("default", (("agent", "support"), ("prompt_version", "v7")), at(660))
    assert told[0][1].title.endswith("; admission stops it")


def test_where_nothing_can_be_stopped_the_finding_says_so():
    assert breaking(None, breaker=True)[0][1].title.endswith("; nothing could be stopped: no admission is connected")
    assert breaking(Admission(False), breaker=True)[0][1].title.endswith("; admission was asked to stop it and did not")


def test_only_runaway_spending_is_stopped():
    made = rules(persist_s=0, breaker=True, breaker_after_s=0)
    looks(made, [run("l1", **LOOPING)], 0, 10)
    assert made.stops() == []


def test_causes_are_bounded():
    made = rules(persist_s=0, causes_max=2)
    runs = [run(f"l{n}", agent=f"a{n}", **LOOPING) for n in range(5)]
    assert len(looks(made, runs, 0)) == 2
    assert [f.state for f in looks(made, runs[2:], 5, 130)] == ["recovered"] * 2
    assert [f.state for f in looks(made, runs[2:], 135)] == ["reached"] * 2


def test_cohorts_remembered_are_bounded():
    book = Baselines(1)
    for n in range(COHORTS_MAX + 1):
        book.learn(over("o", agent=f"a{n}"))
    assert book.usual(("default", "a0", None)).spending.usd is None
    assert book.usual(("default", "a1", None)).spending.usd == 0.02
