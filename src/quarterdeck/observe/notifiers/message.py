"""What is told, and what came of it; shared by the ways of telling.

Refuses: to tell the same thing twice. A message is known by its `message_id`.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

from quarterdeck.model.alerts import Alert


class Message(NamedTuple):
    """An alert as it was when `event` (`firing`, `resolved`) happened to it."""

    alert: Alert
    event: str

    @property
    def message_id(self) -> str:
        """The same for the same firing of the same alert; another when it fires again."""
        at_ns = self.alert.fired_ns if self.event == "firing" else self.alert.resolved_ns
        return f"{self.alert.alert_id}.{self.event}.{at_ns or 0}"


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
        """Kind and place, without secrets: `webhook hooks.example.com`."""
        ...

    def send(self, message: Message) -> str:
        """One try, in the caller's thread; answers what the receiver said, in a few words. Raises SendFailed."""
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...
