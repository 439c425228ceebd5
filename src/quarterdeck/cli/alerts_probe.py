"""`quarterdeck alerts probe`: run an alert's failing input again on candidate and baseline, and wait for the verdict.

A target that the settings name is run by the server. A command or a function of one's own is run here, and the server is told the
pairs. Refuses: a shell; words are split as a shell would, and nothing else of them is interpreted.
"""

from __future__ import annotations

import json
import shlex
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from quarterdeck.cli import output
from quarterdeck.cli.client import DEFAULT_URL, ApiClient, AsJson, Key, Project, Url, project_parameter, segment
from quarterdeck.errors import BadInput

if TYPE_CHECKING:
    from quarterdeck.model.ports import ProbeTarget
    from quarterdeck.model.probes import ProbeCase

_LOOK_S = 0.5
_ENDED = ("done", "failed")
_EXIT = {"wobble": 0, "regression": 1, "undecided": 2}


def probe(
    alert_id: Annotated[str, typer.Argument(metavar="ALERT_ID", help="Id as `alerts list` shows it.")],
    *,
    by: Annotated[str, typer.Option("--by", help="Who asks.")],
    target: Annotated[str | None, typer.Option("--target", help="A target that the server's settings name.")] = None,
    command: Annotated[
        str | None, typer.Option("--command", help="The candidate, run here; the input is on its stdin.")
    ] = None,
    baseline_command: Annotated[
        str | None, typer.Option("--baseline-command", help="What --command is compared with.")
    ] = None,
    function: Annotated[
        str | None, typer.Option("--function", help="The candidate, run here: module:function.")
    ] = None,
    baseline_function: Annotated[
        str | None, typer.Option("--baseline-function", help="What --function is compared with.")
    ] = None,
    run_id: Annotated[str | None, typer.Option("--run", help="Whose input; default: the alert's first run.")] = None,
    input_file: Annotated[str | None, typer.Option("--input", help="File with the input, - for stdin.")] = None,
    check: Annotated[
        str | None,
        typer.Option("--check", help='What a good answer is, as JSON: {"kind": "contains", "text": "sent"}.'),
    ] = None,
    pairs: Annotated[int, typer.Option("--pairs", min=1, max=20, help="Most pairs.")] = 20,
    timeout_s: Annotated[
        float, typer.Option("--timeout-s", min=0.1, max=3600, help="One run of a command takes at most this long.")
    ] = 120.0,
    url: Url = DEFAULT_URL,
    key: Key = None,
    project: Project = None,
    as_json: AsJson = False,
) -> None:
    """Run a failing input again, in pairs, until it is a regression or a wobble.

    Exit codes: 0 wobble, 1 regression, 2 undecided. With --json: {"probe_id", "verdict", "pairs", "evidence", "in_words", ...}.

    \b
    Examples:
      quarterdeck alerts probe 0d4f2b7a91c35e68 --target support --by ann
      quarterdeck alerts probe 0d4f2b7a91c35e68 --by ann --command "python agent.py v7" --baseline-command "python agent.py v6"
    """
    spec = None if check is None else _json(check)
    given = None if input_file is None else _read(input_file)
    sides = _sides(target, (command, baseline_command), (function, baseline_function), timeout_s)
    asked: dict[str, Any] = {"by": by, "pairs": pairs}
    asked |= {"target": target} if target is not None else {"target": f"{command or function} here"[:100]}
    optional = {"run_id": run_id, "input": given, "check": spec}
    asked |= {name: value for name, value in optional.items() if value is not None}
    with ApiClient(url, key) as client:
        where = project_parameter(project)
        if sides is not None:
            asked["outcomes"] = _outcomes(client, alert_id, asked, sides, where)
            asked.pop("input", None)
        found = _until_ended(client, client.post_json(f"alerts/{segment(alert_id)}/probe", asked, where), where)
    _print(found, as_json=as_json)


