"""What is learned: quantiles of answers, caps that cut few, limits that nobody told, rules, what others take, prompts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.control.admit.capacity import RateProbe
from quarterdeck.control.admit.charge import INPUT, Charge
from quarterdeck.control.admit.identify import MeterProbe
from quarterdeck.control.admit.need import Need, Usage
from quarterdeck.control.admit.others import OthersShare
from quarterdeck.control.admit.outputs import OutputBook
from quarterdeck.control.admit.size import Prompt, PromptSize, characters_of
from quarterdeck.control.admit.sketch import TokenSketch, bin_of
from quarterdeck.simulate.load.account import Account


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=200), st.floats(0.01, 1.0))
def test_a_quantile_is_off_by_a_bin_at_most(values: list[float], q: float) -> None:
    sketch = TokenSketch()
    for value in values:
        sketch.add(value, bin_of(value))
    exact = float(np.quantile(values, q, method="inverted_cdf"))
    told = sketch.quantile(q)
    assert told is not None
    assert exact - 1e-6 <= told <= min(exact * 1.0501 + 0.06, max(values))


def test_an_empty_sketch_says_nothing() -> None:
    assert TokenSketch().quantile(0.5) is None


def test_what_came_long_ago_fades() -> None:
    sketch = TokenSketch()
    for value in [1_000.0] * 4_000 + [100.0] * 12_000:
        sketch.add(value, bin_of(value))
    assert (sketch.quantile(0.85) or 0) < 110


@pytest.mark.parametrize("drift", [0.0, 1.0])
def test_a_cap_cuts_about_as_many_as_it_may_also_under_drift(drift: float) -> None:
    rng = np.random.default_rng(11)
    book, cut = OutputBook(), 0
    n = 20_000
    for at in range(n):
        output = float(rng.lognormal(4.5 + drift * at / n, 0.9))
        cap = book.cap("m", "") or 1e9
        cut += output > cap
        book.learn("m", "", min(output, cap), cut_at=cap if output > cap else None)
    assert 0.005 <= cut / n <= 0.0115


def test_a_group_falls_back_on_its_model_until_it_is_known() -> None:
    book = OutputBook()
    assert book.quantile("m", "1/a", 0.9) is None
    for _ in range(200):
        book.learn("m", "1/a", 100.0)
    assert book.quantile("m", "1/new", 0.9) == pytest.approx(100, rel=0.05)
    assert book.quantile("other", "1/a", 0.9) is None


def test_a_limit_is_measured_by_two_refusals() -> None:
    probe = RateProbe(0.0, (INPUT,))
    probe.taken(Charge(input=66_000.0))  # a minute's worth and six seconds of 60,000 a minute
    assert probe.refused(6.0)[INPUT] == pytest.approx(0.98 * 60_000)
    assert probe.refused(7.0) == {}  # the same event
    probe.taken(Charge(input=10_000.0))
    assert probe.refused(26.0)[INPUT] == pytest.approx(0.98 * 30_000)  # it was halved meanwhile


def test_a_measured_limit_grows_only_while_somebody_waits() -> None:
    probe = RateProbe(0.0, (INPUT,))
    probe.taken(Charge(input=60_000.0))
    probe.refused(0.0)
    before = probe.limits[INPUT]
    for second in range(1, 30):
        probe.grow(float(second), demand=False)
    assert probe.limits[INPUT] == before
    for second in range(30, 90):
        probe.grow(float(second), demand=True)
    assert before * 1.5 < probe.limits[INPUT] <= before * 2


@pytest.mark.parametrize(("meter", "output", "back"), [("openai", False, False), ("azure", True, True)])
def test_a_rule_is_found_from_what_remains(meter: str, output: bool, back: bool) -> None:
    rng = np.random.default_rng(4)
    account, probe = Account(meter, {"total": 540_000.0}), MeterProbe()
    now, live = 0.0, []
    for _ in range(2_000):
        now += float(rng.exponential(0.15))
        for entry in [one for one in live if one[0] <= now]:
            live.remove(entry)
            account.finish(entry[0], entry[1])
            probe.settled(entry[2], Usage(entry[2].input, entry[3]))
        need = Need(float(rng.integers(100, 2_000)), 0.0, float(rng.choice([256, 1_024, 2_048])))
        answer = float(rng.integers(10, 250))
        verdict = account.offer(now, need.input, 0.0, need.max_tokens, answer)
        if verdict.ticket is None:
            continue
        probe.admitted(need)
        probe.said(now, float(account.begin(now, verdict.ticket)["x-ratelimit-remaining-tokens"]), 540_000)
        live.append((now + 0.5 + answer * 0.02, verdict.ticket, need, answer))
    rule = probe.identify()
    assert rule is not None
    assert (rule.charges_input, rule.charges_max_tokens) == (True, True)
    assert (rule.charges_output, rule.gives_back, rule.charges_cached) == (output, back, None)
    assert rule.per_minute == pytest.approx(540_000, rel=0.02)


def test_no_rule_is_named_from_noise_or_from_little() -> None:
    probe, rng = MeterProbe(), np.random.default_rng(1)
    for at in range(300):
        probe.admitted(Need(float(rng.integers(1, 100)), 0, float(rng.integers(1, 100))))
        probe.said(float(at), float(rng.integers(1_000, 9_000)), 10_000)
        assert probe.identify() is None


def test_what_others_take_is_seen_and_forgotten() -> None:
    others = OthersShare()
    remaining, taken = 5_000.0, 0.0
    for second in range(1, 31):
        taken += 50.0
        remaining += 100.0 - 50.0 - 30.0  # refill, ours, theirs
        others.seen(float(second), remaining, taken, 100.0, 10_000.0)
    assert others.drain(100.0) == pytest.approx(30.0, abs=1.0)
    for second in range(31, 61):
        taken += 50.0
        remaining += 100.0 - 50.0
        others.seen(float(second), remaining, taken, 100.0, 10_000.0)
    assert others.drain(100.0) == 0.0


def test_characters_of_every_shape() -> None:
    parts = [
        {"role": "user", "content": [{"type": "text", "text": "abc"}, {"type": "image", "source": {"data": "x" * 99}}]}
    ]
    assert characters_of("abcd") == (4, 1)
    assert characters_of(parts) == (len("user") + len("text") + len("abc") + len("image"), 1)
    nested: list[object] = []
    for _ in range(500):
        nested = [nested]
    assert characters_of(nested) == (0, 1)


def test_a_prompt_that_nobody_knows_is_four_characters_a_token() -> None:
    size = PromptSize()
    size.learn(Prompt("m", "", 100, 2_000), 5_000)  # less than the messages' own frame: that is no count
    assert size.tokens(Prompt("m", "", 4_000, 1)) == 1_007


def test_what_the_caller_does_not_see_is_learned_apart_from_the_rate() -> None:
    """4,200 tokens of system prompt and tools, and 3.3 characters a token, each prompt 3 % off; no prompt is like the next."""
    rng, size = np.random.default_rng(8), PromptSize()
    off = []
    for at in range(300):
        prompt = Prompt("m", "", int(rng.lognormal(8, 1)), int(rng.integers(1, 40)))
        tokens = (4_200 + prompt.characters / 3.3 + 4 * prompt.messages) * rng.normal(1, 0.03)
        if at >= 20:
            off.append(abs(size.tokens(prompt) - tokens) / tokens)
        size.learn(prompt, tokens)
    assert np.quantile(off, 0.5) < 0.03
    assert np.quantile(off, 0.95) < 0.08


def test_agents_of_one_model_have_frames_of_their_own() -> None:
    size = PromptSize()
    for at in range(40):
        for agent, frame in (("small", 200), ("large", 9_000)):
            prompt = Prompt("m", agent, 1_000 + 100 * at, 1)
            size.learn(prompt, frame + prompt.characters / 4)
    assert size.tokens(Prompt("m", "small", 2_000, 1)) == pytest.approx(700, rel=0.05)
    assert size.tokens(Prompt("m", "large", 2_000, 1)) == pytest.approx(9_500, rel=0.05)
    assert 700 < size.tokens(Prompt("m", "new", 2_000, 1)) < 9_500


def test_one_odd_prompt_does_not_carry_the_fit_away() -> None:
    size = PromptSize()
    for at in range(60):
        size.learn(Prompt("m", "", 2_000 + 50 * at, 2), 1_000 + (2_000 + 50 * at) / 4)
    before = size.tokens(Prompt("m", "", 3_000, 2))
    size.learn(Prompt("m", "", 10, 1), 1_000_000)  # a picture
    assert size.tokens(Prompt("m", "", 3_000, 2)) == pytest.approx(before, rel=0.1)


def test_all_prompts_alike_for_long_then_others() -> None:
    size = PromptSize()
    for _ in range(5_000):
        size.learn(Prompt("m", "", 4_000, 1), 3_004)
    assert size.tokens(Prompt("m", "", 4_000, 1)) == pytest.approx(3_004, rel=0.01)
    for at in range(30):
        size.learn(Prompt("m", "", 1_000 * (1 + at % 8), 1), 2_000 + 250 * (1 + at % 8))
    assert size.tokens(Prompt("m", "", 1_000, 1)) == pytest.approx(2_250, rel=0.02)
    assert size.tokens(Prompt("m", "", 8_000, 1)) == pytest.approx(4_000, rel=0.02)
