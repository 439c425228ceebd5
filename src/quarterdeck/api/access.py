"""Who may read which project: a key belongs to one project; a loopback server needs none.

The decision is pure (`decide`); `Access` asks the key store for its facts. Refuses: to say whether another
project exists.
"""

from __future__ import annotations

from collections.abc import Mapping

from quarterdeck.api.services import ApiServices
from quarterdeck.api.threads import StoreThreads
from quarterdeck.errors import BadInput, Forbidden, Unauthenticated
from quarterdeck.model.reports import ApiKey

_PROJECT_CHARS_MAX = 200
_MEND = "make a key with `quarterdeck keys create` and send it as `Authorization: Bearer qd_...`"


def secret_of(headers: Mapping[str, str]) -> str | None:
    """The secret that a request carries, None when it carries none. Raises Unauthenticated for another scheme."""
    if own := headers.get("x-api-key"):
        return own.strip()
    written = headers.get("authorization")
    if not written:
        return None
    scheme, _, secret = written.partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        msg = "the Authorization header is not of the form `Bearer qd_...`"
        raise Unauthenticated(msg, mend=_MEND)
    return secret.strip()


def decide(key: ApiKey | None, *, secret_sent: bool, required: bool, named: str | None, default: str) -> str:
    """The project that a request may read.

    Raises Unauthenticated (no key where one is required, or an unknown one), Forbidden (another project than the
    key's), BadInput (a project name that cannot be).
    """
    if named is not None and not (0 < len(named) <= _PROJECT_CHARS_MAX and named.isprintable()):
        msg = f"project: found {named[:60]!r}, expected 1 to {_PROJECT_CHARS_MAX} printable characters"
        raise BadInput(msg)
    if key is not None:
        if named not in (None, key.project):
            msg = f"this key belongs to project {key.project!r} and may not read another"
            raise Forbidden(msg, mend="leave the parameter project out, or use a key of that project")
        return key.project
    if secret_sent:
        msg = "this key is not known or no longer in force"
        raise Unauthenticated(msg, mend=_MEND)
    if required:
        msg = "this server wants a key"
        raise Unauthenticated(msg, mend=_MEND)
    return named or default


class Access:
    """Asks the key store who a secret belongs to."""

    def __init__(self, services: ApiServices, threads: StoreThreads) -> None:
        self._services = services
        self._threads = threads

    async def project(self, headers: Mapping[str, str], named: str | None) -> str:
        """As `decide`. May raise StoreFailed and Overloaded too."""
        secret = secret_of(headers)
        key = None if secret is None else await self._threads.run(lambda: self._services.keys.find_key(secret))
        required = self._services.require_key
        default = self._services.default_project
        return decide(key, secret_sent=secret is not None, required=required, named=named, default=default)
