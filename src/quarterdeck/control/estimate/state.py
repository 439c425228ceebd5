"""What an estimator writes to be loaded again: a line with name and version, then JSON, compressed.

Refuses: bytes of anything else, and versions that it does not know.
"""

from __future__ import annotations

import json
import zlib
from typing import Any

from quarterdeck.errors import BadInput

_NAME = b"quarterdeck-estimates"
VERSION = 1
_MEND = "fit it again from history: quarterdeck estimate fit"


def pack(state: dict[str, Any]) -> bytes:
    """Bytes of a state."""
    text = json.dumps(state, separators=(",", ":"), allow_nan=False)
    return _NAME + b" %d\n" % VERSION + zlib.compress(text.encode(), 6)


def unpack(told: bytes) -> dict[str, Any]:
    """The state of bytes. Raises BadInput naming what was expected."""
    head, _, body = told.partition(b"\n")
    name, _, version = head.partition(b" ")
    if name != _NAME or not version.isdigit():
        raise BadInput("this is not the state of an estimator", mend=_MEND)
    if int(version) != VERSION:
        raise BadInput(f"the estimator's state has version {int(version)}; this release reads {VERSION}", mend=_MEND)
    try:
        state = json.loads(zlib.decompress(body))
    except (zlib.error, ValueError) as error:
        raise BadInput(f"the estimator's state is damaged: {error}", mend=_MEND) from error
    if not isinstance(state, dict):
        raise BadInput("the estimator's state is damaged: expected an object", mend=_MEND)
    return state
