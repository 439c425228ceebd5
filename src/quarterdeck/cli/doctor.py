"""`quarterdeck doctor [URL|FILE]`: what makes the telemetry doubtful, and what to change. A gate.

Exit 1 when a finding has severity `error`, else 0. A URL is asked for its health; a file is read here, with the very
decoder, dialects and run builder of the server.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from quarterdeck.cli import output
from quarterdeck.cli.client import DEFAULT_URL, ApiClient, AsJson, Key, Project, project_parameter


def register(app: typer.Typer) -> None:
    app.command("doctor")(doctor)


def doctor(
    target: Annotated[
        str, typer.Argument(metavar="[URL|FILE]", help="A server's address, or a file of OTLP JSON lines (.gz, .zst).")
    ] = DEFAULT_URL,
    *,
    key: Key = None,
    project: Project = None,
    as_json: AsJson = False,
) -> None:
    """Check the telemetry of a server or a file, and say what to mend.

    Exit 1 when a finding has severity error. With --json: {"findings": [{"code", "severity", "what", "evidence", "mend"}]}.

    \b
    Examples:
      quarterdeck doctor
      quarterdeck doctor http://127.0.0.1:4320 --json
      quarterdeck doctor traces.jsonl
    """
    findings = _of_server(target, key, project) if target.startswith(("http://", "https://")) else _of_file(target)
    if as_json:
        output.print_json({"findings": findings})
    else:
        _print(findings)
    raise typer.Exit(1 if any(finding["severity"] == "error" for finding in findings) else 0)


def _of_server(url: str, key: str | None, project: str | None) -> Sequence[Mapping[str, Any]]:
    with ApiClient(url, key) as client:
        findings: Sequence[Mapping[str, Any]] = client.get("health", project_parameter(project))["findings"]
    return findings


def _of_file(path: str) -> Sequence[Mapping[str, Any]]:
    from dataclasses import asdict  # noqa: PLC0415 - a server's answer needs none of this

    from quarterdeck.cli.doctor_file import examine  # noqa: PLC0415 - loads the decoder and the dialects
    from quarterdeck.clock import SystemClock  # noqa: PLC0415

    return [asdict(finding) for finding in examine(Path(path), SystemClock().now_ns())]


def _print(findings: Sequence[Mapping[str, Any]]) -> None:
    if not findings:
        typer.echo("Nothing to mend.")
    for finding in findings:
        typer.echo(f"{finding['severity']} [{finding['code']}] {finding['what']}")
        typer.echo(f"  mend: {finding['mend']}")
