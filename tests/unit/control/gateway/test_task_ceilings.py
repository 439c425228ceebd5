"""A task with a ceiling at the gateway: its calls pass until the ceiling cannot pay the next one; others are not touched."""

from __future__ import annotations

import json
from typing import Any

import pytest

from quarterdeck.control.gateway.call import Asked, Route
from quarterdeck.control.gateway.faces import FACES
from quarterdeck.control.gateway.faces.face import Facts
from quarterdeck.control.gateway.http_client import UpstreamPool, origin_of
from quarterdeck.control.gateway.record import to_nobody
from quarterdeck.control.gateway.task_ceilings import CEILING_HEADER, Entered, TaskCeilings
from quarterdeck.control.gateway.who import read_who
from quarterdeck.control.gateway.wire import Request

from .conftest import ANSWER, CHAT, rigged

CEILING = {"x_quarterdeck_task": "t1", "x_quarterdeck_task_ceiling_tokens": "60"}


def test_a_task_is_stopped_before_a_call_that_its_ceiling_cannot_pay(run: Any) -> None:
    """12 tokens each; the request is about 20 tokens by its bytes at first, 9 once the provider has said so."""

    async def scenario() -> None:
        async with rigged() as rig:
            answers = [await rig.ask(max_tokens_body(20), **CEILING) for _ in range(6)]
            statuses = [got.status for got in answers]
            assert statuses[0] == 200
            stopped_at = statuses.index(429)
            assert set(statuses[stopped_at:]) == {429}
            stopped = answers[stopped_at]
            error = json.loads(stopped.body)["error"]
            assert error["code"] == "task_stopped"
            assert f"{stopped_at} calls done, {12 * stopped_at} tokens spent" in error["message"]
            assert stopped.headers["x-quarterdeck-reason"] == "task_stopped"
            assert stopped.headers["x-quarterdeck-task-spent-tokens"] == str(12 * stopped_at)
            assert stopped.headers["x-should-retry"] == "false"
            assert len(rig.upstream.seen) == stopped_at
            assert [record.failure for record in rig.records][-1] == "task_stopped"
            other = await rig.ask(CHAT, x_quarterdeck_task="t2")
            assert (other.status, rig.upstream.seen[-1].json) == (200, CHAT)
            assert rig.held() == 0

    run(scenario)


def max_tokens_body(most: int) -> dict[str, Any]:
    return CHAT | {"max_tokens": most}


def test_the_longest_answer_is_cut_to_what_the_ceiling_pays(run: Any) -> None:
    async def scenario() -> None:
        async with rigged() as rig:
            await rig.ask(max_tokens_body(5_000), **CEILING)
            await rig.ask(CHAT, **CEILING)
            first, second = rig.upstream.seen
            assert 0 < first.json["max_tokens"] < 60
            assert 0 < second.json["max_completion_tokens"] <= 48
            assert json.loads(json.dumps(ANSWER))["usage"]["total_tokens"] == 12

    run(scenario)


def test_the_first_ceiling_stays_and_tenants_have_tasks_of_their_own(run: Any) -> None:
    async def scenario() -> None:
        async with rigged() as rig:
            tiny = CEILING | {"x_quarterdeck_task_ceiling_tokens": "5"}
            assert (await rig.ask(CHAT, **tiny)).status == 429
            assert (await rig.ask(CHAT, **CEILING)).status == 429
            assert (await rig.ask(CHAT, x_quarterdeck_task="t1")).status == 429
            assert (await rig.ask(CHAT, x_quarterdeck_tenant="acme", **CEILING)).status == 200

    run(scenario)


@pytest.mark.parametrize(
    ("headers", "says"),
    [({"x_quarterdeck_task_ceiling_tokens": "60"}, "needs x-quarterdeck-task"),
     (CEILING | {"x_quarterdeck_task_ceiling_tokens": "many"}, "must be a number of tokens above 0"),
     (CEILING | {"x_quarterdeck_task_ceiling_tokens": "-1"}, "must be a number of tokens above 0")],
)  # fmt: skip
def test_a_ceiling_that_cannot_be_is_named(run: Any, headers: dict[str, str], says: str) -> None:
    async def scenario() -> None:
        async with rigged() as rig:
            got = await rig.ask(CHAT, **headers)
            assert got.status == 400
            assert says in json.loads(got.body)["error"]["message"]
            assert rig.upstream.seen == []

    run(scenario)


def test_no_more_tasks_are_kept_than_the_limit_the_idlest_goes_first() -> None:
    ceilings = TaskCeilings(tasks_max=2)
    for name in ("a", "b", "a", "c", "a"):
        assert isinstance(ceilings.enter(asked(name), {CEILING_HEADER: b"900"}, to_nobody), Entered)
    assert (len(ceilings), ceilings.forgotten) == (2, 1)
    assert ceilings.enter(asked("b"), {}, to_nobody) is None
    assert ceilings.enter(asked(None), {}, to_nobody) is None


def asked(task: str | None) -> Asked:
    """A small call of a task, without a provider behind it."""
    who = read_who({b"x-quarterdeck-task": task.encode()} if task else {}, "acme")
    facts = Facts("chat", "gpt-x", "hi", 10.0, "max_tokens", False)
    route = Route(
        FACES[b"/openai"], UpstreamPool(origin_of("http://127.0.0.1:9"), connect_s_max=5, idle_s_max=30, idle_max=1)
    )
    return Asked(route, Request(b"POST", b"/", [], b"{}"), facts, {}, who)
