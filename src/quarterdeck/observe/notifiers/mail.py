"""E-mail over SMTP: plain text and HTML, one thread for each alert.

The `Message-ID` is made of the message's own id, so what comes twice is one message to the reader; the end answers the beginning.
Refuses: to send a password, or anything where encryption is asked for, over a connection that is not encrypted.
"""

from __future__ import annotations

import smtplib
import ssl
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from html import escape
from typing import Literal, NamedTuple

from quarterdeck.clock import Clock
from quarterdeck.observe.notifiers.message import Digest, Message, Say, SendFailed, Words
from quarterdeck.observe.notifiers.texts import cut

Security = Literal["starttls", "tls", "none"]
_SUBJECT_MAX, _SAID_MAX = 200, 120


class MailServer(NamedTuple):
    """Where mail is handed in. `ca_file`: certificates to trust beside the machine's own."""

    host: str
    port: int
    security: Security
    user: str | None = None
    password: str | None = None
    ca_file: str | None = None


class Email:
    """A `Notifier`. Each message is one connection: mail servers close idle ones."""

    def __init__(
        self,
        label: str,
        server: MailServer,
        say: Say,
        clock: Clock,
        *,
        sender: str,
        to: tuple[str, ...],
        timeout_s: float,
    ) -> None:
        self._label = label
        self._server = server
        self._sender = sender
        self._to = to
        self._say = say
        self._clock = clock
        self._timeout_s = timeout_s
        self._left: dict[str, tuple[str, ...]] = {}

    @property
    def name(self) -> str:
        return f"email {self._label}"

    def send(self, message: Message) -> str:
        words = self._say(message)
        mail = self._head(words.title, message.message_id)
        began = Message(message.alert, "firing").message_id
        if message.message_id != began:
            mail["In-Reply-To"] = mail["References"] = self._id(began)
        mail.set_content("\n".join((words.title, "", *words.lines, "", words.link)) + "\n")
        mail.add_alternative(html_of(words), subtype="html")
        return self._deliver(mail, message.message_id)

    def send_digest(self, digest: Digest) -> str:
        mail = self._head(digest.title, digest.message_id)
        mail.set_content(f"{digest.markdown}\n\n{digest.link}\n")
        return self._deliver(mail, digest.message_id)

    def close(self) -> None:
        """Nothing is held."""

    def _head(self, subject: str, message_id: str) -> EmailMessage:
        mail = EmailMessage()
        mail["Subject"] = cut(" ".join(subject.split()), _SUBJECT_MAX)
        mail["From"] = self._sender
        mail["To"] = ", ".join(self._to)
        mail["Date"] = format_datetime(datetime.fromtimestamp(self._clock.now_ns() / 1e9, UTC))
        mail["Message-ID"] = self._id(message_id)
        mail["Auto-Submitted"] = "auto-generated"
        return mail

    def _id(self, message_id: str) -> str:
        domain = self._sender.rpartition("@")[2].strip("<> ") or "quarterdeck"
        return f"<{message_id}@{domain}>"

    def _deliver(self, mail: EmailMessage, message_id: str) -> str:
        """Who has it already does not get it again when others are tried again."""
        left = self._left.get(message_id, self._to)
        try:
            refused = self._hand_in(mail, left)
        except smtplib.SMTPRecipientsRefused as error:
            refused = error.recipients
        except smtplib.SMTPResponseException as error:
            raise SendFailed(*_said(error.smtp_code, error.smtp_error), retry=_passes(error.smtp_code)) from error
        except smtplib.SMTPNotSupportedError as error:
            raise SendFailed("the server offers no STARTTLS or no login", retry=False) from error
        except (OSError, smtplib.SMTPException) as error:
            raise SendFailed(f"not reached ({type(error).__name__})", retry=True) from error
        if not refused:
            self._left.pop(message_id, None)
            return f"taken for {_people(len(self._to))}"
        return self._some_refused(refused, message_id)

    def _some_refused(self, refused: dict[str, tuple[int, bytes]], message_id: str) -> str:
        later = tuple(address for address, (code, _) in refused.items() if _passes(code))
        code, text = next(iter(refused.values()))
        (words,) = _said(code, text)
        if later:
            self._left[message_id] = later
            raise SendFailed(f"{words} for {_people(len(refused))}", retry=True)
        self._left.pop(message_id, None)
        if len(refused) == len(self._to):
            raise SendFailed(f"{words} for {_people(len(refused))}", retry=False)
        return f"taken, but {words} for {_people(len(refused))} of {len(self._to)}"

    def _hand_in(self, mail: EmailMessage, to: tuple[str, ...]) -> dict[str, tuple[int, bytes]]:
        with self._connect() as smtp:
            if self._server.user is not None:
                smtp.login(self._server.user, self._server.password or "")
            return smtp.send_message(mail, from_addr=self._sender, to_addrs=list(to))

    def _connect(self) -> smtplib.SMTP:
        server = self._server
        if server.security == "tls":
            return smtplib.SMTP_SSL(server.host, server.port, timeout=self._timeout_s, context=_trust(server.ca_file))
        smtp = smtplib.SMTP(server.host, server.port, timeout=self._timeout_s)
        if server.security == "starttls":
            try:
                smtp.starttls(context=_trust(server.ca_file))
            except BaseException:
                smtp.close()
                raise
        return smtp


def html_of(words: Words) -> str:
    """The message as HTML, with nothing in it that was not escaped."""
    lines = "".join(f"<p>{escape(line)}</p>" for line in words.lines)
    link = escape(words.link, quote=True)
    return f'<html><body><h3>{escape(words.title)}</h3>{lines}<p><a href="{link}">Open in Quarterdeck</a></p></body></html>'


def _trust(ca_file: str | None) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if ca_file is not None:
        context.load_verify_locations(ca_file)
    return context


def _passes(code: int) -> bool:
    """4xx is for now, 5xx for good (RFC 5321, 4.2.1)."""
    return 400 <= code < 500


def _said(code: int, text: bytes | str) -> tuple[str]:
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return (f"SMTP {code} {' '.join(words.split())[:_SAID_MAX]}".rstrip(),)


def _people(n: int) -> str:
    return "1 address" if n == 1 else f"{n} addresses"
