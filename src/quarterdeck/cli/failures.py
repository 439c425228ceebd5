"""How a failure looks on the command line: one clear line on stderr that ends with the mend, an exit code.

Refuses: a stack trace without `--debug`, and messages of errors that are not showable to a stranger's terminal
are shown all the same: whoever runs the command owns the machine.
"""

from __future__ import annotations

import sys
import traceback

from quarterdeck.errors import QuarterdeckError

EXIT_USAGE = 3
EXIT_OURS = 70
EXIT_INTERRUPTED = 130  # 128 + SIGINT, as shells count it


def report_known(failure: QuarterdeckError, *, debug: bool) -> int:
    """Print a member of the error family; answers its exit code."""
    say(failure.code, failure.message, failure.mend)
    if debug and failure.exit_code == EXIT_OURS:
        traceback.print_exception(failure, limit=-8, file=sys.stderr)
    return failure.exit_code


def report_usage(message: str, command: str) -> int:
    """Print a usage error of `command` (for example "quarterdeck runs show"); answers 3."""
    say("usage", message, f"see `{command} --help`")
    return EXIT_USAGE


def report_unknown(failure: BaseException, *, debug: bool) -> int:
    """Print an exception that nobody foresaw; answers 70."""
    text = str(failure) or type(failure).__name__
    mend = None if debug else "run again with `quarterdeck --debug ...` and report the trace"
    say("internal", f"{type(failure).__name__}: {text}" if text != type(failure).__name__ else text, mend)
    if debug:
        traceback.print_exception(failure, limit=-8, file=sys.stderr)
    return EXIT_OURS


def say(code: str, message: str, mend: str | None) -> None:
    """Write `error[code]: message; mend: ...` on stderr, in one line, so that a log keeps the two together."""
    tail = f"; mend: {_one_line(mend)}" if mend else ""
    sys.stderr.write(f"error[{code}]: {_one_line(message)}{tail}\n")


def _one_line(text: str) -> str:
    return " ".join(text.split())
