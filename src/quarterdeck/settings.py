"""All settings in one place: gathers the frozen options of each room; declared there once, checked here at start.

Order: flags win over the environment (`QUARTERDECK_<ROOM>__<NAME>`), which wins over the file (TOML, one table per
room), which wins over the defaults. Refuses: names nobody knows, values that cannot be, and to show a secret.
`python -m quarterdeck.settings --write docs/reference/settings.md` writes the reference.
"""

from __future__ import annotations

import os
import sys
import tomllib
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple, Self, get_args

from pydantic import BaseModel, Field, PrivateAttr, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from quarterdeck.api.options import ApiOptions, ServeOptions
from quarterdeck.control.gateway.options import AdmissionOptions, GatewayOptions
from quarterdeck.control.promises.options import PromiseOptions
from quarterdeck.errors import BadFile, BadSetting
from quarterdeck.observe.alerts.options import AlertOptions
from quarterdeck.observe.incidents.options import IncidentOptions
from quarterdeck.observe.ingest.options import IngestOptions
from quarterdeck.observe.notifiers.options import NotifyOptions
from quarterdeck.observe.oncall.options import OncallOptions
from quarterdeck.observe.outcomes.options import OutcomeOptions
from quarterdeck.observe.pipeline.options import PipelineOptions
from quarterdeck.observe.privacy.options import PrivacyOptions
from quarterdeck.observe.runs.label_options import LabelOptions
from quarterdeck.observe.runs.options import RunOptions
from quarterdeck.observe.sampling.options import SamplingOptions
from quarterdeck.observe.signals.live.options import LiveOptions
from quarterdeck.observe.signals.objectives.options import BurnOptions
from quarterdeck.observe.signals.options import SignalsOptions
from quarterdeck.observe.upkeep.options import RetentionOptions
from quarterdeck.observe.watch.options import WatchOptions
from quarterdeck.probes.options import ProbeOptions
from quarterdeck.store.duckdb.options import DuckDBOptions
from quarterdeck.store.sql.options import SqlOptions

ENV_PREFIX = "QUARTERDECK_"
ENV_CONFIG = "QUARTERDECK_CONFIG"
DEFAULT_FILE = "quarterdeck.toml"
_DELIMITER = "__"
_HIDDEN = "(secret, not shown)"

Layer = dict[str, dict[str, Any]]
"""Room → name → value, from one source."""


class SettingDoc(NamedTuple):
    """One setting as documented. `default` is text; `unit` is "" where a number needs none."""

    name: str
    env: str
    default: str
    unit: str
    sentence: str


class ShownSetting(NamedTuple):
    """One setting in force: its value as text (a secret is hidden) and where it came from."""

    name: str
    value: str
    source: str


