"""Every reason for which a span can be refused is documented, and no other is."""

from __future__ import annotations

import re
from pathlib import Path

from quarterdeck.observe.ingest.checks import NOTES
from quarterdeck.observe.ingest.logs import NO_SPAN

RAISED = re.compile(r'PartError\(\s*"(\w+)"')
REFUSED = re.compile(r'Rejection\(\s*span\.project, now_ns, "(\w+)"')
RETURNED = re.compile(r'return "(\w+)", f?"')


def reasons(root: Path) -> set[str]:
    """The words that stand in the code: in what is raised about a part, and in what `fault` answers about a span."""
    room = root / "src/quarterdeck/observe/ingest"
    raised = {word for path in room.glob("*.py") for word in RAISED.findall(path.read_text())}
    refused = set(REFUSED.findall((root / "src/quarterdeck/observe/privacy/door.py").read_text()))
    return raised | refused | {NO_SPAN} | set(RETURNED.findall((room / "checks.py").read_text())) | NOTES


def test_reasons_and_their_reference_agree(root: Path) -> None:
    text = (root / "docs/reference/rejections.md").read_text()
    assert set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)) == reasons(root)
