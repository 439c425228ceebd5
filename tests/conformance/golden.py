"""Golden spans: what a producer of one version really sends, and what it is in canonical form.

`golden/<producer>_<version>.json` is an OTLP trace request as JSON; `golden/<producer>_<version>.canonical.json` beside
it is what canonical makes of it. `python -m tests.conformance.golden` writes the second from the first (a diff of it
must be looked at by a person), with `--record` also the first, from the producers that `make producers` installs.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from quarterdeck.model.raw import RawSpan
from quarterdeck.observe.canonical import Canonicalizer, conversation
from quarterdeck.observe.ingest.otlp_json import decode_json

FOLDER = Path(__file__).parent / "golden"
KEY = b"a key for golden spans"
LEFT_OUT = frozenset({"project", "mapping_version"})
"""Fields that say nothing about the mapping of one span."""


def names() -> list[str]:
    """Every golden file, without its ending."""
    return sorted(path.stem for path in FOLDER.glob("*.json") if not path.stem.endswith(".canonical"))


def spans(name: str) -> list[RawSpan]:
    """The spans as the way in decodes them."""
    found, rejections = decode_json((FOLDER / f"{name}.json").read_bytes(), "default", 1)
    assert rejections == []
    return found


def canonical(raw: list[RawSpan]) -> dict[str, Any]:
    """What is known of each span, its messages in short, and the keys that nothing reads."""
    canonicalizer = Canonicalizer(user_hash_key=KEY)
    mapped = [canonicalizer.canonicalize(span) for span in raw]
    return {
        "spans": [
            {
                **{key: value for key, value in span._asdict().items() if value is not None and key not in LEFT_OUT},
                "messages": messages(source),
            }
            for span, source in zip(mapped, raw, strict=True)
        ],
        "unmapped": [item.key for item in canonicalizer.drain_unmapped(1)],
    }


def messages(raw: RawSpan) -> dict[str, list[str]]:
    """Role and kinds of the parts of each message: the content itself stays in the raw file."""
    found = conversation(raw)
    return {
        side: [
            " ".join([str(message["role"]), *(str(part["type"]) for part in message["parts"])])
            for message in found[side]
        ]
        for side in ("input", "output")
        if found[side]
    }


def expected(name: str) -> dict[str, Any]:
    """The canonical form on file."""
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.canonical.json").read_text())
    return found


def renew() -> None:
    """Write the canonical form of every golden file anew."""
    for name in names():
        text = json.dumps(canonical(spans(name)), indent=1, ensure_ascii=False, sort_keys=True)
        (FOLDER / f"{name}.canonical.json").write_text(text + "\n")


if __name__ == "__main__":
    if "--record" in sys.argv[1:]:
        from tests.conformance.record import record_all

        record_all(FOLDER)
    renew()
