"""A mail server: STARTTLS or TLS, a login that it asks for, and replies of its own to senders and addresses."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword
from trustme import CA

USER, PASSWORD = "quarterdeck", "very-secret"


@dataclass
class Mailroom:
    """`replies`: to an address, in turn; `data_replies`: to a whole message, in turn. Empty = taken."""

    port: int = 0
    got: list[tuple[tuple[str, ...], EmailMessage]] = field(default_factory=list)
    replies: dict[str, list[str]] = field(default_factory=dict)
    data_replies: list[str] = field(default_factory=list)

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Envelope, address: str, _options: Any) -> str:
        waiting = self.replies.get(address, [])
        if waiting:
            return waiting.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:
        if self.data_replies:
            return self.data_replies.pop(0)
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.got.append((tuple(envelope.rcpt_tos), mail))
        return "250 taken"


@contextmanager
def mail_server(ca: CA, *, security: str = "starttls", login: bool = True) -> Iterator[Mailroom]:
    room = Mailroom()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("127.0.0.1").configure_cert(context)

    def check(_server: Any, _session: Any, _envelope: Any, mechanism: str, data: Any) -> AuthResult:
        good = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        return AuthResult(success=good and mechanism in ("PLAIN", "LOGIN"), handled=False)

    class Ours(Controller):
        def _trigger_server(self) -> None:
            """It asks whether the server answers; the port is known only now."""
            assert self.server is not None
            self.port = self.server.sockets[0].getsockname()[1]
            super()._trigger_server()

        def factory(self) -> SMTP:
            starttls = security == "starttls"
            return SMTP(
                self.handler,
                tls_context=context if starttls else None,
                require_starttls=starttls,
                authenticator=check if login else None,
                auth_required=login and starttls,
                auth_require_tls=starttls,
                hostname="127.0.0.1",
            )

    made = Ours(room, hostname="127.0.0.1", port=0, ssl_context=context if security == "tls" else None)
    made.start()
    room.port = made.port
    try:
        yield room
    finally:
        made.stop()