def _sides(
    target: str | None,
    commands: tuple[str | None, str | None],
    functions: tuple[str | None, str | None],
    timeout_s: float,
) -> tuple[ProbeTarget, ProbeTarget] | None:
    """What is run here, None where the server runs it. Raises BadInput."""
    named = [one for one in ((target,), commands, functions) if any(part is not None for part in one)]
    if len(named) != 1 or any(part is None for part in named[0]):
        raise BadInput(
            "expected --target, or --command and --baseline-command, or --function and --baseline-function",
            mend="`curl SERVER/api/v1/probe-targets` lists the targets that the settings name",
        )
    from quarterdeck.probes.targets.command import Command
    from quarterdeck.probes.targets.function import Function, function_of
    from quarterdeck.probes.targets.limits import Limits

    if named[0] is commands:
        first, second = (Command(_words(one or ""), Limits(seconds=timeout_s)) for one in commands)
        return first, second
    if named[0] is functions:
        sys.path.insert(0, "")  # modules of the working folder, as `python -m` finds them
        return Function(function_of(functions[0] or "")), Function(function_of(functions[1] or ""))
    return None


def _words(command: str) -> list[str]:
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise BadInput(f"{command!r} cannot be split into words: {error}") from error
    if not words:
        raise BadInput("a command needs a program")
    return words


def _outcomes(
    client: ApiClient, alert_id: str, asked: Mapping[str, Any], sides: tuple[ProbeTarget, ProbeTarget], where: Any
) -> list[list[bool]]:
    """Run the pairs here, with a line for each on stderr."""
    from quarterdeck.clock import SystemClock
    from quarterdeck.model.probes import Probe, ProbeCase
    from quarterdeck.probes.checks import check_of
    from quarterdeck.probes.run import Sides, Ways, run

    case: ProbeCase
    if "input" in asked:
        case = ProbeCase(asked["input"])
    else:
        wanted = [*where, *([("run_id", asked["run_id"])] if "run_id" in asked else [])]
        told = client.get(f"alerts/{segment(alert_id)}/probe-input", wanted)
        case = ProbeCase(told["input"], told["system"], told["error_class"])
    probe = Probe("", "", alert_id, asked["target"], asked["by"], 0, pairs_max=asked["pairs"])
    ways = Ways(_progress, time.sleep, SystemClock().now_ns, lambda _: case, check_of(asked.get("check")))
    return [[pair.candidate_failed, pair.baseline_failed] for pair in run(probe, Sides(*sides), ways).pairs]


def _progress(probe: Any) -> None:
    if probe.because is not None:
        output.remark(probe.because)
    elif probe.pairs:
        candidate, baseline = ("failed" if failed else "fine" for failed in probe.pairs[-1][:2])
        output.remark(f"pair {len(probe.pairs)}: candidate {candidate}, baseline {baseline}")


def _until_ended(client: ApiClient, found: dict[str, Any], where: Any) -> dict[str, Any]:
    """Look until the server has a verdict; a line on stderr for whatever is new."""
    said = ""
    while found["state"] not in _ENDED:
        line = found["because"] or found["in_words"]
        if line != said:
            output.remark(line)
        said = line
        time.sleep(_LOOK_S)
        found = client.get(f"probes/{segment(found['probe_id'])}", where)
    return found


def _print(found: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        output.print_json(found)
    else:
        typer.echo(found["in_words"])
        typer.echo(f"probe {found['probe_id']} of alert {found['alert_id']}: {found['verdict'] or found['state']}")
    if found["state"] == "failed":
        raise BadInput(f"the probe could not be run: {found['because']}")
    if code := _EXIT[found["verdict"]]:
        raise typer.Exit(code)


def _json(text: str) -> Any:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise BadInput(f"--check is no JSON: {error}") from error
    if not isinstance(found, dict):
        raise BadInput("--check: expected a JSON object")
    return found


def _read(path: str) -> str:
    try:
        text = sys.stdin.read() if path == "-" else Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"--input {path} cannot be read as text") from error
    if not text:
        raise BadInput(f"--input {path} is empty")
    return text
