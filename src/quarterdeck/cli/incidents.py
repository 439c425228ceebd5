"""`quarterdeck incidents grade|list|show|affected|verify`: what harmed or could have harmed, how severe it is, and the proof."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from quarterdeck.cli import incident_acts as acts
from quarterdeck.cli import incidents_postmortem, output
from quarterdeck.cli.client import DEFAULT_URL, ApiClient, AsJson, Key, Project, Url, project_parameter, segment
from quarterdeck.cli.incident_words import COLUMNS, row
from quarterdeck.errors import BadInput

SENTENCE = "Open incidents, grade them by harm, triage and close them; the record is chained."


def register(app: typer.Typer) -> None:
    group = typer.Typer(help=SENTENCE, no_args_is_help=True)
    group.command("grade")(grade)
    group.command("list")(list_incidents)
    group.command("show")(show)
    group.command("affected")(affected)
    group.command("verify")(verify)
    acts.register(group)
    group.command("postmortem")(incidents_postmortem.postmortem)
    app.add_typer(group, name="incidents")


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


def list_incidents(
    *,
    state: Annotated[
        list[str] | None, typer.Option("--state", help="open, contained or closed; repeatable; default all.")
    ] = None,
    severity: Annotated[
        list[int] | None, typer.Option("--severity", min=0, max=4, help="0 is the worst; repeatable; default all.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="At most this many.")] = 50,
    url: Url = DEFAULT_URL,
    key: Key = None,
    project: Project = None,
    as_json: AsJson = False,
) -> None:
    """List incidents, the newest first.

    With --json: {"items": [{"incident_id", "title", "state", "severity", ...}], "next_cursor": null}.

    \b
    Example:
      quarterdeck incidents list --state open --severity 0 --severity 1
    """
    wanted = [("state", one) for one in state or ()] + [("severity", str(one)) for one in severity or ()]
    with ApiClient(url, key) as client:
        items = list(client.pages("incidents", [*project_parameter(project), *wanted], limit=limit))
    if as_json:
        output.print_json({"items": items, "next_cursor": None})
        return
    output.print_table(COLUMNS, (row(one) for one in items))
    if not items:
        output.remark("no incident matches")


def show(
    incident_id: acts.IncidentId,
    *,
    url: Url = DEFAULT_URL,
    key: Key = None,
    project: Project = None,
    as_json: AsJson = False,
) -> None:
    """Show an incident: its grade and why, who was exposed, what was done, and what closing it still takes.

    With --json: the API's answer, {"incident_id", "severity", "grades", "exposure", "fields", "to_close", ...}.

    \b
    Example:
      quarterdeck incidents show 4b7d0c9a51e8f263
    """
    with ApiClient(url, key) as client:
        found = client.get(f"incidents/{segment(incident_id)}", project_parameter(project))
    acts.show_incident(found, as_json=as_json)


def affected(
    incident_id: acts.IncidentId,
    *,
    as_csv: Annotated[bool, typer.Option("--csv", help="CSV instead of JSON lines.")] = False,
    url: Url = DEFAULT_URL,
    key: Key = None,
    project: Project = None,
    as_json: AsJson = False,
) -> None:
    """Export who was in the slice and window: one line a session, most failing runs first.

    Without an option, JSON lines. With --json: one list, [{"session", "user_hash", "tenant", "runs", "failing", "first", "last"}].

    \b
    Example:
      quarterdeck incidents affected 4b7d0c9a51e8f263 --csv > affected.csv
    """
    if as_csv and as_json:
        raise BadInput("--csv and --json are two forms; expected one")
    wanted = [*project_parameter(project), ("format", "csv" if as_csv else "jsonl")]
    with ApiClient(url, key) as client:
        text = client.text(f"incidents/{segment(incident_id)}/affected", wanted)
    if as_json:
        output.print_json([json.loads(line) for line in text.splitlines()])
        return
    typer.echo(text, nl=False)


def verify(*, url: Url = DEFAULT_URL, key: Key = None, project: Project = None, as_json: AsJson = False) -> None:
    """Walk the chain of records, and hold every incident against the last record about it. Exit 1 when it is broken.

    With --json: {"records", "head": {"seq", "hash"}, "broken": {"seq", "because"} or null}.

    \b
    Example:
      quarterdeck incidents verify
    """
    with ApiClient(url, key) as client:
        found = client.get("incidents/verify", project_parameter(project))
    if as_json:
        output.print_json(found)
    elif found["broken"] is None:
        typer.echo(f"{found['records']:,} records hold; the chain ends at {found['head']['hash'] or 'nothing'}")
    else:
        typer.echo(f"broken at record {found['broken']['seq']}: {found['broken']['because']}")
    if found["broken"] is not None:
        raise typer.Exit(1)


def _document(name: str, found: Any) -> dict[str, Any]:
    return {
        "id": name,
        "severity": found.severity,
        "rubric_version": found.rubric_version,
        "because": list(found.because),
        "clocks": [clock._asdict() for clock in found.clocks],
    }
