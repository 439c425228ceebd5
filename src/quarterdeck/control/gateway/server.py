"""The gateway's parts, joined from options: routes, keys, tenants, ledger, door. Starts and stops in an event loop.

Refuses: a bind beyond loopback without keys of its own; then anybody could spend.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import structlog

from quarterdeck.control.admit.admission import Admission
from quarterdeck.control.gateway.faces import FACES
from quarterdeck.control.gateway.gateway import Gateway, Route
from quarterdeck.control.gateway.http_client import UpstreamPool, origin_of
from quarterdeck.control.gateway.http_server import Door, DoorLimits
from quarterdeck.control.gateway.limits import LimitsNow
from quarterdeck.control.gateway.options import AdmissionOptions, GatewayOptions
from quarterdeck.control.gateway.record import Tell, to_nobody
from quarterdeck.control.gateway.stops import Stops
from quarterdeck.control.gateway.tenants import read_tenants
from quarterdeck.errors import BadFile, BadInput, BadSetting, UnsafeBind
from quarterdeck.model.amounts import SharedAmounts


class GatewayServer:
    """One gateway for the calls of one project. `local`: it will listen on loopback. `shared`: where several gateways keep one
    ledger together.

    Raises BadSetting (addresses, accounts), BadFile (a key file), UnsafeBind. Nothing listens before `start`.
    """

    def __init__(
        self,
        options: GatewayOptions,
        accounts: AdmissionOptions,
        *,
        project: str,
        local: bool,
        now_ns: Callable[[], int],
        tell: Tell = to_nobody,
        shared: Callable[[str], SharedAmounts] | None = None,
    ) -> None:
        tenants = read_tenants(options.tenant_keys_file)
        if not local and not tenants.demanded:
            raise UnsafeBind(
                "a gateway beyond loopback without keys would let everybody call",
                mend="name a file of keys in gateway.tenant_keys_file, or bind to 127.0.0.1",
            )
        self.project = project
        self.admission = _admission(accounts, shared)
        self.stops = Stops(project, now_ns)
        self._pools = {
            "openai": _pool(options, options.openai_url),
            "anthropic": _pool(options, options.anthropic_url),
        }
        keys = {
            "openai": _key(options.openai_key, options.openai_key_file),
            "anthropic": _key(options.anthropic_key, options.anthropic_key_file),
        }
        routes = {
            name: Route(FACES[b"/" + name.encode()], pool, keys[name], options.ask_usage)
            for name, pool in self._pools.items()
        }
        self._gateway = Gateway(
            self.admission,
            routes,
            attempts_max=options.attempts_max,
            now_ns=now_ns,
            tenants=tenants,
            stops=self.stops,
            tell=tell,
            local=local,
        )
        self.door = Door(self._gateway.handle, _door_limits(options))

    async def start(self, sock: socket.socket) -> None:
        """Listen on a bound socket."""
        await self.door.start(sock)

    async def stop(self, timeout_s: float) -> None:
        """Take no more calls, let those under way end for `timeout_s`, then end them."""
        await self.door.stop(timeout_s)
        for pool in self._pools.values():
            pool.close()
        self.admission.close()

    def limits(self) -> LimitsNow:
        """What stands between calls and their providers now. Thread-safe."""
        return LimitsNow(self.project, tuple(self.admission.status()), tuple(self.stops.now()), self.stops.refused)

    def gauges(self) -> dict[str, int]:
        """Connections of clients and to providers, and bytes of bodies held, now."""
        return {
            "connections": self.door.connections,
            "upstream_connections": sum(pool.open for pool in self._pools.values()),
            "held_bytes": self.door.held_bytes,
            "refused_connections": self.door.refused_connections,
        }


def _admission(options: AdmissionOptions, shared: Callable[[str], SharedAmounts] | None) -> Admission:
    try:
        return Admission(options.accounts, shared=shared, shared_fail=options.shared_fail)
    except BadInput as error:
        raise BadSetting(
            f"admission.accounts: {error.message}", mend="docs/how-to/gateway.md shows the form"
        ) from error


def _pool(options: GatewayOptions, url: str) -> UpstreamPool:
    return UpstreamPool(
        origin_of(url),
        connect_s_max=options.connect_s_max,
        idle_s_max=options.upstream_idle_s_max,
        idle_max=options.upstream_idle_max,
        silence_s_max=options.silence_s_max,
    )


def _key(secret: Any, file: Path | None) -> str | None:
    """The key itself never stands in a message."""
    if secret is not None:
        return str(secret.get_secret_value())
    if file is None:
        return None
    try:
        key = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise BadFile(str(file), "cannot be read as a file that holds a key") from error
    if not key or any(character.isspace() for character in key):
        raise BadFile(str(file), "holds no key", mend="write the key alone, on one line")
    structlog.get_logger().info("gateway_key_read", file=str(file))
    return key


def _door_limits(options: GatewayOptions) -> DoorLimits:
    return DoorLimits(
        head_bytes_max=options.head_bytes_max,
        body_bytes_max=options.body_bytes_max,
        held_bytes_max=options.held_bytes_max,
        request_s_max=options.request_s_max,
        idle_s_max=options.idle_s_max,
        stall_s_max=options.stall_s_max,
        connections_max=options.connections_max,
    )