class Settings(BaseSettings):
    """Everything that can be set; frozen after the start. Each field is the options of one room."""

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", env_prefix=ENV_PREFIX, env_nested_delimiter=_DELIMITER, env_ignore_empty=True
    )

    serve: ServeOptions = Field(default_factory=ServeOptions)
    ingest: IngestOptions = Field(default_factory=IngestOptions)
    pipeline: PipelineOptions = Field(default_factory=PipelineOptions)
    runs: RunOptions = Field(default_factory=RunOptions)
    labels: LabelOptions = Field(default_factory=LabelOptions)
    outcomes: OutcomeOptions = Field(default_factory=OutcomeOptions)
    sampling: SamplingOptions = Field(default_factory=SamplingOptions)
    privacy: PrivacyOptions = Field(default_factory=PrivacyOptions)
    signals: SignalsOptions = Field(default_factory=SignalsOptions)
    live: LiveOptions = Field(default_factory=LiveOptions)
    burn: BurnOptions = Field(default_factory=BurnOptions)
    watch: WatchOptions = Field(default_factory=WatchOptions)
    alerts: AlertOptions = Field(default_factory=AlertOptions)
    oncall: OncallOptions = Field(default_factory=OncallOptions)
    notify: NotifyOptions = Field(default_factory=NotifyOptions)
    incidents: IncidentOptions = Field(default_factory=IncidentOptions)
    probes: ProbeOptions = Field(default_factory=ProbeOptions)
    retention: RetentionOptions = Field(default_factory=RetentionOptions)
    duckdb: DuckDBOptions = Field(default_factory=DuckDBOptions)
    sql: SqlOptions = Field(default_factory=SqlOptions)
    api: ApiOptions = Field(default_factory=ApiOptions)
    gateway: GatewayOptions = Field(default_factory=GatewayOptions)
    admission: AdmissionOptions = Field(default_factory=AdmissionOptions)
    promises: PromiseOptions = Field(default_factory=PromiseOptions)

    _sources: dict[str, str] = PrivateAttr(default_factory=dict)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the framework's signature
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what `load` hands over: nothing is read behind its back."""
        return (init_settings,)

    @classmethod
    def load(
        cls,
        config_file: Path | None = None,
        overrides: Mapping[str, Any] | None = None,
        env: Mapping[str, str] | None = None,
    ) -> Self:
        """Settings in force. `overrides` maps `room.name` to a flag's value; `env` defaults to the process's own.

        Raises BadFile (unreadable or malformed file, unknown key) and BadSetting (unknown variable or flag, a value
        that cannot be), naming where it was found, what was found and what was expected.
        """
        surroundings = os.environ if env is None else env
        merged: Layer = {}
        sources: dict[str, str] = {}
        for source, layer in _layers(config_file, overrides or {}, surroundings):
            for room, values in layer.items():
                merged.setdefault(room, {}).update(values)
                sources.update({f"{room}.{name}": source for name in values})
        try:
            settings = cls.model_validate(merged)
        except ValidationError as error:
            raise _bad_value(error, sources) from error
        settings._sources.update(sources)
        return settings

    @property
    def state_url(self) -> str:
        """SQLAlchemy address of the operational state: the setting, else `state.db` in the data folder."""
        if self.sql.url is not None:
            return self.sql.url.get_secret_value()
        return f"sqlite:///{self.serve.data_dir / 'state.db'}"

    def shown(self) -> list[ShownSetting]:
        """Every setting in force, in the order of `describe`."""
        return [
            ShownSetting(f"{room}.{name}", _text(getattr(getattr(self, room), name)), self._source(f"{room}.{name}"))
            for room, name, _ in _fields()
        ]

    def _source(self, name: str) -> str:
        return self._sources.get(name, "default")


def describe() -> list[SettingDoc]:
    """Every setting there is, room by room."""
    return [
        SettingDoc(
            name=f"{room}.{name}",
            env=_env_name(f"{room}.{name}"),
            default=_text(field.get_default(call_default_factory=True, validated_data={})),
            unit=_unit(field),
            sentence=field.description or "",
        )
        for room, name, field in _fields()
    ]


def markdown() -> str:
    """docs/reference/settings.md."""
    lines = [_INTRODUCTION]
    for room in Settings.model_fields:
        lines += [
            f"## {room}",
            "",
            _room_sentence(room),
            "",
            "| setting | default | unit | what it does |",
            "|---|---|---|---|",
        ]
        lines += [
            f"| `{doc.name}` | `{doc.default}` | {doc.unit} | {doc.sentence} |"
            for doc in describe()
            if doc.name.startswith(f"{room}.")
        ]
        lines.append("")
    return "\n".join(lines)


def _layers(
    config_file: Path | None, overrides: Mapping[str, Any], env: Mapping[str, str]
) -> Iterator[tuple[str, Layer]]:
    """Weakest first, each with the words that name it."""
    path = _config_path(config_file, env)
    if path is not None:
        yield f"file {path}", _file_layer(path)
    yield "environment", _env_layer(env)
    yield "flag", _flag_layer(overrides)


def _config_path(config_file: Path | None, env: Mapping[str, str]) -> Path | None:
    if config_file is not None:
        return config_file
    if env.get(ENV_CONFIG):
        return Path(env[ENV_CONFIG])
    usual = Path(DEFAULT_FILE)
    return usual if usual.is_file() else None


def _file_layer(path: Path) -> Layer:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadFile(
            str(path), f"cannot be read: {error.strerror}", mend="check --config or QUARTERDECK_CONFIG"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadFile(str(path), f"is not TOML: {error}", mend="docs/reference/settings.md shows the form") from error
    for room, values in document.items():
        if room not in _rooms():
            raise BadFile(str(path), f"no room {room!r}", mend=_nearest(room, list(_rooms())))
        if not isinstance(values, dict):
            raise BadFile(str(path), f"{room} is {values!r}, expected a table", mend=f"write it below [{room}]")
        _check_names(path, room, values)
    return document


def _check_names(path: Path, room: str, values: Mapping[str, Any]) -> None:
    for name in values:
        if name not in _rooms()[room].model_fields:
            raise BadFile(str(path), f"no setting {room}.{name}", mend=_nearest(f"{room}.{name}", _names()))


def _env_layer(env: Mapping[str, str]) -> Layer:
    """Variables with a double underscore are ours to understand; others (as Kubernetes makes them) are left alone."""
    known = {_env_name(name): name for name in _names()}
    for variable in env:
        if variable.startswith(ENV_PREFIX) and _DELIMITER in variable and variable not in known:
            msg = f"the environment variable {variable} sets nothing"
            raise BadSetting(msg, mend=_nearest(variable, list(known)))
    source = EnvSettingsSource(Settings)
    source.env_vars = {name.lower(): env[name] for name in known if env.get(name)}
    try:
        layer: Layer = source()
    except SettingsError as error:
        raise BadSetting(f"environment: {error}", mend='lists are written as JSON: ["a", "b"]') from error
    return layer


def _flag_layer(overrides: Mapping[str, Any]) -> Layer:
    layer: Layer = {}
    for dotted, value in overrides.items():
        if dotted not in _names():
            msg = f"no setting {dotted!r}"
            raise BadSetting(msg, mend=_nearest(dotted, _names()))
        if value is not None:
            room, _, name = dotted.partition(".")
            layer.setdefault(room, {})[name] = value
    return layer


def _bad_value(error: ValidationError, sources: Mapping[str, str]) -> BadSetting:
    """The first complaint, in words. The value of a secret is not repeated."""
    complaint = error.errors(include_url=False)[0]
    name = ".".join(str(part) for part in complaint["loc"][:2])
    secrets = _secret_names()
    hidden = name in secrets or any(secret.startswith(f"{name}.") for secret in secrets)  # a whole room holds them
    found = _HIDDEN if hidden else repr(complaint["input"])
    source = sources.get(name, "default")
    where = f"environment variable {_env_name(name)}" if source == "environment" else source
    msg = f"{_path(complaint['loc'])} ({where}): found {found}, expected: {complaint['msg']}"
    return BadSetting(msg, mend="docs/reference/settings.md lists every setting")


def _path(place: tuple[int | str, ...]) -> str:
    """The place of a value, down to the part of a list that is wrong: burn.objectives[0].quantity."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place).removeprefix(".")


