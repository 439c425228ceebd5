"""Mail to a server that wants encryption and a login, and that refuses for now and for good."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from trustme import CA

from quarterdeck.clock import FakeClock
from quarterdeck.observe.notifiers import Digest, Message, SendFailed, Words
from quarterdeck.observe.notifiers.mail import Email, MailServer, Security

from .example import AT, FIRING, LINK, RESOLVED, say
from .receivers.mail import PASSWORD, USER, Mailroom, mail_server

TO = ("ann@example.com", "bo@example.com")


@pytest.fixture(scope="module")
def ca() -> CA:
    return CA()


@pytest.fixture
def ca_file(ca: CA, tmp_path: Path) -> str:
    path = tmp_path / "ca.pem"
    ca.cert_pem.write_to_path(path)
    return str(path)


def email(
    room: Mailroom,
    ca_file: str | None,
    *,
    security: Security = "starttls",
    password: str = PASSWORD,
    words: Callable[[Message], Words] = say,
) -> Email:
    server = MailServer("127.0.0.1", room.port, security, USER, password, ca_file)
    return Email("team", server, words, FakeClock(AT), sender="deck@example.com", to=TO, timeout_s=10)


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_page_is_plain_text_and_html_and_its_end_answers_it(ca: CA, ca_file: str, security: Security) -> None:
    with mail_server(ca, security=security) as room:
        notifier = email(room, ca_file, security=security)
        assert notifier.send(Message(FIRING, "firing")) == "taken for 2 addresses"
        notifier.send(Message(RESOLVED, "resolved"))
    (to, first), (_, last) = room.got
    assert to == TO
    assert first["Subject"] == "support fails more"
    assert first["Message-ID"] == f"<{FIRING.alert_id}.firing.{AT}@example.com>"
    assert last["In-Reply-To"] == last["References"] == first["Message-ID"]
    plain, html = first.get_body(("plain",)), first.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert plain.get_content().splitlines()[-1] == LINK
    assert f'<a href="{LINK}">' in html.get_content()


def test_what_looks_like_html_or_a_header_is_text(ca: CA, ca_file: str) -> None:
    odd = Words("<b>x</b>\r\nBcc: eve@example.com", ("<script>alert(1)</script>",), 'https://x/"onclick="', "shift")
    with mail_server(ca) as room:
        email(room, ca_file, words=lambda _: odd).send(Message(FIRING, "firing"))
    ((to, mail),) = room.got
    html = mail.get_body(("html",))
    assert html is not None
    assert (to, mail["Bcc"]) == (TO, None)
    assert "<script>" not in html.get_content()
    assert '"onclick="' not in html.get_content()


def test_a_digest_is_plain_text(ca: CA, ca_file: str) -> None:
    with mail_server(ca) as room:
        digest = Digest("default", "digest.7", "Shift of 24 November", "# Handover\n\n- nothing", LINK, AT)
        assert email(room, ca_file).send_digest(digest) == "taken for 2 addresses"
    ((_, mail),) = room.got
    assert (mail["Subject"], mail["Message-ID"]) == ("Shift of 24 November", "<digest.7@example.com>")
    assert mail.get_content().splitlines() == ["# Handover", "", "- nothing", "", LINK]


@pytest.mark.parametrize(("reply", "retry"), [("451 try again later", True), ("554 rejected", False)])
def test_4xx_is_for_now_and_5xx_for_good(ca: CA, ca_file: str, reply: str, *, retry: bool) -> None:
    with mail_server(ca) as room:
        room.data_replies = [reply]
        with pytest.raises(SendFailed, match=f"SMTP {reply}") as caught:
            email(room, ca_file).send(Message(FIRING, "firing"))
    assert caught.value.retry is retry


def test_who_has_it_does_not_get_it_again_when_another_is_tried_again(ca: CA, ca_file: str) -> None:
    with mail_server(ca) as room:
        room.replies[TO[1]] = ["450 mailbox busy"]
        notifier = email(room, ca_file)
        with pytest.raises(SendFailed, match="450 mailbox busy for 1 address") as caught:
            notifier.send(Message(FIRING, "firing"))
        assert caught.value.retry
        notifier.send(Message(FIRING, "firing"))
    assert [to for to, _ in room.got] == [TO[:1], TO[1:]]


def test_an_address_that_is_not_there_does_not_keep_the_others_from_it(ca: CA, ca_file: str) -> None:
    with mail_server(ca) as room:
        room.replies[TO[0]] = ["550 no such user", "550 no such user"]
        notifier = email(room, ca_file)
        assert notifier.send(Message(FIRING, "firing")) == "taken, but SMTP 550 no such user for 1 address of 2"
        room.replies[TO[1]] = ["550 gone"]
        with pytest.raises(SendFailed, match="for 2 addresses") as caught:
            notifier.send(Message(RESOLVED, "resolved"))
        assert not caught.value.retry
    assert [to for to, _ in room.got] == [TO[1:]]


def test_a_wrong_password_is_final_and_not_repeated(ca: CA, ca_file: str) -> None:
    with mail_server(ca) as room:
        with pytest.raises(SendFailed, match="SMTP 535") as caught:
            email(room, ca_file, password="other-secret").send(Message(FIRING, "firing"))
        assert (caught.value.retry, "other-secret" in caught.value.words, room.got) == (False, False, [])


def test_no_password_goes_to_a_server_that_is_not_trusted_or_not_encrypted(ca: CA, ca_file: str) -> None:
    with mail_server(ca) as room:
        with pytest.raises(SendFailed, match="SSLCertVerificationError"):
            email(room, None).send(Message(FIRING, "firing"))
        assert room.got == []
    with mail_server(ca, security="none", login=False) as room:
        with pytest.raises(SendFailed, match="no STARTTLS") as caught:
            email(room, ca_file).send(Message(FIRING, "firing"))
        assert (caught.value.retry, room.got) == (False, [])
