"""A provider behind TLS, as all real ones are: reached when its certificate is trusted, and not when it is not."""

from __future__ import annotations

import asyncio
import shutil
import ssl
import subprocess
from pathlib import Path
from typing import Any

import pytest

from quarterdeck.control.gateway.http_client import UpstreamPool, origin_of
from quarterdeck.control.gateway.wire import Head, Request
from quarterdeck.errors import BadSetting, Unreachable

from .conftest import ANSWER, Upstream, answers


class Took:
    """A sink that keeps what comes."""

    def __init__(self) -> None:
        self.status = 0
        self.data = b""
        self.over = asyncio.Event()

    def head(self, head: Head) -> None:
        self.status = head.status

    def body(self, data: bytes) -> None:
        self.data += data

    def done(self) -> None:
        self.over.set()

    def lost(self, error: Exception | None) -> None:
        self.over.set()


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """(certificate, key) of a provider on 127.0.0.1, which nobody trusts yet."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed: no certificate can be made")
    chain, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
         "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(chain)],
        check=True, capture_output=True,
    )  # fmt: skip
    return chain, key


@pytest.mark.parametrize("trusted", [True, False])
def test_only_a_trusted_provider_is_spoken_to(
    run: Any, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, trusted: bool
) -> None:
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))

    async def scenario() -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        upstream = Upstream(answers)
        server = await asyncio.start_server(upstream.serve, "127.0.0.1", 0, ssl=context)
        origin = origin_of(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/base/")
        assert origin.prefix == "/base"
        pool = UpstreamPool(origin, connect_s_max=20, idle_s_max=30, idle_max=4)
        if not trusted:
            with pytest.raises(Unreachable, match="cannot be reached"):
                await pool.acquire()
        else:
            took = Took()
            connection = await pool.acquire()
            connection.send(Request(b"POST", b"/base/v1/x", [], b"{}"), took, origin.name)
            await took.over.wait()
            assert (took.status, len(took.data)) == (200, len(upstream_body()))
            assert await pool.acquire() is connection
        pool.close()
        server.close()

    run(scenario)


def upstream_body() -> bytes:
    import json

    return json.dumps(ANSWER).encode()


@pytest.mark.parametrize(
    "url", ["", "api.openai.com", "ftp://x", "https://", "http://x:port", "http://u:p@x", "http://x?a=1"]
)
def test_an_address_that_is_none_is_told(url: str) -> None:
    with pytest.raises(BadSetting, match="address of a provider"):
        origin_of(url)
