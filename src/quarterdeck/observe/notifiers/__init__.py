"""Notifiers: one file per way to tell people, and the box in which messages wait until they are told."""

from quarterdeck.observe.notifiers.gauges import NotifyGauges
from quarterdeck.observe.notifiers.message import Message, Notifier, SendFailed
from quarterdeck.observe.notifiers.options import NotifyOptions
from quarterdeck.observe.notifiers.outbox import Outbox

__all__ = ["Message", "Notifier", "NotifyGauges", "NotifyOptions", "Outbox", "SendFailed"]
