"""`quarterdeck incidents open|regrade|triage|field|cause|action|replays|contain|note|review|clock|close`: one act each."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from quarterdeck.cli import output
from quarterdeck.cli.client import DEFAULT_URL, ApiClient, AsJson, Key, Project, Url, project_parameter, segment
from quarterdeck.cli.incident_words import lines
from quarterdeck.errors import BadInput

IncidentId = Annotated[str, typer.Argument(metavar="INCIDENT_ID", help="Id as `incidents list` shows it.")]
By = Annotated[str, typer.Option("--by", envvar="USER", help="Who says so.")]
FactsFile = Annotated[
    Path | None, typer.Option("--facts", help="Facts of one incident, as of `incidents grade`; graded at once.")
]
Events = Annotated[int | None, typer.Option("--events", min=0, help="In how many it was seen.")]
Trials = Annotated[int | None, typer.Option("--trials", min=1, help="Of how many.")]


def register(group: typer.Typer) -> None:
    group.command("open")(open_)
    group.command("regrade")(regrade)
    group.command("triage")(triage)
    group.command("field")(field)
    group.command("measure")(measure)
    group.command("cause")(cause)
    group.command("action")(action)
    group.command("done")(done)
    group.command("clock")(clock)
    group.command("replays")(replays)
    group.command("alert")(alert)
    group.command("review")(review)
    group.command("note")(note)
    group.command("contain")(contain)
    group.command("close")(close)


def open_(
    title: Annotated[str | None, typer.Argument(help="One sentence; an alert brings its own.")] = None,
    *,
    by: By,
    alert: Annotated[str | None, typer.Option("--alert", help="Alert to open it from.")] = None,
    facts: FactsFile = None,
    since: Annotated[str | None, typer.Option("--since", help="Begin of the window, as -6h or RFC 3339.")] = None,
    until: Annotated[str | None, typer.Option("--until", help="End of the window.")] = None,
    url: Url = DEFAULT_URL, key: Key = None, project: Project = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Open an incident, by hand or from an alert, which brings its slice, window and rate.

    With --json: the incident, {"incident_id", "severity", "state", "exposure", "to_close", ...}.

    \b
    Examples:
      quarterdeck incidents open "refunds went to strangers" --since -6h --by ann
      quarterdeck incidents open --alert 0d4f2b7a91c35e68 --facts facts.yaml --by ann
    """
    said = {"title": title, "alert_id": alert, "facts": _facts(facts), "since": since, "until": until, "by": by}
    with ApiClient(url, key) as client:
        found = client.post_json("incidents", _known(said), project_parameter(project))
    show_incident(found, as_json=as_json)


