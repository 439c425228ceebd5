"""What is stored of a request: secrets nowhere, user ids as hashes, content where it is captured."""

from __future__ import annotations

import json

import pytest
from google.protobuf.json_format import MessageToDict

from quarterdeck.model.raw import Absent
from quarterdeck.observe.canonical import Canonicalizer, conversation
from quarterdeck.observe.canonical.content import CONTENT_KEYS, USER_KEYS
from quarterdeck.observe.ingest.decode import Limits, decode
from quarterdeck.observe.privacy import PrivacyOptions
from quarterdeck.observe.privacy.content import keeps

from .conftest import KEY, request
from .secrets import SECRETS

SECRET = SECRETS["provider_key"][0]
CALL = {
    "gen_ai.operation.name": "chat",
    "gen_ai.request.model": "gpt-4o",
    "gen_ai.usage.input_tokens": 10,
    "gen_ai.usage.output_tokens": 2,
    "gen_ai.input.messages": json.dumps(
        [{"role": "system", "content": "be kind"}, {"role": "user", "content": "hello"}]
    ),
    "gen_ai.output.messages": json.dumps([{"role": "assistant", "content": "hello yourself"}]),
    "session.id": "session-1",
}


def test_a_secret_is_found_in_every_part_of_a_span(keep) -> None:
    holder = {"text": f"use {SECRET} now", "list": ["x", SECRET], "map": {"deep": {"er": SECRET}}}
    kept = keep(
        request(
            holder,
            name=f"call {SECRET}",
            status=f"failed: {SECRET}",
            event=holder,
            link=holder,
            resource=holder,
            scope=holder,
        )
    )
    assert SECRET not in repr(kept.pairs)
    assert kept.counts.redacted == {"provider_key": 17}


def test_values_go_for_their_attributes_name_wherever_it_is(keep) -> None:
    holder = {"http.request.header.authorization": "x", "nested": {"password": "y", "n": 1}, "harmless": "z"}
    kept = keep(request(holder, event=holder, resource=holder))
    gone = "<redacted:secret_name>"
    expected = {"http.request.header.authorization": gone, "nested": {"password": gone, "n": 1}, "harmless": "z"}
    assert kept.raw.attributes == kept.raw.events[0].attributes == kept.raw.resource.attributes == expected


def test_a_span_without_secrets_is_stored_as_it_came(keep) -> None:
    kept = keep(request(CALL, event={"a": "b"}))
    assert kept.raw.attributes == CALL
    assert kept.counts.redacted == {}


def test_json_requests_hide_nothing_behind_escapes() -> None:
    from prometheus_client import CollectorRegistry

    from quarterdeck.app.privacy import privacy_parts

    document = json.dumps(MessageToDict(request({"t": SECRET}))).replace("sk-", "\\u0073k-").encode()
    message = json.loads(document)
    for span in message["resourceSpans"][0]["scopeSpans"][0]["spans"]:
        span |= {"traceId": "74" * 16, "spanId": "73" * 8}
    body = json.dumps(message).replace("sk-", "\\u0073k-").encode()
    assert SECRET.encode() not in body
    parts = privacy_parts(PrivacyOptions(), KEY, CollectorRegistry())
    found = decode(body, "json", "default", Limits(10**7, 10_000), 2 * 10**18)
    spans, _ = parts.door.redact(found.spans, body, "json")
    assert spans[0].attributes == {"t": "<redacted:provider_key>"}


@pytest.mark.parametrize("key", USER_KEYS)
def test_every_users_key_becomes_the_hash_by_which_runs_are_joined(keep, key: str) -> None:
    kept = keep(request({key: "ada@example.org"}))
    stored = kept.raw.attributes[key]
    assert stored.startswith("<hash:")
    if kept.pairs[0][0].user_hash is not None:
        assert stored == f"<hash:{kept.pairs[0][0].user_hash}>"
    assert kept.counts.user_ids_hashed == 1


def test_a_span_mapped_again_keeps_its_user(keep) -> None:
    span, raw = keep(request({"user.id": "ada"})).pairs[0]
    assert span.user_hash is not None
    assert Canonicalizer(user_hash_key=KEY).canonicalize(raw) == span


