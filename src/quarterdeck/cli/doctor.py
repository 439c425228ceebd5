"""`quarterdeck doctor [URL|FILE]`: what makes the telemetry doubtful, and what to change. A gate.

Exit 1 when a finding has severity `error`, else 0. A server looks at itself; a file of spans is read here, with the very
decoder, dialects and run builder of the server; a collector's configuration is read as what it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from quarterdeck.cli import output
from quarterdeck.cli.client import DEFAULT_URL, ApiClient, AsJson, Key, Project, project_parameter
from quarterdeck.errors import BadFile

_SHOWN_MAX = 8


def register(app: typer.Typer) -> None:
    app.command("doctor")(doctor)


def doctor(
    target: Annotated[
        str,
        typer.Argument(
            metavar="[URL|FILE]",
            help="A server's address, a file of OTLP JSON lines (.gz, .zst), or a collector's configuration (.yaml).",
        ),
    ] = DEFAULT_URL,
    *,
    billing: Annotated[
        Path | None,
        typer.Option(metavar="CSV", help="A provider's export of billed calls, to be compared by hour and model."),
    ] = None,
    key: Key = None,
    project: Project = None,
    as_json: AsJson = False,
) -> None:
    """Check the telemetry of a server, a file or a collector's configuration, and say what to mend.

    Exit 1 when a finding has severity error. With --json: {"findings": [{"code", "severity", "what", "evidence", "mend"}]}.

    \b
    Examples:
      quarterdeck doctor
      quarterdeck doctor http://127.0.0.1:4320 --billing calls.csv --json
      quarterdeck doctor traces.jsonl
      quarterdeck doctor otelcol.yaml
    """
    if target.startswith(("http://", "https://")):
        findings = _of_server(target, key, project, billing)
    else:
        findings = _of_file(Path(target), billing)
    if as_json:
        output.print_json({"findings": findings})
    else:
        _print(findings)
    raise typer.Exit(1 if any(finding["severity"] == "error" for finding in findings) else 0)


def _of_server(url: str, key: str | None, project: str | None, billing: Path | None) -> Sequence[Mapping[str, Any]]:
    with ApiClient(url, key) as client:
        if billing is not None:
            client.post("billing", _bytes_of(billing), "text/csv", project_parameter(project))
        findings: Sequence[Mapping[str, Any]] = client.get("doctor", project_parameter(project))["findings"]
    return findings


def _of_file(path: Path, billing: Path | None) -> Sequence[Mapping[str, Any]]:
    from dataclasses import asdict

    from quarterdeck.cli.doctor_file import examine_any
    from quarterdeck.clock import SystemClock

    return [asdict(finding) for finding in examine_any(path, SystemClock().now_ns(), billing)]


def _bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadFile(str(path), error.strerror or "cannot be read") from error


def _print(findings: Sequence[Mapping[str, Any]]) -> None:
    if not findings:
        typer.echo("Nothing to mend.")
    for finding in findings:
        typer.echo(f"{finding['severity']} [{finding['code']}] {finding['what']}")
        for name, value in finding["evidence"].items():
            typer.echo(f"  {name}: {_said(value)}")
        typer.echo(f"  mend: {finding['mend']}")


def _said(value: Any) -> str:
    """Evidence on one line, numbers as people read them, long lists cut."""
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list):
        cut = " …" if len(value) > _SHOWN_MAX else ""
        return ", ".join(_said(item) for item in value[:_SHOWN_MAX]) + cut
    if isinstance(value, dict):
        return ", ".join(f"{name} {_said(item)}" for name, item in value.items()) or "none"
    return "unknown" if value is None else str(value)
