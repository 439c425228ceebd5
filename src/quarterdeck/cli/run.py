"""Runs one command: arguments in, exit code out. The only place where exceptions become exit codes."""

from __future__ import annotations

import os
import sys

import typer

from quarterdeck.cli import failures
from quarterdeck.cli.verbs import VERBS, build_app, find_verb
from quarterdeck.errors import QuarterdeckError


def run(arguments: list[str]) -> int:
    """Run the command; never raises."""
    debug = "--debug" in arguments
    try:
        return _run([word for word in arguments if word != "--debug"])
    except QuarterdeckError as failure:
        return failures.report_known(failure, debug=debug)
    except typer.TyperException as failure:
        return failures.report_usage(failure.format_message(), _command_of(failure))
    except (KeyboardInterrupt, typer.Abort):
        return failures.EXIT_INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has gone (`| head`): nothing is wrong, and Python must not complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as failure:
        return failures.report_unknown(failure, debug=debug)


def _run(arguments: list[str]) -> int:
    verb = find_verb(arguments)
    if verb is not None and verb not in {known.name for known in VERBS}:
        names = ", ".join(known.name for known in VERBS)
        return failures.report_usage(f"unknown verb {verb!r}; expected one of: {names}", "quarterdeck")
    command = typer.main.get_command(build_app(verb))
    answer = command.main(args=arguments or ["--help"], prog_name="quarterdeck", standalone_mode=False)
    sys.stdout.flush()
    return answer if isinstance(answer, int) else 0


def _command_of(failure: typer.TyperException) -> str:
    context = getattr(failure, "ctx", None)
    return context.command_path if context is not None else "quarterdeck"
