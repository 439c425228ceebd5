"""A program of the user's own: the input on its stdin or in a file, its exit code and stdout as the answer.

Refuses: a shell. It runs in a process group of its own, so that a time limit ends what it started, too.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from quarterdeck.errors import BadInput
from quarterdeck.model.probes import ProbeCase, ProbeReply
from quarterdeck.probes.targets.limits import Limits

INPUT_FILE = "{input_file}"
LIMITED_EXIT = 75
"""EX_TEMPFAIL of sysexits.h: the program could not run for now, and says nothing about the input."""


class Command:
    """One side. An exit code other than 0 is an error, 75 a rate limit."""

    def __init__(self, argv: Sequence[str], limits: Limits, cwd: str | None = None) -> None:
        self._argv, self._limits, self._cwd = tuple(argv), limits, cwd

    def ask(self, case: ProbeCase) -> ProbeReply:
        """As `ProbeTarget.ask`. Raises BadInput for a program that cannot be started."""
        with tempfile.TemporaryDirectory(prefix="qd-probe-") as folder:
            given, out = Path(folder, "input"), Path(folder, "output")
            given.write_text(case.input, encoding="utf-8", errors="replace")
            argv = [word.replace(INPUT_FILE, str(given)) for word in self._argv]
            code = self._run(argv, given, out)
            if code is None:
                return ProbeReply(ok=False, error_class="timeout")
            size = out.stat().st_size
            if size > self._limits.bytes:
                return ProbeReply(ok=False, error_class="too_long", exit_code=code)
            text = out.read_bytes().decode("utf-8", "replace")
        if code == LIMITED_EXIT:
            return ProbeReply(ok=False, limited=True, exit_code=code)
        return ProbeReply(ok=code == 0, text=text, error_class=None if code == 0 else f"exit_{code}", exit_code=code)

    def _run(self, argv: list[str], given: Path, out: Path) -> int | None:
        """The exit code; None when the time ran out. stdout goes to a file, so that no pipe has to be read."""
        try:
            with given.open("rb") as stdin, out.open("wb") as stdout:
                process = subprocess.Popen(  # noqa: S603 - the words come from settings or the command line, never a shell
                    argv, stdin=stdin, stdout=stdout, stderr=subprocess.DEVNULL, cwd=self._cwd, start_new_session=True
                )
        except (OSError, ValueError) as error:
            raise BadInput(f"{argv[0]} cannot be started: {error}", mend="name a program that is there") from error
        try:
            return process.wait(self._limits.seconds)
        except subprocess.TimeoutExpired:
            return None
        finally:
            # Also after a good end: what it left running would go on beside the next pair.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
