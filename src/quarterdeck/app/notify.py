"""Makes the notifiers that the settings name, and puts alerts into words for them.

Here secrets are read from where the settings say that they lie. Refuses: an address that none could reach, a secret that is
not there; the messages name the setting, never the value.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from random import SystemRandom
from typing import Any, NamedTuple

import orjson
from prometheus_client import CollectorRegistry
from pydantic import SecretStr

from quarterdeck.api.times import rfc3339
from quarterdeck.api.wire.alert import notice_dict
from quarterdeck.clock import Clock
from quarterdeck.errors import BadSetting
from quarterdeck.model.alerts import Alert
from quarterdeck.model.oncall import AlertClass, Disposition
from quarterdeck.observe.notifiers import (
    Digest,
    Message,
    Notifier,
    NotifyGauges,
    NotifyOptions,
    Outbox,
    Outboxes,
    Place,
    Words,
)
from quarterdeck.observe.notifiers.alertmanager import Alertmanager
from quarterdeck.observe.notifiers.mail import Email, MailServer
from quarterdeck.observe.notifiers.options import WEBHOOK, check_address
from quarterdeck.observe.notifiers.outbox import Note
from quarterdeck.observe.notifiers.pagerduty import PagerDuty
from quarterdeck.observe.notifiers.receivers import (
    AlertmanagerTo,
    EmailTo,
    PagerDutyTo,
    Receiver,
    SlackTo,
    WebhookTo,
)
from quarterdeck.observe.notifiers.slack import Slack
from quarterdeck.observe.notifiers.webhook import Webhook
from quarterdeck.observe.oncall.first_action import action_of
from quarterdeck.observe.oncall.options import OncallOptions
from quarterdeck.observe.oncall.page_text import page_text

_KEY_LENGTH = 32
"""Characters of a PagerDuty integration key; other lengths are refused there."""


class Known(NamedTuple):
    """What on call knows of an alert: its class, and with what alerts of its signature were closed, the newest first."""

    class_of: Callable[[Alert], AlertClass]
    past: Callable[[Alert], Sequence[Disposition]]


class _Making(NamedTuple):
    options: NotifyOptions
    say: Callable[[Message], Words]
    render: Callable[[Message | Digest], bytes]
    clock: Clock
    env: Mapping[str, str]


def notify_parts(
    options: NotifyOptions,
    oncall: OncallOptions,
    endpoints: Mapping[str, str | None],
    *,
    known: Known,
    note: Note,
    clock: Clock,
    registry: CollectorRegistry,
    log: Any,
    env: Mapping[str, str] | None = None,
) -> Outboxes | None:
    """A box for each receiver, None when nobody is to be told. Raises BadSetting. `env`: where `env:NAME` is looked up."""
    base = (options.page_url or endpoints.get("api") or "").rstrip("/")
    say = partial(words_of, base, known, oncall)
    making = _Making(options, say, partial(document_of, base, say), clock, os.environ if env is None else env)
    made = list(_notifiers(making))
    if not made:
        return None
    gauges = NotifyGauges(registry)
    places = [
        Place(
            name,
            notifier.name.partition(" ")[0],
            Outbox(
                notifier, options=options, note=note, clock=clock, random=SystemRandom(), gauges=gauges, log=log
            ),
        )
        for name, notifier in made
    ]  # fmt: skip
    return Outboxes(
        places,
        routes=dict(options.routes.items()),
        digests=options.digest,
        class_of=known.class_of,
        clock=clock,
        queue_max=options.queue_max,
    )


def words_of(base: str, known: Known, oncall: OncallOptions, message: Message) -> Words:
    """A page in words; of what is over, only that it is."""
    alert = message.alert
    kind = known.class_of(alert)
    link = f"{base}/alerts/{alert.alert_id}"
    if message.event != "firing":
        said = f" ({alert.resolution})" if alert.resolution else ""
        return Words(f"{message.event}: {alert.title}{said}", (), link, kind)
    if not alert.findings:
        return Words(alert.title, (), link, kind)
    text = page_text(alert, kind, action_of(alert, kind, oncall), known.past(alert), link)
    return Words(text.title, tuple(line for line in text.lines if line != link), link, kind)


def document_of(base: str, say: Callable[[Message], Words], message: Message | Digest) -> bytes:
    """The body of a webhook."""
    if isinstance(message, Digest):
        return orjson.dumps(
            {
                "event": "digest",
                "event_id": message.digest_id,
                "at": rfc3339(message.at_ns),
                "project": message.project,
                "text": message.title,
                "link": message.link,
                "markdown": message.markdown,
            }
        )
    link = f"{base}/alerts/{message.alert.alert_id}"
    words = say(message)
    told = {"class": words.kind, "lines": list(words.lines)}
    return orjson.dumps(notice_dict(message.alert, message.event, message.message_id, link) | told)


def _notifiers(making: _Making) -> Iterator[tuple[str, Notifier]]:
    options = making.options
    if options.webhook_url is not None:
        url = options.webhook_url.get_secret_value()
        secret = None if options.webhook_secret is None else options.webhook_secret.get_secret_value()
        yield WEBHOOK, Webhook(url, secret, making.render, making.clock, timeout_s=options.timeout_s)
    for receiver in options.receivers():
        yield receiver.name, _notifier(receiver, making)


def _notifier(to: Receiver, making: _Making) -> Notifier:
    timeout_s = making.options.timeout_s
    read = partial(_secret, making.env, to.name)
    if isinstance(to, WebhookTo):
        url, secret = _address(to.name, read(to.url, "url")), None if to.secret is None else read(to.secret, "secret")
        return Webhook(url, secret, making.render, making.clock, timeout_s=timeout_s, label=to.name)
    if isinstance(to, SlackTo):
        return Slack(to.name, _address(to.name, read(to.url, "url")), making.say, timeout_s=timeout_s)
    if isinstance(to, PagerDutyTo):
        key = _routing_key(to.name, read(to.routing_key, "routing_key"))
        return PagerDuty(to.name, key, making.say, timeout_s=timeout_s, url=_address(to.name, to.url))
    if isinstance(to, AlertmanagerTo):
        authorization = None if to.authorization is None else read(to.authorization, "authorization")
        url = _address(to.name, read(to.url, "url"))
        return Alertmanager(
            to.name, url, making.say, making.clock, timeout_s=timeout_s, repeat_s=to.repeat_s, authorization=authorization
        )  # fmt: skip
    return _email(to, None if to.password is None else read(to.password, "password"), making)


def _email(to: EmailTo, password: str | None, making: _Making) -> Email:
    if to.ca_file is not None and not Path(to.ca_file).is_file():
        msg = f"notify, receiver {to.name!r}: ca_file {to.ca_file} is not there"
        raise BadSetting(msg, mend="docs/how-to/notify.md shows each receiver")
    server = MailServer(to.host, to.port_used, to.security, to.user, password, to.ca_file)
    say, clock, timeout_s = making.say, making.clock, making.options.timeout_s
    return Email(to.name, server, say, clock, sender=to.sender, to=to.to, timeout_s=timeout_s)


def _secret(env: Mapping[str, str], name: str, given: SecretStr, setting: str) -> str:
    """The text, or what lies where it points."""
    text = given.get_secret_value()
    where, _, place = text.partition(":")
    if where == "env":
        found = env.get(place, "")
    elif where == "file":
        found = _read(Path(place))
    else:
        return text
    if not found:
        msg = f"notify, receiver {name!r}: {setting} points to {where}:{place}, where nothing is"
        raise BadSetting(msg, mend="set it, or write the secret itself")
    return found


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _address(name: str, url: str) -> str:
    try:
        check_address("url", url)
    except ValueError as error:
        msg = f"notify, receiver {name!r}: {error}"
        raise BadSetting(msg, mend="docs/how-to/notify.md shows each receiver") from error
    return url


def _routing_key(name: str, key: str) -> str:
    if len(key) != _KEY_LENGTH or not key.isalnum():
        msg = f"notify, receiver {name!r}: routing_key has {len(key)} characters, expected the {_KEY_LENGTH} of an integration key"
        raise BadSetting(msg, mend="copy the Integration Key of the Events API v2 integration of the service")
    return key
