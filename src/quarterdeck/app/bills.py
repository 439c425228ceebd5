"""The last bill of each project, in the data folder: after a restart it is compared again, until the next import.

Refuses: to put a project's name into a file name; it may hold anything.
"""

from __future__ import annotations

from hashlib import blake2b
from pathlib import Path


class BillFolder:
    """One CSV per project under `bills/`; a new one takes the place of the last."""

    def __init__(self, data_dir: Path) -> None:
        self._folder = data_dir / "bills"

    def keep(self, project: str, text: str) -> None:
        """Write it whole or not at all."""
        self._folder.mkdir(exist_ok=True)
        path = self._path(project)
        beside = path.with_suffix(".new")
        beside.write_text(text, encoding="utf-8")
        beside.replace(path)

    def last(self, project: str) -> str | None:
        """The text of the last bill, None without any."""
        try:
            return self._path(project).read_text(encoding="utf-8")
        except FileNotFoundError:
            return None

    def _path(self, project: str) -> Path:
        return self._folder / f"{blake2b(project.encode(), digest_size=16).hexdigest()}.csv"
