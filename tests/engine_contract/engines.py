"""The engines that the contract is asked of: amounts in this process, and amounts that processes share in a real Redis."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from quarterdeck.control.admit.charge import Limits
from quarterdeck.control.admit.engine import Engine
from quarterdeck.control.admit.leased import Fail, LeasedLedger
from quarterdeck.control.admit.ledger import Ledger
from quarterdeck.store.redis.amounts import RedisAmounts

LONG_UP = 1e6


def in_process(
    limits: Limits,
    *,
    shares: Mapping[str, Limits] | None = None,
    lease_s: float = 600.0,
    streamed: tuple[int, ...] = (),
) -> Engine:
    return Ledger(limits, 0.0, shares=shares, lease_s=lease_s, streamed=streamed)


@dataclass
class Server:
    """A redis-server of our own. `down` and `up` kill and start it, with nothing saved in between."""

    program: str
    folder: Path
    _process: subprocess.Popen[bytes] | None = None
    _open: list[RedisAmounts] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"unix://{self.folder}/redis.sock"

    def up(self) -> None:
        import redis

        command = [self.program, "--port", "0", "--unixsocket", f"{self.folder}/redis.sock", "--save", "", "--appendonly", "no", "--dir", str(self.folder)]  # fmt: skip
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if b"eady to accept connections" in line:
                break
        self._process.stdout.close()
        with redis.Redis.from_url(self.url) as client:
            client.ping()

    def down(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def amounts(self, account: str | None = None, *, uptime: float | None = LONG_UP, **more: Any) -> RedisAmounts:
        """`uptime`: what the scripts are told the server's is, with the caller's time as its clock; None: its own."""
        told = None if uptime is None else (lambda now: {"now": now, "uptime": uptime, "run": "one"})
        found = RedisAmounts(self.url, account or uuid4().hex, clock=more.pop("clock", told), timeout_s=5.0, **more)
        self._open.append(found)
        return found

    def engine(
        self,
        limits: Limits,
        *,
        account: str | None = None,
        shares: Mapping[str, Limits] | None = None,
        lease_s: float = 600.0,
        streamed: tuple[int, ...] = (),
        fail: Fail = "closed",
        now: float = 0.0,
        **more: Any,
    ) -> LeasedLedger:
        amounts = self.amounts(account, **more)
        return LeasedLedger(amounts, limits, now, shares=shares, lease_s=lease_s, streamed=streamed, fail=fail)

    def close(self) -> None:
        for one in self._open:
            one.close()
        self.down()


@contextmanager
def server() -> Iterator[Server]:
    program = shutil.which("redis-server") or shutil.which("valkey-server")
    assert program, "no redis-server here: bash scripts/ensure_redis.sh"
    with tempfile.TemporaryDirectory(prefix="qd-redis-") as folder:
        one = Server(program, Path(folder))
        one.up()
        try:
            yield one
        finally:
            one.close()
