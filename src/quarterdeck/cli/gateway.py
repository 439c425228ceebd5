"""`quarterdeck gateway`: the door for unmodified SDKs as a process of its own; `serve --gateway-port` opens the same one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    app.command("gateway")(gateway)


def gateway(
    *,
    port: Annotated[
        int | None, typer.Option("--port", min=0, max=65535, help="Where to listen (4321); 0 picks a free one.")
    ] = None,
    host: Annotated[
        str | None, typer.Option("--host", help="Address to bind; beyond loopback tenant keys are needed.")
    ] = None,
    to: Annotated[
        str | None, typer.Option("--to", metavar="URL", help="OTLP/HTTP address that gets a span of every call.")
    ] = None,
    key: Annotated[
        str | None, typer.Option("--key", envvar="QUARTERDECK_KEY", help="Key of the server behind --to.")
    ] = None,
    openai_url: Annotated[str | None, typer.Option("--openai-url", help="The provider behind /openai.")] = None,
    anthropic_url: Annotated[
        str | None, typer.Option("--anthropic-url", help="The provider behind /anthropic.")
    ] = None,
    config: Annotated[Path | None, typer.Option("--config", help="Settings file (TOML).")] = None,
) -> None:
    """Stand between agents and their model providers: one token ledger in front of every call.

    Point an official SDK at it: OPENAI_BASE_URL=http://127.0.0.1:4321/openai/v1,
    ANTHROPIC_BASE_URL=http://127.0.0.1:4321/anthropic. When ready it prints one line of JSON with its address on stdout; logs
    go to stderr. SIGTERM or ctrl-C lets calls end and stops.

    \b
    Example:
      quarterdeck gateway --port 4321 --to http://127.0.0.1:4318
    """
    from quarterdeck.app import serve_gateway
    from quarterdeck.settings import Settings

    flags = {
        "gateway.port": port,
        "serve.host": host,
        "gateway.openai_url": openai_url,
        "gateway.anthropic_url": anthropic_url,
    }
    given = {name: value for name, value in flags.items() if value is not None}
    raise typer.Exit(serve_gateway(Settings.load(config, overrides=given), to=to, key=key))
