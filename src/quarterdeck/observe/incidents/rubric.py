"""The rubric and the duties to report: files, read once and checked whole.

Refuses a rubric that leaves a word of the facts without a value, or has a key that nothing reads.
"""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TypeVar, get_args

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from quarterdeck.errors import BadFile
from quarterdeck.model.incidents import Autonomy, CaughtBy, Domain, HarmType, Magnitude, Reversible, Sureness

RUBRIC_FILE = Path(__file__).with_name("rubric.yaml")
CLOCKS_FILE = Path(__file__).with_name("clocks.yaml")
FILE_BYTES_MAX = 1_000_000

Severity = int
_Document = TypeVar("_Document", bound=BaseModel)


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Longer(_Part):
    """A step from so many hours on."""

    hours: float
    step: float


class Reach(_Part):
    """A step from so many affected on."""

    at_least: float
    step: float


class Few(_Part):
    """A step below so many affected."""

    below: float
    step: float


class Steps(_Part):
    """What makes a harm graver or lighter, in parts of a grade."""

    reversible: dict[Reversible, float]
    autonomy: dict[Autonomy, float]
    caught_by: dict[CaughtBy, float]
    domain: dict[Domain, float]
    undetected: tuple[Longer, ...]
    ongoing: float = Field(ge=0)
    reach: tuple[Reach, ...]
    few: Few
    few_does_not_lighten: tuple[HarmType, ...]


class Validation(_Part):
    """What a control caught before any effect."""

    step: float
    best: Severity


class Minor(_Part):
    """The gravest grade of minor harm, and when it is only recorded."""

    best: Severity
    few_is: Severity
    few_below: float
    often_at: float


class Nothing(_Part):
    """The gravest grade of no harm."""

    best: Severity


class AtLeast(_Part):
    """Serious harm of these types that happened is at least this, whoever many it touched."""

    severity: Severity
    types: tuple[HarmType, ...]


class AtScale(_Part):
    """Harm of these magnitudes at this rate and this often a day is at least this."""

    severity: Severity
    magnitude: tuple[Magnitude, ...]
    rate_at_least: float
    a_day: float


class Unsure(_Part):
    """If unsure, the higher."""

    confidence: Sureness
    step: float


class Action(_Part):
    """What a grade asks for."""

    respond_within_minutes: int | None
    containment: str
    tell: str
    legal: bool


class Rubric(_Part):
    """All of it. `digest` is of the file's bytes, kept with every grade."""

    version: str
    base: dict[Magnitude, Severity]
    hazard: float
    steps: Steps
    most_up: float = Field(ge=0)
    most_down: float = Field(ge=0)
    moves_at: float = Field(gt=0, le=1)
    rate_confidence: float = Field(gt=0, lt=1)
    validation: Validation
    minor: Minor
    none: Nothing
    serious_is_at_least: AtLeast
    at_scale: AtScale
    unsure: Unsure
    actions: dict[Severity, Action]
    digest: str = ""

    @field_validator("base")
    @classmethod
    def _whole(cls, base: dict[Magnitude, Severity]) -> dict[Magnitude, Severity]:
        missing = set(get_args(Magnitude)) - set(base)
        if missing:
            raise ValueError(f"base has no grade for {', '.join(sorted(missing))}")
        return base


class When(_Part):
    """Which facts start a duty; () = any."""

    types: tuple[HarmType, ...]
    domains: tuple[Domain, ...] = ()
    magnitude_at_least: Magnitude
    actual: bool


class Duty(_Part):
    """A duty to report."""

    code: str
    title: str
    hours: float = Field(gt=0)
    starts: str
    when: When


class Duties(_Part):
    """All duties, as of a date."""

    version: str
    clocks: tuple[Duty, ...]


def load_rubric(path: Path | None = None) -> Rubric:
    """The shipped rubric, or a user's. Raises BadFile naming the key that is wrong."""
    return _shipped_rubric() if path is None else _rubric(path)


@cache
def _shipped_rubric() -> Rubric:
    return _rubric(RUBRIC_FILE)


def _rubric(path: Path) -> Rubric:
    data = _read(path)
    rubric = _checked(path, Rubric, data)
    return rubric.model_copy(update={"digest": sha256(data).hexdigest()})


@cache
def load_duties() -> Duties:
    """The shipped duties to report."""
    return _checked(CLOCKS_FILE, Duties, _read(CLOCKS_FILE))


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > FILE_BYTES_MAX:
            raise BadFile(str(path), f"more than {FILE_BYTES_MAX:,} bytes; expected a rubric in YAML")
        return path.read_bytes()
    except OSError as error:
        raise BadFile(str(path), f"cannot be read: {error.strerror}") from error


def _checked(path: Path, kind: type[_Document], data: bytes) -> _Document:
    try:
        return kind.model_validate(yaml.safe_load(data))
    except yaml.YAMLError as error:
        raise BadFile(str(path), f"not YAML: {str(error).splitlines()[0]}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the document"
        raise BadFile(str(path), f"{where}: {first['msg']}") from error
