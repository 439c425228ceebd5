"""`quarterdeck estimate`: what a task will take (`task`), learned from recorded runs (`fit`), and how right it was (`backtest`)."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, cast

import typer

from quarterdeck.cli import output
from quarterdeck.cli.client import DEFAULT_URL, ApiClient, AsJson, Key, Project, project_parameter
from quarterdeck.cli.estimate_calibration import calibration
from quarterdeck.errors import BadFile, BadInput
from quarterdeck.model.estimates import QUANTITIES, Quantity

COLUMNS = (("quantity", "left"), ("q10", "right"), ("q50", "right"), ("q90", "right"), ("q99", "right"))
_PROGRESS_FROM = 20_000

File = Annotated[
    Path,
    typer.Argument(
        metavar="FILE",
        help="Runs as CSV, JSON lines or Parquet (also .gz): run_id, task_key, agent, model, started_at, ended_at, "
        "tokens_input, tokens_output, finished, and if known steps, text, cost_usd.",
    ),
]
QuantityName = Annotated[str, typer.Option("--quantity", help=f"One of {', '.join(QUANTITIES)}.")]
StateUrl = Annotated[
    str | None, typer.Option("--url", envvar="QUARTERDECK_URL", help=f"Ask a running server, such as {DEFAULT_URL}.")
]


def register(app: typer.Typer) -> None:
    group = typer.Typer(
        rich_markup_mode=None,
        help="Say what a task will take before it starts, and how right such estimates were.",
        no_args_is_help=True,
    )
    group.command("task")(task)
    group.command("fit")(fit)
    group.command("backtest")(backtest)
    group.command("calibration")(calibration)
    app.add_typer(group, name="estimate")


def backtest(file: File, *, quantity: QuantityName = "tokens_total", as_json: AsJson = False) -> None:
    """Replay recorded runs in time order, and say whether each estimate's quantiles were right and sharp.

    A run is learned from once it had ended. Runs that were cut or report no tokens are never scored; what they took is a lower bound.

    With --json: {"n", "censored", "coverage": {"0.5", "0.9", "0.99"}, "coverage_worst_500", "pinball", "pinball_constant",
    "median_width_ratio", "predict_us_p50", "unscored"}. `unscored` runs began before any other had ended.

    \b
    Examples:
      quarterdeck estimate backtest runs.csv
      quarterdeck estimate backtest runs.jsonl.gz --quantity cost_usd --json
    """
    from quarterdeck.control.estimate.backtest import backtest as replayed
    from quarterdeck.light.estimate_file import read_runs

    name = _quantity(quantity)
    runs = read_runs(file)
    found = replayed(runs, name, now_ns=time.perf_counter_ns, progress=_Progress()).as_json()
    if as_json:
        output.print_json(found)
        return
    typer.echo("\n".join(_backtest_words(found, name)))


def fit(
    file: File,
    *,
    out: Annotated[Path, typer.Option("--out", metavar="STATE", help="File to write what was learned to.")],
    as_json: AsJson = False,
) -> None:
    """Learn from recorded runs, in the order of their ends, and write what was learned.

    With --json: {"runs", "cells", "bytes", "state"}.

    \b
    Example:
      quarterdeck estimate fit runs.csv --out estimates.bin
    """
    from quarterdeck.control.estimate import Estimator
    from quarterdeck.light.estimate_file import read_runs

    runs = sorted(read_runs(file), key=lambda run: run.ended_at_s or run.started_at_s or 0.0)
    estimator, told = Estimator(), _Progress()
    for at, run in enumerate(runs, start=1):
        estimator.learn(run)
        told(at, len(runs))
    state = estimator.dump()
    try:
        out.write_bytes(state)
    except OSError as error:
        raise BadFile(str(out), f"cannot be written: {error.strerror or error}") from error
    cells = estimator.gauges()["cells"]
    if as_json:
        output.print_json({"runs": len(runs), "cells": cells, "bytes": len(state), "state": str(out)})
        return
    typer.echo(
        f"Learned from {len(runs):,} runs: {cells:,} tasks, agents and versions in {out} ({len(state):,} bytes)."
    )


def task(
    *,
    state: Annotated[Path | None, typer.Option("--state", metavar="STATE", help="What `estimate fit` wrote.")] = None,
    url: StateUrl = None,
    agent: Annotated[str | None, typer.Option("--agent", help="Who will do it.")] = None,
    model: Annotated[str | None, typer.Option("--model", help="With which model.")] = None,
    task_key: Annotated[str | None, typer.Option("--task-key", help="The same for repeats of one task.")] = None,
    text: Annotated[str | None, typer.Option("--text", help="What is asked; for likeness only.")] = None,
    task_class: Annotated[str | None, typer.Option("--task-class", help="Its class.")] = None,
    feature: Annotated[str | None, typer.Option("--feature", help="Its feature of the product.")] = None,
    tenant: Annotated[str | None, typer.Option("--tenant", help="For whom.")] = None,
    agent_version: Annotated[str | None, typer.Option("--agent-version", help="Version of the agent.")] = None,
    prompt_version: Annotated[str | None, typer.Option("--prompt-version", help="Version of its prompt.")] = None,
    budget: Annotated[float | None, typer.Option("--budget", metavar="N", help="Tokens in all; does it fit?")] = None,
    key: Key = None,
    project: Project = None,
    as_json: AsJson = False,
) -> None:
    """Say what a task will take: quantiles of tokens, steps, dollars and seconds, and on which history they stand.

    With --json: {"estimate": {"tokens_total": {"q10", "q50", "q90", "q99"}, ...}, "n", "confidence", "cold", "why", "basis",
    "warnings", "fits"}.

    \b
    Examples:
      quarterdeck estimate task --state estimates.bin --agent triage --model gpt-5 --budget 200000
      quarterdeck estimate task --url http://127.0.0.1:4320 --agent triage --model gpt-5 --task-key ticket-7 --json
    """
    if (state is None) == (url is None):
        raise BadInput("give one of --state and --url", mend="--state has what `quarterdeck estimate fit` wrote")
    asked = {
        "agent": agent,
        "model": model,
        "task_key": task_key,
        "text": text,
        "task_class": task_class,
        "feature": feature,
        "tenant": tenant,
        "agent_version": agent_version,
        "prompt_version": prompt_version,
    }
    given = {name: value for name, value in asked.items() if value is not None}
    if url is not None:
        budgets = [("budget_tokens", str(int(budget)))] if budget is not None else []
        with ApiClient(url, key) as client:
            found = client.get("estimate", [*project_parameter(project), *given.items(), *budgets])
    else:
        found = _from_state(cast("Path", state), given, budget)
    if as_json:
        output.print_json(found)
        return
    _print_task(found)


def _from_state(state: Path, given: Mapping[str, str], budget: float | None) -> dict[str, Any]:
    from quarterdeck.control.estimate import Estimator
    from quarterdeck.control.estimate.answer import answer
    from quarterdeck.model.estimates import Identity, Task

    try:
        estimator = Estimator.load(state.read_bytes())
    except OSError as error:
        raise BadFile(str(state), f"cannot be read: {error.strerror or error}") from error
    except BadInput as error:
        raise BadFile(str(state), error.message, mend=error.mend) from error
    identity = Identity(given.get("agent"), given.get("model"), given.get("agent_version"), given.get("prompt_version"))
    asked = Task(
        given.get("task_key"), given.get("text"), given.get("task_class"), given.get("feature"), given.get("tenant")
    )
    return answer(estimator.estimate(asked, identity), {} if budget is None else {"tokens_total": budget})


def _print_task(found: Mapping[str, Any]) -> None:
    spreads: Mapping[str, Mapping[str, float]] = found["estimate"]
    rows = [(name, *(_amount(name, spread[level]) for level, _ in COLUMNS[1:])) for name, spread in spreads.items()]
    output.print_table(COLUMNS, rows)
    typer.echo(f"Confidence {found['confidence']}: {found['why']}.")
    for name, chance in found["fits"].items():
        fits = output.UNKNOWN if chance is None else f"{chance:.1%}"
        typer.echo(f"Chance that it fits {name}: {fits}.")


def _amount(name: str, value: float) -> str:
    return output.dollars(value) if name == "cost_usd" else output.number(value)


def _quantity(name: str) -> Quantity:
    if name not in QUANTITIES:
        raise BadInput(f"--quantity {name!r}", mend=f"one of {', '.join(QUANTITIES)}")
    return name


class _Progress:
    """A line at every tenth, for files long enough to wait for."""

    def __init__(self) -> None:
        self._told = 0

    def __call__(self, done: int, of: int) -> None:
        tenth = done * 10 // max(of, 1)
        if tenth > self._told and of >= _PROGRESS_FROM:
            self._told = tenth
            output.remark(f"{done:,} of {of:,} runs are replayed")


def _backtest_words(found: Mapping[str, Any], quantity: Quantity) -> list[str]:
    lines = [
        f"{found['n']:,} runs scored on {quantity}; {found['censored']:,} were cut or do not report it, "
        f"{found['unscored']:,} began before any other had ended."
    ]
    for level, share in found["coverage"].items():
        if share is None:
            continue
        loss, base = found["pinball"][level], found["pinball_constant"][level]
        worst = found["coverage_worst_500"][level]
        rolling = "" if worst is None else f", in the worst 500 {worst:.1%}"
        against = "" if not base else f"; loss {loss / base:.2f} of a constant's"
        lines.append(f"{float(level):.0%} quantile: {share:.1%} of runs stayed below{rolling}{against}.")
    if found["median_width_ratio"] is not None:
        lines.append(f"Width from 10% to 90%: {found['median_width_ratio']:.2f} of a constant's, in the middle.")
    if found["predict_us_p50"] is not None:
        lines.append(f"One estimate took {found['predict_us_p50']:.0f} µs, in the middle.")
    return lines
