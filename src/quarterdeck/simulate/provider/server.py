"""The simulated provider as something to start: a real HTTP server in a thread, or called in the same process."""

from __future__ import annotations

import socket
import threading
from collections.abc import Mapping, Sequence
from typing import Any

import uvicorn
from starlette.applications import Starlette

from quarterdeck.clock import Clock, FakeClock, SystemClock
from quarterdeck.errors import BadInput, InternalError
from quarterdeck.simulate.load.account import Spell
from quarterdeck.simulate.provider.app import build_app
from quarterdeck.simulate.provider.bill import BilledCall
from quarterdeck.simulate.provider.desk import Desk
from quarterdeck.simulate.provider.quota import Quota
from quarterdeck.simulate.provider.scenario import Scenario

_START_S_MAX = 10.0


class SimulatedProvider:
    """A provider that answers by scenario and keeps a bill.

    `start()` serves OpenAI's chat completions, responses and embeddings and Anthropic's messages on a free port and
    answers the base address (without `/v1`); `stop()` ends it, as does leaving the `with` block. `call()` answers in
    the same process; `app` is the ASGI application. `clock` dates the answers; without one the date is fixed.

    With `meter` (openai, azure, anthropic, bedrock_runtime, bedrock_mantle, gemini, generic) it keeps that provider's
    rule: `limits` a minute by requests, input, output, total; its headers; its refusals. `spells` are stretches in which the
    limit moves, other tenants take a share, answers begin late, or every call fails. `first_token_s` and `token_s` give
    answers the pace of a model. `quota.close("spend_cap")` closes the account. Raises BadInput for a rule that there is not.
    """

    def __init__(
        self,
        scenarios: Sequence[Scenario] = (),
        *,
        seed: int = 7,
        clock: Clock | None = None,
        aliases: Mapping[str, str] | None = None,
        meter: str | None = None,
        limits: Mapping[str, float] | None = None,
        spells: Sequence[Spell] = (),
        first_token_s: float = 0.0,
        token_s: float = 0.0,
    ) -> None:
        if meter is None and (limits or spells):
            raise BadInput("limits and spells need a meter, the provider's rule", mend="give meter='anthropic'")
        quota = None if meter is None else Quota(meter, limits or {}, spells, clock or SystemClock())
        self.quota = quota
        self._desk = Desk(scenarios, seed, clock or FakeClock(), aliases or {}, quota)
        self.app: Starlette = build_app(self._desk, first_token_s, token_s)
        self._running: tuple[_Server, threading.Thread, socket.socket] | None = None

    @property
    def bill(self) -> list[BilledCall]:
        """Every answered request with its tokens, in order."""
        return self._desk.bill

    def call(self, path: str, body: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
        """(status, document) of a POST to `path`, for example "/v1/chat/completions"; a stream comes as a whole."""
        reply = self._desk.answer(path, body)
        reply.done()
        return reply.status, reply.document

    def start(self) -> str:
        """Serve on a free port of 127.0.0.1; answers the base address. Raises InternalError when it cannot."""
        if self._running is not None:
            raise InternalError("the simulated provider runs already", mend="stop it before it is started again")
        listener = socket.create_server(("127.0.0.1", 0))
        config = uvicorn.Config(
            self.app, log_config=None, access_log=False, lifespan="off", ws="none", timeout_graceful_shutdown=2
        )
        server = _Server(config)
        thread = threading.Thread(
            target=server.run, kwargs={"sockets": [listener]}, name="simulated-provider", daemon=True
        )
        thread.start()
        self._running = (server, thread, listener)
        if not server.ready.wait(_START_S_MAX):
            self.stop()
            raise InternalError(f"the simulated provider did not start within {_START_S_MAX:.0f} s")
        host, port = listener.getsockname()[:2]
        return f"http://{host}:{port}"

    def stop(self) -> None:
        """End serving; does nothing when it does not run. The bill stays."""
        if self._running is None:
            return
        server, thread, listener = self._running
        self._running = None
        server.should_exit = True
        thread.join()
        listener.close()

    def __enter__(self) -> str:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


class _Server(uvicorn.Server):
    """A server that says when it is ready."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()
