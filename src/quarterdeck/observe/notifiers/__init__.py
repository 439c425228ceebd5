"""Notifiers: one file per way to tell people, and the box in which messages wait until they are told."""

from quarterdeck.observe.notifiers.gauges import NotifyGauges
from quarterdeck.observe.notifiers.message import Digest, Message, Notifier, Say, SendFailed, Words
from quarterdeck.observe.notifiers.options import NotifyOptions
from quarterdeck.observe.notifiers.outbox import Outbox
from quarterdeck.observe.notifiers.outboxes import Outboxes, Place

__all__ = [
    "Digest",
    "Message",
    "Notifier",
    "NotifyGauges",
    "NotifyOptions",
    "Outbox",
    "Outboxes",
    "Place",
    "Say",
    "SendFailed",
    "Words",
]
