"""Slack's form, its limits, and its refusals."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from quarterdeck.observe.notifiers import Message, SendFailed, Words
from quarterdeck.observe.notifiers.slack import Slack

from .example import FIRING, LINK, RESOLVED, say
from .receivers.http import Answer, serving
from .receivers.slack import PATH, slack


def test_a_page_is_one_message_with_blocks_and_with_its_text_for_those_who_know_no_blocks() -> None:
    with serving(slack) as fake:
        notifier = Slack("team", fake.url + PATH, say, timeout_s=10)
        assert notifier.name == "slack team"
        assert notifier.send(Message(FIRING, "firing")) == "HTTP 200"
        assert notifier.send(Message(RESOLVED, "resolved")) == "HTTP 200"
        notifier.close()
    first, last = (json.loads(body) for body in fake.taken)
    assert first["text"] == f"support fails more\n{say(Message(FIRING, 'firing')).lines[0]}\nFirst: Roll back.\n{LINK}"
    assert first["blocks"][0]["text"]["text"] == ":warning: support fails more"
    assert first["blocks"][-1]["text"]["text"] == f"<{LINK}|Open in Quarterdeck>"
    assert last["blocks"][0]["text"]["text"] == ":white_check_mark: resolved: support fails more"


def test_what_looks_like_markup_is_shown_and_does_not_mention_anybody() -> None:
    with serving(slack) as fake:
        notifier = Slack(
            "team", fake.url + PATH, lambda _: Words("<!channel> & more", ("<@U1>",), LINK, "policy"), timeout_s=10
        )
        notifier.send(Message(FIRING, "firing"))
        notifier.close()
    sent = json.loads(fake.taken[0])
    assert sent["text"].startswith("&lt;!channel&gt; &amp; more\n&lt;@U1&gt;")
    assert sent["blocks"][1]["text"]["text"] == "&lt;@U1&gt;"
    assert sent["blocks"][0]["text"] == {
        "type": "plain_text",
        "text": ":rotating_light: <!channel> & more",
        "emoji": True,
    }


@pytest.mark.parametrize("length", [1, 149, 150, 151, 2_999, 3_001, 50_000])
def test_a_message_of_any_length_is_taken(length: int) -> None:
    with serving(slack) as fake:
        notifier = Slack(
            "team", fake.url + PATH, lambda _: Words("t" * length, ("&" * length,) * 3, LINK, "shift"), timeout_s=10
        )
        assert notifier.send(Message(replace(FIRING, title="t"), "firing")) == "HTTP 200"
        notifier.close()


def test_a_refusal_is_final_in_slacks_words_and_a_rate_limit_is_not() -> None:
    limited = Answer(429, b"rate_limited", {"retry-after": "30"})
    with serving(slack) as fake:
        fake.outage = [Answer(400, b"invalid_payload"), limited]
        notifier = Slack("team", fake.url + PATH, say, timeout_s=10)
        with pytest.raises(SendFailed, match="HTTP 400: invalid_payload") as refused:
            notifier.send(Message(FIRING, "firing"))
        with pytest.raises(SendFailed, match="HTTP 429") as later:
            notifier.send(Message(FIRING, "firing"))
        notifier.close()
    assert (refused.value.retry, later.value.retry, later.value.after_s) == (False, True, 30.0)


def test_the_address_is_never_repeated() -> None:
    with serving(slack) as fake:
        wrong = f"{fake.url}/services/T0/B0/other-secret"
        fake.outage = [Answer(404, b"nothing at /services/T0/B0/other-secret")]
        notifier = Slack("team", wrong, say, timeout_s=10)
        with pytest.raises(SendFailed) as echoed:
            notifier.send(Message(FIRING, "firing"))
        with pytest.raises(SendFailed) as plain:
            notifier.send(Message(FIRING, "firing"))
        notifier.close()
    assert (echoed.value.words, plain.value.words) == ("HTTP 404", "HTTP 404: no_service")
