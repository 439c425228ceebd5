"""Writes the OpenAPI document that is checked in: `python -m quarterdeck.api.openapi --write`.

A test compares the file with the code, so a changed shape cannot slip in unseen.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from quarterdeck import __version__
from quarterdeck.api.app import bare_api

FILE = Path(__file__).with_name("openapi.json")


def document_text() -> str:
    """The document as checked in: sorted keys, two spaces, so that differences read well."""
    return json.dumps(bare_api(__version__).openapi(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def main(arguments: list[str]) -> int:
    """Print the document, or with `--write` bring the file up to date."""
    if arguments == ["--write"]:
        FILE.write_text(document_text(), encoding="utf-8")
        return 0
    if arguments:
        sys.stderr.write("usage: python -m quarterdeck.api.openapi [--write]\n")
        return 3
    sys.stdout.write(document_text())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