def regrade(
    incident_id: IncidentId,
    facts: Annotated[Path, typer.Argument(metavar="FILE", help="Facts, as of `incidents grade`.")],
    *,
    by: By,
    approver: Annotated[str | None, typer.Option("--approver", help="Who approves a milder grade.")] = None,
    events: Events = None, trials: Trials = None,
    url: Url = DEFAULT_URL, key: Key = None, project: Project = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Grade again. A milder grade takes --approver, and replays (--events of --trials) whose rate bound is low enough.

    With --json: the incident, as of `incidents show`.

    \b
    Example:
      quarterdeck incidents regrade 4b7d0c9a51e8f263 facts.yaml --approver eve --events 0 --trials 299 --by ann
    """
    said = {"facts": _facts(facts), "approver": approver, "replays": _seen(events, trials), "by": by}
    _post(incident_id, "grade", said, (url, key, project), as_json=as_json)


def triage(
    incident_id: IncidentId,
    step: Annotated[str, typer.Argument(help="retrieval, generation, routing or upstream.")],
    finding: Annotated[str, typer.Argument(help="cause, ruled_out or unknown.")],
    evidence: Annotated[str, typer.Argument(help="What was looked at, or why it is ruled out.")],
    *,
    by: By, url: Url = DEFAULT_URL, key: Key = None, project: Project = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Note what one step of the walk found: retrieval, generation, routing, upstream data.

    With --json: the incident, as of `incidents show`.

    \b
    Example:
      quarterdeck incidents triage 4b7d0c9a51e8f263 routing ruled_out "one route in all ten runs" --by ann
    """
    said = {"step": step, "finding": finding, "evidence": evidence, "by": by}
    _post(incident_id, "triage", said, (url, key, project), as_json=as_json)


def field(
    incident_id: IncidentId,
    name: Annotated[str, typer.Argument(help="As model_route; `incidents show` says which are missing.")],
    value: Annotated[str, typer.Argument(help="What it was, or why it does not apply.")],
    *,
    by: By,
    not_applicable: Annotated[bool, typer.Option("--not-applicable", help="The value says why.")] = False,
    url: Url = DEFAULT_URL, key: Key = None, project: Project = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """State one of the six fields. Those that runs tell are filled in when the incident is opened.

    With --json: the incident, as of `incidents show`.

    \b
    Example:
      quarterdeck incidents field 4b7d0c9a51e8f263 judge_configuration "no judge here" --not-applicable --by ann
    """
    source = "not_applicable" if not_applicable else "typed"
    said = {"name": name, "value": value, "source": source, "by": by}
    _post(incident_id, "fields", said, (url, key, project), as_json=as_json)


def measure(
    incident_id: IncidentId,
    *,
    by: By, url: Url = DEFAULT_URL, key: Key = None, project: Project = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Count again who is exposed, and take the fields from the runs that nobody typed.

    With --json: the incident, as of `incidents show`.

    \b
    Example:
      quarterdeck incidents measure 4b7d0c9a51e8f263 --by ann
    """
    _post(incident_id, "measure", {"by": by}, (url, key, project), as_json=as_json)


def cause(
    incident_id: IncidentId,
    text: Annotated[str, typer.Argument(help="Why it happened.")],
    *,
    by: By,
    factor: Annotated[
        list[str] | None, typer.Option("--factor", help="Makes it distributional; repeatable; takes a rate.")
    ] = None,
    events: Events = None, trials: Trials = None,
    confidence: Annotated[str, typer.Option("--confidence", help="low, medium or high.")] = "medium",
    url: Url = DEFAULT_URL, key: Key = None, project: Project = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Name the root cause: one thing, or (with --factor, --events, --trials) a rate that factors make together.

    With --json: the incident, as of `incidents show`.

    \b
    Example:
      quarterdeck incidents cause 4b7d0c9a51e8f263 "prompt v7" --factor v7 --factor "long orders" --events 66 --trials 212 --by ann
    """
    kind = "distributional" if factor else "single"
    said = {"kind": kind, "text": text, "confidence": confidence, "rate": _seen(events, trials), "by": by}
    _post(incident_id, "cause", said | {"factors": factor or []}, (url, key, project), as_json=as_json)


def action(
    incident_id: IncidentId,
    text: Annotated[str, typer.Argument(help="What is to be done.")],
    *,
    owner: Annotated[str, typer.Option("--owner", help="Who does it.")],
    by: By,
    due: Annotated[str | None, typer.Option("--due", help="RFC 3339.")] = None,
    url: Url = DEFAULT_URL, key: Key = None, project: Project = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Add something to do.

    With --json: the incident, as of `incidents show`.

    \b
    Example:
      quarterdeck incidents action 4b7d0c9a51e8f263 "roll back to v6" --owner bob --due 2026-11-25 --by ann
    """
    _post(incident_id, "actions", {"text": text, "owner": owner, "due": due, "by": by}, (url, key, project), as_json=as_json)  # fmt: skip


def done(
    incident_id: IncidentId,
    action_id: Annotated[str, typer.Argument(metavar="ACTION_ID", help="As `incidents show` names it.")],
    *,
    by: By, url: Url = DEFAULT_URL, key: Key = None, project: Project = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Say that an action is done.

    With --json: the incident, as of `incidents show`.

    \b
    Example:
      quarterdeck incidents done 4b7d0c9a51e8f263 5d1e7c20 --by bob
    """
    _post(incident_id, f"actions/{segment(action_id)}/done", {"by": by}, (url, key, project), as_json=as_json)


def clock(
    incident_id: IncidentId,
    code: Annotated[str, typer.Argument(help="As gdpr_33; `incidents show` lists what the grade offers.")],
    *,
    by: By,
    stop: Annotated[str | None, typer.Option("--stop", help="Stop it: what was reported, or why not.")] = None,
    at: Annotated[str | None, typer.Option("--at", help="When it started; default now.")] = None,
    url: Url = DEFAULT_URL, key: Key = None, project: Project = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Start a duty to report, or stop it with an answer. Confirm with counsel.

    With --json: the incident, as of `incidents show`.

    \b
    Example:
      quarterdeck incidents clock 4b7d0c9a51e8f263 gdpr_33 --at -2h --by ann
    """
    said = {"do": "start" if stop is None else "stop", "note": stop, "at": at, "by": by}
    _post(incident_id, f"clocks/{segment(code)}", said, (url, key, project), as_json=as_json)


def replays(
    incident_id: IncidentId,
    events: Annotated[int, typer.Argument(min=0, help="In how many it was seen.")],
    trials: Annotated[int, typer.Argument(min=1, help="Of how many.")],
    *,
    by: By, url: Url = DEFAULT_URL, key: Key = None, project: Project = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Record replays; they add up. "Not reproduced" takes 9 for a fault of 30 %, 299 for one of 1 %.

    With --json: the incident, as of `incidents show`.

    \b
    Example:
      quarterdeck incidents replays 4b7d0c9a51e8f263 0 299 --by ann
    """
    _post(incident_id, "replays", {"events": events, "trials": trials, "by": by}, (url, key, project), as_json=as_json)


def alert(
    incident_id: IncidentId,
    alert_id: Annotated[str, typer.Argument(metavar="ALERT_ID", help="One more alert of the same cause.")],
    *,
    by: By, url: Url = DEFAULT_URL, key: Key = None, project: Project = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Add an alert of the same cause.

    With --json: the incident, as of `incidents show`.

    \b
    Example:
      quarterdeck incidents alert 4b7d0c9a51e8f263 0d4f2b7a91c35e68 --by ann
    """
    _post(incident_id, "alerts", {"alert_id": alert_id, "by": by}, (url, key, project), as_json=as_json)


def review(
    incident_id: IncidentId,
    text: Annotated[str, typer.Argument(help="What the structural review found.")],
    *,
    by: By, url: Url = DEFAULT_URL, key: Key = None, project: Project = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Record the structural review that a second incident of a signature asks for.

    With --json: the incident, as of `incidents show`.

    \b
    Example:
      quarterdeck incidents review 4b7d0c9a51e8f263 "prompts ship without a canary" --by ann
    """
    _post(incident_id, "review", {"text": text, "by": by}, (url, key, project), as_json=as_json)


def note(
    incident_id: IncidentId,
    text: Annotated[str, typer.Argument(help="A line of the timeline.")],
    *,
    by: By,
    kind: Annotated[str, typer.Option("--kind", help="note, went_well or went_badly.")] = "note",
    url: Url = DEFAULT_URL, key: Key = None, project: Project = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Write a line in the timeline. What went well or badly has its own part in the post-mortem.

    With --json: the incident, as of `incidents show`.

    \b
    Example:
      quarterdeck incidents note 4b7d0c9a51e8f263 "nobody knew who owns v7" --kind went_badly --by ann
    """
    _post(incident_id, "note", {"text": text, "kind": kind, "by": by}, (url, key, project), as_json=as_json)


def contain(
    incident_id: IncidentId,
    how: Annotated[str, typer.Argument(help="What was done.")],
    *,
    by: By, url: Url = DEFAULT_URL, key: Key = None, project: Project = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Say that it does no more harm, and how that was done. The grade stays.

    With --json: the incident, as of `incidents show`.

    \b
    Example:
      quarterdeck incidents contain 4b7d0c9a51e8f263 "rolled back to v6" --by ann
    """
    _post(incident_id, "contain", {"how": how, "by": by}, (url, key, project), as_json=as_json)


def close(
    incident_id: IncidentId,
    *,
    by: By,
    not_reproduced: Annotated[
        bool, typer.Option("--not-reproduced", help="It was not seen again; takes the replays that the rate demands.")
    ] = False,
    url: Url = DEFAULT_URL, key: Key = None, project: Project = None, as_json: AsJson = False,
) -> None:  # fmt: skip
    """Close an incident. Refused with everything that is missing.

    With --json: the incident, as of `incidents show`.

    \b
    Example:
      quarterdeck incidents close 4b7d0c9a51e8f263 --by ann
    """
    said = {"by": by, "not_reproduced": not_reproduced}
    _post(incident_id, "close", said, (url, key, project), as_json=as_json)


def show_incident(found: Mapping[str, Any], *, as_json: bool) -> None:
    """On stdout, for a person or a program."""
    if as_json:
        output.print_json(found)
        return
    for line in lines(found):
        typer.echo(line)


def _post(
    incident_id: str,
    act: str,
    said: Mapping[str, Any],
    server: tuple[str, str | None, str | None],
    *,
    as_json: bool,
) -> None:
    """`server` is (url, key, project)."""
    url, key, project = server
    with ApiClient(url, key) as client:
        path = f"incidents/{segment(incident_id)}/{act}"
        found = client.post_json(path, _known(said), project_parameter(project))
    show_incident(found, as_json=as_json)


def _known(said: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in said.items() if value is not None}


def _seen(events: int | None, trials: int | None) -> dict[str, int] | None:
    if (events is None) != (trials is None):
        raise BadInput("--events and --trials go together: seen in so many of so many")
    return None if events is None or trials is None else {"events": events, "trials": trials}


def _facts(file: Path | None) -> dict[str, Any] | None:
    """One incident's facts, read as `incidents grade` reads them."""
    if file is None:
        return None
    from quarterdeck.api.wire.incident import facts_dict
    from quarterdeck.cli.incident_files import facts_in

    found = list(facts_in(file))
    if len(found) != 1:
        raise BadInput(f"{file}: found the facts of {len(found)} incidents, expected one")
    return facts_dict(found[0])
