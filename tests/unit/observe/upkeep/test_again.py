"""History mapped and priced again gives what it would have given had it been right from the start."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from quarterdeck.errors import BadInput
from quarterdeck.model.raw import Absent
from quarterdeck.observe.canonical import Canonicalizer
from quarterdeck.observe.canonical.absence import without_marks
from quarterdeck.observe.runs import PriceTable
from quarterdeck.observe.upkeep.mapping import differs, mapped_again

from .conftest import KEY, House, agent, call


def history() -> list:
    spans = []
    for trace in range(1, 9):
        spans += [agent(trace, 1, session_id=f"s{trace % 3}", user_id="ada"), call(trace, 2, 1), call(trace, 3, 1)]
    return spans


def done(house: House, act: str):
    finished = threading.Event()
    note = house.history._note

    def watch(job):
        found = note(job)
        if job.state != "running":
            finished.set()
        return found

    house.history._note = watch
    house.history.start("default", act)
    assert finished.wait(60)
    assert house.history.stop(60)
    return house.history.last("default")


def wrong(house: House):
    """A mapping of an older version: it knew no tokens, no sessions, and took every call for a tool."""

    def canonicalize(raw):
        span = house.canonical.canonicalize(raw)
        kind = "tool" if span.op_kind == "llm" else span.op_kind
        return span._replace(tokens_input=None, tokens_output=None, session_id=None, op_kind=kind, mapping_version=0)

    return canonicalize


def test_a_store_that_was_mapped_wrong_comes_to_the_same_answer_as_one_mapped_right() -> None:
    right, mapped_wrong = House(), House()
    right.send(*history())
    mapped_wrong.send(*history(), canonical=wrong(mapped_wrong))
    assert mapped_wrong.runs() != right.runs()
    job = done(mapped_wrong, "remap")
    assert job.state == "done"
    assert (job.spans, job.spans_changed, job.runs_changed) == (24, 24, 8)
    assert (job.before.tokens, job.after.tokens) == (None, 8 * 220)
    assert job.after.cost_usd == pytest.approx(sum(run.cost.computed for run in right.runs()))
    assert mapped_wrong.runs() == right.runs()
    assert mapped_wrong.store.coverage("default") == right.store.coverage("default")
    keys = list(right.store.trace_keys())
    assert mapped_wrong.store.load_traces(keys) == right.store.load_traces(keys)


def test_mapping_again_what_is_right_changes_nothing() -> None:
    house = House()
    house.send(*history())
    job = done(house, "remap")
    assert (job.state, job.spans, job.spans_changed, job.runs_changed) == ("done", 24, 0, 0)
    assert job.before == job.after


def test_new_prices_change_the_dollars_and_nothing_else() -> None:
    house = House()
    house.send(*history())
    before = house.runs()
    house.prices = doubled(house.prices)
    job = done(house, "reprice")
    assert (job.state, job.runs_changed) == ("done", 8)
    assert job.after.cost_usd == pytest.approx(2 * job.before.cost_usd)
    assert job.after.tokens == job.before.tokens
    assert [replace(run, cost=before[i].cost) for i, run in enumerate(house.runs())] == before


def doubled(table: PriceTable) -> PriceTable:
    def twice(rates):
        return rates._replace(**{name: 2 * getattr(rates, name) for name in rates._fields[:5]})

    exact = {
        provider: {model: [twice(rates) for rates in listed] for model, listed in models.items()}
        for provider, models in table.exact.items()
    }
    prefixes = {
        provider: [(prefix, [twice(rates) for rates in listed]) for prefix, listed in rows]
        for provider, rows in table.prefixes.items()
    }
    return PriceTable("doubled", exact, prefixes)


def test_runs_whose_spans_are_gone_stay_as_they_are() -> None:
    house = House()
    house.send(*history())
    before = house.runs()
    house.bench.expire("default", [f"{n:032x}" for n in range(1, 9)])
    assert done(house, "reprice").runs == 0
    assert house.runs() == before


def test_facts_of_content_that_is_gone_stay_what_they_were() -> None:
    canonical = Canonicalizer(user_hash_key=KEY)
    raw = call(1, 1, gen__ai_system__instructions="be kind")
    span = canonical.canonicalize(raw)
    assert span.prompt_hash is not None
    dropped = raw._replace(attributes={**raw.attributes, "gen_ai.system_instructions": Absent("sampled", 7)})
    assert mapped_again(span, dropped, canonical.canonicalize, without_marks) == span
    assert (
        mapped_again(span._replace(tokens_input=1), dropped, canonical.canonicalize, without_marks).tokens_input == 100
    )
    assert not differs(span._replace(mapping_version=0), span)
    assert differs(span._replace(tokens_input=1), span)


def test_one_job_at_a_time() -> None:
    house = House()
    house.send(*history())
    gate = threading.Event()
    errand = house.errand
    house.history._errand = lambda act: (gate.wait(60), errand(act))[1]
    house.history.start("default", "reprice")
    with pytest.raises(BadInput, match="under way"):
        house.history.start("other", "remap")
    gate.set()
    assert house.history.stop(60)
    assert house.history.last("other") is None
