"""`quarterdeck serve`: settings in, the server's exit code out. The server itself is `quarterdeck.app`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    app.command("serve")(serve)


def serve(
    *,
    data_dir: Annotated[Path | None, typer.Option("--data-dir", help="Folder that holds everything.")] = None,
    host: Annotated[
        str | None, typer.Option("--host", help="Address to bind; beyond loopback a key is needed.")
    ] = None,
    api_port: Annotated[
        int | None, typer.Option("--api-port", min=0, max=65535, help="Page and API; 0 picks a free one.")
    ] = None,
    otlp_http_port: Annotated[
        int | None, typer.Option("--otlp-http-port", min=0, max=65535, help="OTLP over HTTP; 0 picks a free one.")
    ] = None,
    otlp_grpc_port: Annotated[
        int | None, typer.Option("--otlp-grpc-port", min=0, max=65535, help="OTLP over gRPC; 0 picks a free one.")
    ] = None,
    gateway_port: Annotated[
        int | None,
        typer.Option("--gateway-port", min=0, max=65535, help="Open a gateway for SDKs here; 0 picks a free one."),
    ] = None,
    config: Annotated[Path | None, typer.Option("--config", help="Settings file (TOML).")] = None,
) -> None:
    """Start the server: OTLP in, page and API out, data in one folder.

    When ready it prints one line of JSON with its addresses on stdout; logs go to stderr. SIGTERM or ctrl-C drains and
    stops. A flag wins over the environment (QUARTERDECK_...), which wins over the settings file.

    \b
    Example:
      quarterdeck serve --data-dir var/quarterdeck --api-port 4320
    """
    from quarterdeck.app import serve as run_server
    from quarterdeck.settings import Settings

    flags = {
        "serve.data_dir": data_dir,
        "serve.host": host,
        "serve.api_port": api_port,
        "serve.otlp_http_port": otlp_http_port,
        "serve.otlp_grpc_port": otlp_grpc_port,
        "gateway.port": gateway_port,
    }
    given = {name: value for name, value in flags.items() if value is not None}
    raise typer.Exit(run_server(Settings.load(config, overrides=given)))
