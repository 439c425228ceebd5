"""`quarterdeck incidents`: what harmed or could have harmed, and how severe it is."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from quarterdeck.cli import incidents_postmortem, output
from quarterdeck.cli.client import AsJson

SENTENCE = "Grade incidents by harm."


def register(app: typer.Typer) -> None:
    group = typer.Typer(help=SENTENCE, no_args_is_help=True)
    group.callback(help=SENTENCE)(_no_command)
    group.command("grade")(grade)
    group.command("postmortem")(incidents_postmortem.postmortem)
    app.add_typer(group, name="incidents")


def _no_command() -> None:
    """Keeps `grade` a command of its own while it is the only one."""


def grade(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="Facts as JSON lines, JSON or YAML; keys as in docs/how-to/incidents.md."),
    ],
    *,
    rubric: Annotated[Path | None, typer.Option(help="A rubric of your own; without it the shipped one.")] = None,
    as_json: AsJson = False,
) -> None:
    """Grade each incident of a file from its facts: 0 is the worst, 4 the least.

    With --json: [{"id", "severity", "rubric_version", "because": [words], "clocks": [{"code", "title", "hours", "starts", "because"}]}].

    \b
    Examples:
      quarterdeck incidents grade facts.yaml
      quarterdeck incidents grade facts.jsonl --json
    """
    from quarterdeck.cli.incident_files import facts_in
    from quarterdeck.observe.incidents import grade as grade_of
    from quarterdeck.observe.incidents import load_rubric

    known = load_rubric(rubric)
    graded = [(facts, grade_of(facts, known)) for facts in facts_in(file)]
    if as_json:
        output.print_json([_document(facts.id, found) for facts, found in graded])
        return
    for facts, found in graded:
        typer.echo(f"sev-{found.severity}  {facts.id}  {facts.title}")
        typer.echo("".join(f"       {words}\n" for words in found.because), nl=False)
        for clock in found.clocks:
            typer.echo(f"       report within {clock.hours:g} hours of {clock.starts}: {clock.title} ({clock.because})")


def _document(name: str, found: Any) -> dict[str, Any]:
    return {
        "id": name,
        "severity": found.severity,
        "rubric_version": found.rubric_version,
        "because": list(found.because),
        "clocks": [clock._asdict() for clock in found.clocks],
    }
