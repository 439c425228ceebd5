"""What is told, and what came of it; shared by the ways of telling.

Refuses: to tell the same thing twice. A message is known by its `message_id`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

from quarterdeck.model.alerts import Alert


class Message(NamedTuple):
    """An alert as it was when `event` (`firing`, `resolved`, `acknowledged`) happened to it."""

    alert: Alert
    event: str

    @property
    def at_ns(self) -> int:
        """When it happened."""
        alert = self.alert
        of_event = {"firing": alert.fired_ns, "resolved": alert.resolved_ns}.get(self.event)
        return alert.updated_ns if of_event is None else of_event

    @property
    def message_id(self) -> str:
        """The same for the same firing of the same alert; another when it fires again."""
        of_event = {"firing": self.alert.fired_ns, "resolved": self.alert.resolved_ns}
        return f"{self.alert.alert_id}.{self.event}.{of_event.get(self.event, self.alert.updated_ns) or 0}"

    @property
    def topic(self) -> str:
        """What is told in order: a later message of one topic waits for an earlier one."""
        return self.alert.alert_id


class Digest(NamedTuple):
    """What a shift was not woken for, as Markdown. `digest_id` is the same for the same shift."""

    project: str
    digest_id: str
    title: str
    markdown: str
    link: str
    at_ns: int

    @property
    def message_id(self) -> str:
        return self.digest_id

    @property
    def topic(self) -> str:
        return self.digest_id

    @property
    def event(self) -> str:
        return "digest"


class Words(NamedTuple):
    """A message in words. `kind` is the class of the alert, `link` where it is shown; texts are plain, escaped by nobody yet."""

    title: str
    lines: tuple[str, ...]
    link: str
    kind: str

    @property
    def text(self) -> str:
        return "\n".join((self.title, *self.lines, self.link))


Say = Callable[[Message], Words]
"""Puts a message into words; the composition root gives it, since notifiers do not know what on call means."""


class SendFailed(Exception):
    """A try that failed. `words` hold no secret; `retry`: another try may succeed, after `after_s` when the receiver said so."""

    def __init__(self, words: str, *, retry: bool, after_s: float | None = None) -> None:
        super().__init__(words)
        self.words = words
        self.retry = retry
        self.after_s = after_s


class Notifier(Protocol):
    """One way to tell people, to one place."""

    @property
    def name(self) -> str:
        """Kind and place, without secrets: `webhook hooks.example.com`. No two notifiers of a server share one."""
        ...

    def send(self, message: Message) -> str:
        """One try, in the caller's thread; answers what the receiver said, in a few words. Raises SendFailed."""
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...


class Repeating(Protocol):
    """A notifier whose receiver forgets: what fires is sent again every `repeat_s` seconds until it is resolved."""

    repeat_s: float


class Digesting(Protocol):
    """A notifier that can send a digest."""

    def send_digest(self, digest: Digest) -> str:
        """As `Notifier.send`."""
        ...


class Acknowledging(Protocol):
    """A notifier whose receiver knows that somebody looks at it."""

    hears_acknowledged: bool
