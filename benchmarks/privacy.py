"""What redaction costs on the way in, per span and thread: `python benchmarks/privacy.py` prints JSON.

Figures are the least of many repeats of `time.thread_time`, so a busy machine changes little. Peers are the ways that were
tried for the first look at a request.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from typing import Any

from prometheus_client import CollectorRegistry

from load import Shape, Template
from quarterdeck.app.privacy import privacy_parts
from quarterdeck.observe.canonical import Canonicalizer
from quarterdeck.observe.ingest.decode import Limits, decode
from quarterdeck.observe.privacy import PrivacyOptions
from quarterdeck.observe.privacy.prefilter import Prefilter
from quarterdeck.observe.privacy.rules import NAME_TRIGGER, SECRETS

KEY = b"k" * 32
REPEATS = 30


def least_us(act: Callable[[], Any], spans: int) -> float:
    """Microseconds a span: the least of the repeats."""
    found = []
    for _ in range(REPEATS):
        began = time.thread_time()
        act()
        found.append(time.thread_time() - began)
    return round(min(found) * 1e6 / spans, 2)


def main() -> None:
    template = Template(Shape())
    body = template.body.tobytes()
    n = template.n_spans
    spans = decode(body, "protobuf", "default", Limits(10**7, 10_000), 1).spans
    canonical = Canonicalizer(user_hash_key=KEY)
    pairs = [(canonical.canonicalize(raw), raw) for raw in spans]
    triggers = {rule.trigger: 8 for rule in SECRETS} | {NAME_TRIGGER: 1}
    literals = [
        rb"sk-",
        rb"AKIA",
        rb"ghp_",
        rb"xox",
        rb"eyJ",
        rb"PRIVATE KEY",
        rb"earer ",
        rb"assword",
        rb"secret",
        rb"api_key",
    ]

    def door(**settings: Any) -> Any:
        return privacy_parts(PrivacyOptions(**settings), KEY, CollectorRegistry()).door

    usual, own, off = door(), door(patterns={"customer": r"Kunde-\d+"}), door(capture="off")
    together = re.compile(
        b"|".join(trigger.removeprefix("(?i)").replace(r"\z", r"\Z").encode() for trigger in triggers)
    )
    fast, slow = Prefilter(triggers), Prefilter(triggers, native=False)
    print(
        json.dumps(
            {
                "span_bytes": round(template.bytes_per_span),
                "us_per_span": {
                    "redact, nothing found": least_us(lambda: usual.redact(spans, body, "protobuf"), n),
                    "seal, nothing to do": least_us(lambda: usual.seal(pairs, 0, 0), n),
                    "redact, one own pattern": least_us(lambda: own.redact(spans, body, "protobuf"), n),
                    "redact, every span looked at (JSON)": least_us(lambda: usual.redact(spans, body, "json"), n),
                    "seal, capture off": least_us(lambda: off.seal(pairs, 0, 0), n),
                },
                "first_look_us_per_span": {
                    "hyperscan": least_us(lambda: fast.marks(body), n),
                    "re2": least_us(lambda: slow.marks(body), n),
                    "re": least_us(lambda: together.search(body), n),
                    "bytes.find of ten literals": least_us(lambda: [body.find(word) for word in literals], n),
                },
            },
            indent=2,
        )
    )


if __name__ == "__main__":
    main()
