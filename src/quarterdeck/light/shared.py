"""One account for several processes: joins `Admission` to Redis or Valkey, of which neither knows the other.

Refuses: opening a connection before the first call asks for leave.
"""

from __future__ import annotations

from collections.abc import Callable

from quarterdeck.errors import BadInput
from quarterdeck.model.amounts import SharedAmounts


def shared_amounts(url: str, name: str = "default") -> Callable[[str], SharedAmounts]:
    """Give it to `Admission(shared=…)`: processes with the same `url`, `name` and accounts keep one ledger together.

    `url`: `redis://HOST:PORT/DB`, `rediss://…` or `unix://PATH`. Needs the extra `quarterdeck[redis]`. Raises BadInput for
    an address that is none, a name that is empty, or when the package is missing.
    """
    from quarterdeck.store.redis.amounts import RedisAmounts, connect  # noqa: PLC0415 - an extra

    if not name or "{" in name or "}" in name:
        raise BadInput(f"the name of a shared ledger must be a text without braces, got {name!r}")
    connect(url, 1.0).close()
    return lambda account: RedisAmounts(url, f"{name}:{account}")
