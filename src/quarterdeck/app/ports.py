"""Listening sockets, and who holds a port that is taken (Linux; elsewhere the holder stays unknown)."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
from pathlib import Path

from quarterdeck.errors import BadSetting, PortTaken

_LISTEN = "0A"


def is_loopback(host: str) -> bool:
    """Whether binding to this address can be reached from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def listen(host: str, port: int, what: str, flag: str) -> socket.socket:
    """A bound, listening socket. Raises PortTaken naming the holder, BadSetting for an address that is not ours."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
        sock.listen(512)
    except OSError as e:
        sock.close()
        if e.errno in {98, 48}:
            msg = f"port {port} for {what} is taken by {holder(port) or 'another process'}"
            raise PortTaken(msg, mend=f"stop it, or choose another port with {flag} (0 = any free one)") from e
        msg = f"cannot listen on {host}:{port} for {what}: {e.strerror or e}"
        raise BadSetting(msg, mend="--host takes an address of this machine, e.g. 127.0.0.1") from e
    sock.setblocking(False)
    return sock


def holder(port: int) -> str | None:
    """ "name (pid n)" of the process that listens on this port, as far as /proc tells."""
    inodes = _listening_inodes(port)
    if not inodes:
        return None
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            for fd in (process / "fd").iterdir():
                with contextlib.suppress(OSError):
                    if fd.readlink().name in inodes:
                        return f"{_name(process)} (pid {process.name})"
    return None


def _listening_inodes(port: int) -> set[str]:
    found: set[str] = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with contextlib.suppress(OSError):
            for line in Path(table).read_text().splitlines()[1:]:
                columns = line.split()
                if columns[3] == _LISTEN and int(columns[1].rsplit(":", 1)[1], 16) == port:
                    found.add(f"socket:[{columns[9]}]")
    return found


def _name(process: Path) -> str:
    words = (process / "cmdline").read_bytes().split(b"\0")
    return " ".join(w.decode("utf-8", "replace") for w in words[:3] if w)[:80] or "a process"
