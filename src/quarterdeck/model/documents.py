"""Operational nouns as documents, and acts as records of a chain: what is kept of incidents, dispositions, audits, features.

Frozen. A document is how a thing stands now; a record is something that was done, and stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class Document(NamedTuple):
    """`body` is JSON. (project, kind, id) is its identity; `state`, `topic` and `at_ns` are what lists are asked by."""

    project: str
    kind: str
    id: str
    state: str
    topic: str
    at_ns: int
    body: Mapping[str, Any]


class Record(NamedTuple):
    """One act. `hash` covers all other fields and the hash before it, so none can be changed, left out or moved unnoticed.

    `chain` names a chain within a project; `seq` counts from 1; `about` is what the act was about.
    """

    project: str
    chain: str
    seq: int
    at_ns: int
    kind: str
    about: str
    by: str
    body: str
    previous: str
    hash: str


class Head(NamedTuple):
    """Where a chain ends. Noted elsewhere it proves later that nothing was cut off."""

    seq: int
    hash: str
