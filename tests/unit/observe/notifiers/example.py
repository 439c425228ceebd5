"""The alert that the tests of notifiers tell of, and how it is put into words."""

from __future__ import annotations

from dataclasses import replace

from quarterdeck.model.alerts import Alert
from quarterdeck.observe.notifiers import Message, Words

SECOND = 10**9
AT = 1_795_503_600 * SECOND
WHERE = (("agent", "support"), ("environment", "production"), ("prompt.version", None))
FIRING = Alert(
    "default", "0d4f2b7a91c35e68", "sig", "regression", "firing", "support fails more", WHERE, (), AT, AT, fired_ns=AT
)
RESOLVED = replace(FIRING, state="resolved", resolved_ns=AT + 600 * SECOND, resolution="rolled back")
LINK = "https://deck.example.com/alerts/0d4f2b7a91c35e68"


def say(message: Message) -> Words:
    lines = ("Class: capability or format. Suspected: the prompt (v6 to v7).", "First: Roll back.")
    if message.event != "firing":
        return Words(f"{message.event}: {message.alert.title}", (), LINK, "capability")
    return Words(message.alert.title, lines, LINK, "capability")
