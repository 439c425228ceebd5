"""An OpenTelemetry Collector configuration (YAML) → its pipelines, processors and exporters.

Refuses: anything that is not the configuration of a collector (BadFile). Values like `${env:NAME}` stay as they are written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from quarterdeck.errors import BadFile

_MEND = "expected a collector's configuration: receivers, processors, exporters and service.pipelines"


@dataclass(frozen=True, slots=True)
class Pipeline:
    """One pipeline of traces: its processors and exporters in order, by full name (`batch/2`)."""

    name: str
    receivers: Sequence[str]
    processors: Sequence[str]
    exporters: Sequence[str]


@dataclass(frozen=True, slots=True)
class Collector:
    """A configuration; maps are by full name, an empty one stands for "no settings"."""

    processors: Mapping[str, Mapping[str, Any]]
    exporters: Mapping[str, Mapping[str, Any]]
    extensions: Mapping[str, Mapping[str, Any]]
    traces: Sequence[Pipeline]


def kind_of(name: str) -> str:
    """The type of a component: `batch` of `batch/2`."""
    return name.partition("/")[0]


def read_collector(text: str, name: str) -> Collector:
    """Raises BadFile with the line of what cannot be read."""
    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        what = getattr(error, "problem", None) or "it is not YAML"
        raise BadFile(name, f"{what}; {_MEND}", line=None if mark is None else mark.line + 1) from error
    if not isinstance(found, dict) or not isinstance(found.get("service"), dict):
        raise BadFile(name, f"no `service` in it; {_MEND}")
    pipelines = found["service"].get("pipelines")
    if not isinstance(pipelines, dict):
        raise BadFile(name, f"no `service.pipelines` in it; {_MEND}")
    traces = [_pipeline(title, body) for title, body in pipelines.items() if kind_of(str(title)) == "traces"]
    if not traces:
        raise BadFile(name, "no pipeline of traces in it", mend="agents send traces: add service.pipelines.traces")
    return Collector(_named(found, "processors"), _named(found, "exporters"), _named(found, "extensions"), traces)


def _named(found: Mapping[str, Any], section: str) -> dict[str, Mapping[str, Any]]:
    body = found.get(section)
    items = body.items() if isinstance(body, dict) else ()
    return {str(name): settings if isinstance(settings, dict) else {} for name, settings in items}


def _pipeline(name: Any, body: Any) -> Pipeline:
    parts = body if isinstance(body, dict) else {}
    return Pipeline(str(name), *(_names(parts.get(part)) for part in ("receivers", "processors", "exporters")))


def _names(value: Any) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else []