def test_user_ids_in_the_resource_and_in_events_are_hashed_too(keep) -> None:
    kept = keep(request({}, resource={"user.id": "ada", "service.name": "s"}, event={"user.id": 42}))
    assert "ada" not in repr(kept.pairs)
    assert kept.raw.resource.attributes["service.name"] == "s"
    assert kept.raw.events[0].attributes["user.id"].startswith("<hash:")


def test_user_ids_stay_where_a_project_says_so(keep) -> None:
    settings = {"projects": {"own": {"keep_user_ids": True}}}
    assert keep(request({"user.id": "ada"}), project="own", **settings).raw.attributes == {"user.id": "ada"}
    assert keep(request({"user.id": "ada"}), project="other", **settings).raw.attributes != {"user.id": "ada"}


def test_without_capture_the_facts_stay_and_the_content_goes(keep) -> None:
    full, _ = keep(request(CALL)).pairs[0]
    kept = keep(request(CALL), capture="off")
    span, raw = kept.pairs[0]
    assert span == full
    assert span.prompt_hash is not None
    assert raw.attributes["gen_ai.input.messages"] == Absent("not_captured", len(CALL["gen_ai.input.messages"]))
    assert "hello" not in repr(raw)
    assert raw.attributes["gen_ai.usage.input_tokens"] == 10
    assert kept.counts.content_dropped == 1
    assert conversation(raw) == {"input": [], "output": [], "content_state": "not_captured"}


def test_without_capture_events_lose_their_content_and_keep_their_role(keep) -> None:
    event = {"content": "hello", "role": "user"}
    raw = keep(request({}, event=event, event_name="gen_ai.user.message"), capture="off").raw
    assert raw.events[0].attributes == {"content": Absent("not_captured", 5), "role": "user"}


def test_without_capture_a_long_text_of_any_name_goes(keep) -> None:
    raw = keep(request({"my.own": "x" * 300, "short": "x" * 20}), capture="off").raw
    assert raw.attributes == {"my.own": Absent("not_captured", 300), "short": "x" * 20}


@pytest.mark.parametrize("key", sorted(CONTENT_KEYS))
def test_every_key_that_carries_content_goes_without_capture(keep, key: str) -> None:
    assert isinstance(keep(request({key: "hello"}), capture="off").raw.attributes[key], Absent)


def test_capture_of_a_share_is_decided_by_the_session(keep) -> None:
    kept = [keeps("sampled", 0.25, f"session-{n}") for n in range(4_000)]
    assert 850 < sum(kept) < 1_150
    assert kept[:50] == [keeps("sampled", 0.25, f"session-{n}") for n in range(50)]
    assert keeps("sampled", 1.0, "s")
    assert not keeps("sampled", 0.0, "s")
    for n in range(8):
        raw = keep(request({**CALL, "session.id": f"session-{n}"}), capture="sampled", capture_share=0.25).raw
        assert isinstance(raw.attributes["gen_ai.input.messages"], Absent) is not kept[n]


def test_what_was_erased_is_refused_when_it_comes_late() -> None:
    from prometheus_client import CollectorRegistry

    from quarterdeck.app.privacy import privacy_parts

    parts = privacy_parts(PrivacyOptions(), KEY, CollectorRegistry())
    body = request(CALL).SerializeToString()
    spans = decode(body, "protobuf", "default", Limits(10**7, 10_000), 2 * 10**18).spans
    canonical = Canonicalizer(user_hash_key=KEY)
    pairs = [(canonical.canonicalize(raw), raw) for raw in spans]
    assert parts.door.seal(pairs, 0, 5).pairs == pairs
    digest = parts.tombstones.digest("default", "session", "session-1")
    assert "session-1" not in digest
    parts.tombstones.add([digest])
    kept, rejections = parts.door.seal(pairs, 0, 5)
    assert kept == []
    assert [(r.reason, r.trace_id, r.span_id, r.span_name) for r in rejections] == [("erased", "", "", "")]
    assert parts.tally.of("default").erased_refused == 1
    parts.tombstones.forget([digest])
    assert parts.door.seal(pairs, 0, 5).pairs == pairs
