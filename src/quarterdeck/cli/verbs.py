"""The list of verbs, and the application built from it.

`build_app(called)` imports the file of the called verb only; the others stand in the help with their sentence, so
`quarterdeck --help` loads no server. To add a verb: copy the smallest neighbour, add a line here.
Refuses: guessing. A verb that is not listed is a usage error.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Annotated, NamedTuple

import typer

from quarterdeck import __version__


class Verb(NamedTuple):
    """A verb as typed, the module that has its `register(app)`, and its one sentence in the help."""

    name: str
    module: str
    sentence: str


VERBS = (
    Verb("serve", "quarterdeck.cli.serve", "Start the server: OTLP in, page and API out, data in one folder."),
    Verb(
        "gateway",
        "quarterdeck.cli.gateway",
        "Stand between agents and their model providers: one token ledger in front of every call.",
    ),
    Verb("demo", "quarterdeck.cli.demo", "Send a simulated fleet of agents into a running server."),
    Verb(
        "replay",
        "quarterdeck.cli.replay",
        "Send recorded runs into a running server, and return when they can be read.",
    ),
    Verb("runs", "quarterdeck.cli.runs", "List runs, show one or its contexts, or follow new ones."),
    Verb(
        "outcomes",
        "quarterdeck.cli.outcomes",
        "Post what was found out about runs (scores, labels, feedback), list it, sum it up, or export it.",
    ),
    Verb("fleet", "quarterdeck.cli.fleet", "Say in words what the fleet is doing, what moved, then by cohort."),
    Verb("alerts", "quarterdeck.cli.alerts", "List alerts, show one with its evidence, or close one."),
    Verb("drills", "quarterdeck.cli.drills", "Run a drill of the watch, or list those that were run."),
    Verb(
        "incidents",
        "quarterdeck.cli.incidents",
        "Open incidents, grade them by harm, triage and close them; the record is chained.",
    ),
    Verb(
        "estimate",
        "quarterdeck.cli.estimate",
        "Say what a task will take before it starts, and how right such estimates were.",
    ),
    Verb("approvals", "quarterdeck.cli.approvals", "List what agents ask, show one question, or answer it."),
    Verb("rules", "quarterdeck.cli.rules", "Try the rules of the watch, or others, on stored history."),
    Verb(
        "objectives",
        "quarterdeck.cli.objectives",
        "Say what is left of each budget and target, and how quickly it burns.",
    ),
    Verb(
        "contrast",
        "quarterdeck.cli.contrast",
        "Say what failing runs, or any other selection, have that the others have not.",
    ),
    Verb(
        "doctor",
        "quarterdeck.cli.doctor",
        "Check the telemetry of a server, a file or a collector's configuration, and say what to mend.",
    ),
    Verb(
        "sampling",
        "quarterdeck.cli.sampling",
        "Show which bodies are kept, try another policy, or search among them.",
    ),
    Verb(
        "labels",
        "quarterdeck.cli.labels",
        "Say how many values each cohort label has, which are frequent, and what was not let in.",
    ),
    Verb(
        "export",
        "quarterdeck.cli.export",
        "Write the spans of a project as OTLP JSON lines, or its spans, runs and outcomes as Parquet.",
    ),
    Verb(
        "import",
        "quarterdeck.cli.import_",
        "Send exported spans into a running server and return when their runs can be read.",
    ),
    Verb(
        "admission",
        "quarterdeck.cli.admission",
        "Show what providers' limits leave now and who waits, or try a token ledger on recorded calls.",
    ),
    Verb(
        "budget",
        "quarterdeck.cli.budget",
        "Say what goes into a model's context window and why, or try a policy for it on recorded runs.",
    ),
    Verb("retention", "quarterdeck.cli.retention", "Show how long data stays, or remove what is old now."),
    Verb("erase", "quarterdeck.cli.erase", "Remove spans, texts and runs of a session or a user. It cannot be undone."),
    Verb("config", "quarterdeck.cli.config", "Check a settings file, or show every setting in force."),
    Verb("keys", "quarterdeck.cli.keys", "Create, list and revoke access keys."),
)

HELP = """Quarterdeck runs a fleet of LLM agents from one deck.

Exit codes: 0 done, 1 a check fails, 2 too little data, 3 bad input or usage, 70 our own fault.

\b
Example:
  quarterdeck serve --data-dir var/quarterdeck
"""


def find_verb(arguments: list[str]) -> str | None:
    """The verb in `arguments`: the first that is not an option; None when there is none."""
    return next((word for word in arguments if not word.startswith("-")), None)


def build_app(called: str | None) -> typer.Typer:
    """The application with the called verb loaded and the others named."""
    app = typer.Typer(
        name="quarterdeck",
        help=HELP,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )
    app.callback()(_root_options)
    for verb in VERBS:
        if verb.name == called:
            importlib.import_module(verb.module).register(app)
        else:
            app.command(verb.name, help=verb.sentence)(_not_loaded(verb.name))
    return app


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(__version__)
        raise typer.Exit(0)


def _root_options(
    debug: Annotated[bool, typer.Option("--debug", help="Show the stack of an error of our own.")] = False,
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version and stop.", is_eager=True, callback=_print_version),
    ] = False,
) -> None:
    # Both are acted on elsewhere: `version` in its callback; `debug` in `run`, which must know it before all else.
    del debug, version


def _not_loaded(name: str) -> Callable[[], None]:
    def command() -> None:
        msg = f"verb {name!r} was listed, not loaded"
        raise AssertionError(msg)

    return command