def _rooms() -> dict[str, type[BaseModel]]:
    return {
        room: field.annotation
        for room, field in Settings.model_fields.items()
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)
    }


def _fields() -> Iterator[tuple[str, str, FieldInfo]]:
    for room, options in _rooms().items():
        for name, field in options.model_fields.items():
            yield room, name, field


def _names() -> list[str]:
    return [f"{room}.{name}" for room, name, _ in _fields()]


def _secret_names() -> set[str]:
    return {f"{room}.{name}" for room, name, field in _fields() if _holds_secret(field.annotation)}


def _holds_secret(kind: Any) -> bool:
    """Whether a value of this type may hold a secret, at any depth: receivers of notifications hold their own."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return any(_holds_secret(field.annotation) for field in kind.model_fields.values())
    return kind is SecretStr or any(_holds_secret(part) for part in get_args(kind))


def _env_name(dotted: str) -> str:
    return ENV_PREFIX + dotted.replace(".", _DELIMITER).upper()


def _nearest(found: str, known: list[str]) -> str:
    near = get_close_matches(found, known, n=1)
    return f"did you mean {near[0]}?" if near else f"known are {', '.join(known[:12])}, ..."


def _unit(field: FieldInfo) -> str:
    extra = field.json_schema_extra
    return str(extra.get("unit", "")) if isinstance(extra, dict) else ""


def _text(value: Any) -> str:
    if value is None:
        return "(not set)"
    if isinstance(value, SecretStr):
        return _HIDDEN
    if isinstance(value, tuple | list):
        return ", ".join(str(part) for part in value) or "(none)"
    return str(value)


def _room_sentence(room: str) -> str:
    return (_rooms()[room].__doc__ or "").strip().splitlines()[0]


_INTRODUCTION = """# Settings

Generated by `python -m quarterdeck.settings --write docs/reference/settings.md`.

A flag wins over the environment, the environment over the file, the file over the default. A name that nobody knows is
an error, and so is a value that cannot be; the message says where it was found and what was expected.

- File: TOML, one table per room. `quarterdeck.toml` in the working folder, or `--config FILE`, or `QUARTERDECK_CONFIG`.
- Environment: `QUARTERDECK_<ROOM>__<NAME>`, for example `QUARTERDECK_SERVE__API_PORT=4320`. Lists are JSON. An empty value counts as not set.

```toml
[serve]
host = "127.0.0.1"
api_port = 4320
```

`quarterdeck config show` lists what is in force and where it came from; `quarterdeck config check` only checks.
"""


def main(arguments: list[str]) -> int:
    """Print the reference, or with `--write FILE` bring a file up to date."""
    if arguments[:1] == ["--write"] and len(arguments) == 2:
        Path(arguments[1]).write_text(markdown(), encoding="utf-8")
        return 0
    if arguments:
        sys.stderr.write("usage: python -m quarterdeck.settings [--write FILE]\n")
        return 3
    sys.stdout.write(markdown())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
