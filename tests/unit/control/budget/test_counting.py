"""Counts without a vocabulary: right from the start within a tenth, within 4 % after twenty answers, and they say how wrong."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
import zstandard

from quarterdeck.control.budget.counting import Features, TokenCounter, exact_counter, of_size, text_of
from quarterdeck.control.budget.counting.features import CALL, CHUNK_BYTES, features_of
from quarterdeck.errors import BadInput

from .samples import KINDS, O200K, texts

RECORDED = (
    Path(os.environ.get("QUARTERDECK_DATA", "../shared/data")) / "tau2_retail_runs" / "dev" / "trajectories.jsonl.zst"
)


def conversation(kind: str, chance: Random, calls: int, counter: TokenCounter, dearer: float) -> list[float]:
    """Prompts that grow and begin anew; the relative error of each, before its usage is known."""
    samples = list(zip(texts(kind), O200K[kind], strict=True))
    wrong, prompt, tokens = [], [], 0.0
    for number in range(calls):
        if number % 12 == 0:
            prompt, tokens = [], 3.0
        for text, counted in chance.sample(samples, 2):
            prompt.append({"role": "user", "content": text})
            tokens += dearer * counted + 4
        wrong.append(abs(counter.count_messages("gpt-4o", prompt) - tokens) / tokens)
        counter.learn("gpt-4o", prompt, tokens)
    return wrong


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dearer", [1.0, 1.25])
def test_after_twenty_answers_a_count_is_within_four_percent(kind: str, dearer: float) -> None:
    """Also for a model whose vocabulary makes a quarter more of everything than any that is known here."""
    wrong: list[float] = []
    for seed in range(10):
        wrong += conversation(kind, Random(seed), 60, TokenCounter(), dearer)[20:]
    assert np.quantile(wrong, 0.95) <= 0.04


@pytest.mark.parametrize("kind", KINDS)
def test_the_prior_alone_is_within_a_fifth(kind: str) -> None:
    counter = TokenCounter()
    counted = sum(counter.count("gpt-4o", text) for text in texts(kind))
    assert counted == pytest.approx(sum(O200K[kind]), rel=0.2)


@pytest.mark.skipif(not RECORDED.exists(), reason=f"the recorded runs are not at {RECORDED}")
def test_on_recorded_prompts_of_each_model_within_four_percent_after_twenty_answers() -> None:
    """What the harness adds (policy, tools) is not recorded: a scope per harness learns it as its constant."""
    counter, wrong = TokenCounter(), defaultdict[str, list[float]](list)
    with zstandard.open(RECORDED, "rt") as lines:
        for line in lines:
            run = json.loads(line)
            if run["agent_model"] not in ("gpt-4.1", "gpt-4.1-mini", "gpt-5-mini", "gpt-5-nano", "gemini-3-flash"):
                continue
            for tokens, told in _calls(run, counter):
                if counter.answers(run["agent_model"], scope=run["run_dir"]) >= 20:
                    wrong[run["agent_model"]].append(abs(told - tokens) / tokens)
    assert len(wrong) == 5
    for model, errors in wrong.items():
        assert len(errors) > 400, model
        assert np.quantile(errors, 0.95) <= 0.04, model


def _calls(run: dict[str, Any], counter: TokenCounter) -> Any:
    """(tokens that the provider counted, tokens that were predicted) of each call of a run; learned after it was told."""
    model, scope, said = run["agent_model"], run["run_dir"], CALL
    for message in run["messages"]:
        tokens = (message.get("usage") or {}).get("prompt_tokens")
        if message["role"] == "assistant" and tokens:
            yield tokens, counter.count_features(model, said, scope=scope)
            counter.learn(model, said, tokens, scope=scope)
        said = said.plus(counter.features([message])).plus(CALL.times(-1))


def test_the_error_that_it_tells_is_that_of_its_predictions() -> None:
    counter = TokenCounter()
    assert counter.error("gpt-4o") is None
    conversation("prose", Random(1), 9, counter, 1.25)
    assert counter.error("gpt-4o") is None, "nine answers say little of a quantile"
    wrong = conversation("prose", Random(2), 60, counter, 1.25)
    told = counter.error("gpt-4o", 0.5)
    assert told == pytest.approx(float(np.median(wrong)), abs=0.01)


def test_a_safe_count_is_above_a_plain_one_and_comes_down_with_what_is_learned() -> None:
    counter, text = TokenCounter(), texts("prose")[0]
    plain, safe = counter.of("gpt-4o"), counter.of("gpt-4o", safe=True)
    assert safe(text) >= 1.09 * plain(text)
    for seed in range(5):
        conversation("prose", Random(seed), 60, counter, 1.0)
    assert plain(text) <= safe(text) < 1.09 * plain(text)
    assert safe("") == plain("") == 0


def test_one_wrong_usage_does_not_spoil_a_model() -> None:
    counter = TokenCounter()
    conversation("code", Random(3), 40, counter, 1.0)
    prompt = texts("code")[:3]
    before = counter.count_messages("gpt-4o", prompt)
    counter.learn("gpt-4o", prompt, before * 100)
    assert counter.count_messages("gpt-4o", prompt) == pytest.approx(before, rel=0.1)


def test_usage_that_is_not_reported_teaches_nothing_and_a_negative_one_is_refused() -> None:
    counter = TokenCounter()
    counter.learn("gpt-4o", ["hello"], 0)
    assert counter.answers("gpt-4o") == 0
    for wrong in (-1.0, float("nan"), float("inf")):
        with pytest.raises(BadInput, match="tokens"):
            counter.learn("gpt-4o", ["hello"], wrong)


def test_a_scope_begins_with_its_models_ratios_and_has_its_own_constant() -> None:
    counter = TokenCounter()
    samples = list(zip(texts("prose"), O200K["prose"], strict=True))
    for scope, hidden in (("desk", 5_000), ("policy", 300)):
        for text, tokens in samples:
            counter.learn("gpt-4o", [text], 1.2 * tokens + 7 + hidden, scope=scope)
    text, tokens = samples[5]
    for scope, hidden in (("desk", 5_000), ("policy", 300)):
        told = counter.count_messages("gpt-4o", [text], scope=scope)
        assert told == pytest.approx(1.2 * tokens + 7 + hidden, rel=0.03), scope


def test_models_and_texts_are_bounded() -> None:
    counter = TokenCounter(models_max=2, texts_max=10)
    for number in range(50):
        counter.learn(f"model-{number}", ["some text " * 10], 30 + number)
        counter.count("gpt-4o", f"text {number}")
    assert counter.answers("model-0") == 1
    assert counter.answers("model-49") == 0
    assert len(counter._seen) <= 10


def test_a_text_in_pieces_of_a_chunk_is_counted_like_one() -> None:
    long = 'Shelf 12: "lamp", größe 4 – 订单。\n' * (3 * CHUNK_BYTES // 40)
    half = len(long) // 2
    whole = features_of(long)
    assert len(long.encode()) > 2 * CHUNK_BYTES
    assert whole.text == pytest.approx(features_of(long[:half]).text + features_of(long[half:]).text, rel=1e-3)


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("hello there", "words"),
        ("12345", "digits"),
        ("订单已经", "cjk"),
        ("привет", "scripts"),
        ("{}[]:", "marks"),
        ("aB3xZ9qK", "mixed"),
    ],
)
def test_a_content_class_takes_most_of_its_text(text: str, field: str) -> None:
    found = features_of(text * 20)
    assert getattr(found, field) == max(found[:7])


@pytest.mark.parametrize("text", ["", "a", "\ud800", "\x00", "😀" * 100, " " * 1000])
def test_any_text_has_a_count(text: str) -> None:
    counted = TokenCounter().count("gpt-4o", text)
    assert counted == 0 if not text else counted >= 1


def test_a_known_size_stands_in_for_a_text() -> None:
    counter = TokenCounter()
    assert counter.count_features("gpt-4o", of_size(4_000, messages=2, calls=1)) == pytest.approx(1_011, abs=1)
    assert Features(*of_size(100)) == of_size(100)


def test_texts_are_found_in_any_shape_and_pictures_are_left_out() -> None:
    image = {"type": "image", "source": {"type": "base64", "data": "AAAA" * 1000}}
    message = {"role": "user", "content": [{"type": "text", "text": "Look."}, image]}
    assert text_of(message) == "Look."
    call = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": '{"n": 1}'}}
    assert text_of({"role": "assistant", "content": None, "tool_calls": [call]}) == 'look\n{"n": 1}'
    block = {"type": "tool_use", "id": "t", "name": "look", "input": {"n": 1}}
    assert text_of({"role": "assistant", "content": [block]}) == 'look\n{"n": 1}'


def test_an_exact_counter_is_refused_where_no_vocabulary_is_published() -> None:
    with pytest.raises(BadInput, match="claude-x"):
        exact_counter("claude-x")


def test_the_exact_counter_counts_as_the_vocabulary_does() -> None:
    try:
        counter = exact_counter("gpt-4o")
    except BadInput as missing:
        pytest.skip(f"{missing}")
    assert [counter.count("gpt-4o", text) for text in texts("code")] == list(O200K["code"])
    assert counter.count_message("gpt-4o", {"role": "user", "content": texts("code")[0]}) == O200K["code"][0] + 4
