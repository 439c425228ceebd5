"""The command line: one file per verb, each loaded only when it is called.

A verb's file has `register(app: typer.Typer) -> None`; `verbs.VERBS` lists it. stdout carries the answer (with
`--json` exactly one JSON document), stderr carries progress and errors.
Exit: 0 done, 1 a gate fails, 2 a gate has too little data, 3 bad input or usage, 70 our own fault.
Refuses: to print anything but the answer on stdout, and to show a stack unless `--debug` asks for it.
"""

from __future__ import annotations

import sys
from importlib.util import find_spec

__all__ = ["main"]


def main(argv: list[str] | None = None) -> int:
    """Run the command line with `argv` (default: the process's own arguments); answers the exit code."""
    arguments = sys.argv[1:] if argv is None else argv
    if find_spec("typer") is None:  # the library may be installed without the server
        sys.stderr.write("error[missing_extra]: the command line is not installed\n")
        sys.stderr.write("mend: pip install 'quarterdeck[server]'\n")
        return 3
    from quarterdeck.cli.run import run

    return run(arguments)
