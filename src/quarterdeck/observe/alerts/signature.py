"""What makes two alerts the same: what is worse, of which runs. Refuses: words. A title may be told in another way tomorrow."""

from __future__ import annotations

from hashlib import blake2b

from quarterdeck.model.signals import Finding, Keys

_SIDE = "worse"
"""All signals are read so that more is worse; the side is part of the signature for the day when one is not."""


def signature_of(finding: Finding) -> str:
    """32 hex digits. All signals of one deploy have the same; other findings of one signal and slice have the same."""
    deploy = finding.deploy
    if deploy is not None:
        return _digest(finding.kind, *_flat(deploy.cohort), deploy.part, deploy.new, _SIDE)
    return _digest(finding.kind, *_flat(finding.where), _SIDE, finding.signal, finding.key)


def alert_id_of(project: str, signature: str, opened_ns: int) -> str:
    """16 hex digits: the same for the same opening, so that a writing that is repeated makes no second alert."""
    return _digest(project, signature, str(opened_ns))[:16]


def _flat(keys: Keys) -> list[str]:
    return [part for name, value in keys for part in (name, "\x00" if value is None else value)]


def _digest(*parts: str) -> str:
    return blake2b("\x1f".join(parts).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
