"""When an answer is a failure. Without a check: an error, or the error class of the run that failed.

A check says what a good answer is; each kind is one function. Refuses: patterns that take more than linear time (RE2 reads
them), and schemas that fetch others.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from quarterdeck.errors import BadInput
from quarterdeck.model.probes import ProbeReply

Check = Callable[[ProbeReply], bool]
"""Answers whether the reply is good."""

_FORMS = {
    "exit_code": ("code",),
    "contains": ("text",),
    "not_contains": ("text",),
    "regex": ("pattern",),
    "json_path": ("path", "equals"),
    "json_schema": ("schema",),
}


def failed(reply: ProbeReply, check: Check | None, error_class: str | None) -> bool:
    """Whether the reply is a failure. `error_class`: of the run that failed, None where it had none."""
    if check is not None:
        # A timeout or an HTTP error is one whatever is checked; an exit code may be what the check is about.
        return not check(reply) if reply.ok or reply.exit_code is not None else True
    return not reply.ok or (error_class is not None and reply.error_class == error_class)


def check_of(spec: Mapping[str, Any] | None) -> Check | None:
    """The check that JSON describes: {"kind": "contains", "text": "..."}. None for None. Raises BadInput."""
    if spec is None:
        return None
    kind = spec.get("kind")
    names = _FORMS.get(kind) if isinstance(kind, str) else None
    if names is None:
        raise BadInput(f"check.kind: found {kind!r}, expected one of {', '.join(_FORMS)}")
    if set(spec) != {"kind", *names}:
        raise BadInput(f"check of kind {kind}: found {', '.join(spec)}, expected kind, {', '.join(names)}")
    return _MAKERS[str(kind)](spec)


def _exit_code(spec: Mapping[str, Any]) -> Check:
    code = spec["code"]
    if not isinstance(code, int) or isinstance(code, bool):
        raise BadInput(f"check.code: found {code!r}, expected a number")
    return lambda reply: reply.exit_code == code


def _contains(spec: Mapping[str, Any]) -> Check:
    text = _text(spec, "text")
    return lambda reply: reply.ok and text in reply.text


def _not_contains(spec: Mapping[str, Any]) -> Check:
    text = _text(spec, "text")
    return lambda reply: reply.ok and text not in reply.text


def _regex(spec: Mapping[str, Any]) -> Check:
    import re2  # noqa: PLC0415 - the library may probe without it

    pattern = _text(spec, "pattern")
    options = re2.Options()
    options.log_errors = False
    try:
        compiled = re2.compile(pattern, options)
    except re2.error as error:
        raise BadInput(f"check.pattern: {pattern!r} is no pattern of RE2") from error
    return lambda reply: reply.ok and compiled.search(reply.text) is not None


def _json_path(spec: Mapping[str, Any]) -> Check:
    steps = _steps(_text(spec, "path"))
    wanted = spec["equals"]

    def check(reply: ProbeReply) -> bool:
        found = _json(reply)
        for step in steps:
            if isinstance(step, int):
                found = found[step] if isinstance(found, list) and step < len(found) else _NOTHING
            else:
                found = found.get(step, _NOTHING) if isinstance(found, dict) else _NOTHING
        # True is 1 in Python, and is not in JSON.
        return found is not _NOTHING and found == wanted and isinstance(found, bool) == isinstance(wanted, bool)

    return check


def _json_schema(spec: Mapping[str, Any]) -> Check:
    import jsonschema  # noqa: PLC0415 - the library may probe without it
    import referencing.exceptions  # noqa: PLC0415

    schema = spec["schema"]
    if not isinstance(schema, dict):
        raise BadInput("check.schema: expected a JSON schema, an object")
    try:
        jsonschema.Draft202012Validator.check_schema(schema)
    except jsonschema.SchemaError as error:
        raise BadInput(f"check.schema is no JSON schema: {error.message[:200]}") from error
    fetches_nothing: referencing.Registry = referencing.Registry()
    validator = jsonschema.Draft202012Validator(schema, registry=fetches_nothing)

    def check(reply: ProbeReply) -> bool:
        document = _json(reply)
        try:
            return document is not _NOTHING and validator.is_valid(document)
        except referencing.exceptions.Unresolvable as error:
            raise BadInput("check.schema refers to another schema, and none is fetched") from error

    return check


_MAKERS: dict[str, Callable[[Mapping[str, Any]], Check]] = {
    "exit_code": _exit_code,
    "contains": _contains,
    "not_contains": _not_contains,
    "regex": _regex,
    "json_path": _json_path,
    "json_schema": _json_schema,
}
_NOTHING = object()


def _text(spec: Mapping[str, Any], name: str) -> str:
    text = spec[name]
    if not isinstance(text, str) or not text:
        raise BadInput(f"check.{name}: found {text!r}, expected a text")
    return text


def _steps(path: str) -> list[str | int]:
    """`$.a.b[0]` or `a.b[0]`: names, and places in lists. Raises BadInput."""
    steps: list[str | int] = []
    for part in path.removeprefix("$").removeprefix(".").split("."):
        name, *places = part.split("[")
        if name:
            steps.append(name)
        for place in places:
            if not place.endswith("]") or not place[:-1].isdecimal():
                raise BadInput(f"check.path: found {path!r}, expected names and places, as in $.items[0].state")
            steps.append(int(place[:-1]))
    return steps


def _json(reply: ProbeReply) -> Any:
    """The answer as JSON, also in a fence of Markdown; _NOTHING where it is none."""
    text = reply.text.strip()
    if text.startswith("```"):
        text = text.partition("\n")[2].rpartition("```")[0]
    try:
        return json.loads(text) if reply.ok else _NOTHING
    except (ValueError, RecursionError):
        return _NOTHING
