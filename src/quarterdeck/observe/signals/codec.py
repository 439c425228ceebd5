"""The state of a patrol as bytes: plain values, arrays as they lie in memory, and the few kinds of objects that it has.

Reading makes nothing but these kinds, whatever the bytes say. Refuses: kinds, fields or forms that this version does not
know; the watch then learns again from the store.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec
import numpy as np

_PLAIN = (bool, int, float, str)
Form = list[Any]
"""[tag, ...]: every value is written as one."""


class Codec:
    """Knows `kinds` by name: objects whose state is their fields, and named tuples. `skip`: fields that are given anew."""

    def __init__(self, kinds: Iterable[type], skip: Mapping[type, frozenset[str]]) -> None:
        self._kinds = {kind.__name__: kind for kind in kinds}
        self._skip = {kind.__name__: fields for kind, fields in skip.items()}

    def pack(self, state: Mapping[str, Any]) -> bytes:
        """All values of a state."""
        return msgspec.msgpack.encode({name: self._form(value) for name, value in state.items()})

    def unpack(self, data: bytes) -> dict[str, Any]:
        """The state again. Raises ValueError for what was not written by `pack`."""
        try:
            forms = msgspec.msgpack.decode(data, type=dict[str, list[Any]])
            return {name: self._value(form) for name, form in forms.items()}
        except (msgspec.DecodeError, TypeError, KeyError, IndexError, AttributeError) as error:
            msg = f"not a state of this form: {error}"
            raise ValueError(msg) from error

    def fields(self, kind: str, thing: Any) -> dict[str, Any]:
        """What of an object is written."""
        names = getattr(type(thing), "__slots__", None) or vars(thing)
        return {name: getattr(thing, name) for name in names if name not in self._skip.get(kind, ())}

    def _form(self, value: Any) -> Form:
        if value is None or isinstance(value, bool | int | float | str):
            return ["v", value]
        if isinstance(value, np.ndarray):
            return ["a", value.dtype.str, list(value.shape), np.ascontiguousarray(value).tobytes()]
        if isinstance(value, dict):
            tag = "o" if isinstance(value, OrderedDict) else "d"
            return [tag, [[self._form(key), self._form(one)] for key, one in value.items()]]
        return self._many(value) if isinstance(value, list | tuple | set | deque) else self._object(value)

    def _many(self, value: Any) -> Form:
        kind = type(value).__name__
        if isinstance(value, list | deque) and value and type(value[0]).__name__ in self._kinds:
            rows = list(value)
            if isinstance(rows[0], tuple) and all(type(row) is type(rows[0]) for row in rows):
                maxlen = value.maxlen if isinstance(value, deque) else -1
                columns = [self._column(column) for column in zip(*rows, strict=True)]
                return ["r", maxlen, type(rows[0]).__name__, columns]
        if kind in self._kinds:
            return ["n", kind, [self._form(one) for one in value]]
        if isinstance(value, deque):
            return ["q", value.maxlen, [self._form(one) for one in value]]
        if isinstance(value, set):
            return ["s", [self._form(one) for one in sorted(value)]]
        return ["l" if isinstance(value, list) else "t", [self._form(one) for one in value]]

    def _column(self, values: tuple[Any, ...]) -> Form:
        """One field of many named tuples: arrays as one, plain values as they are."""
        if all(isinstance(one, np.ndarray) and one.shape == values[0].shape for one in values):
            return ["a", self._form(np.array(values))]
        if all(one is None or isinstance(one, _PLAIN) for one in values):
            return ["p", list(values)]
        if all(
            isinstance(one, tuple) and all(part is None or isinstance(part, _PLAIN) for part in one) for one in values
        ):
            return ["t", list(values)]
        if all(isinstance(one, dict) and all(isinstance(part, _PLAIN) for part in one.values()) for one in values):
            return ["p", list(values)]
        return ["f", [self._form(one) for one in values]]

    def _object(self, value: Any) -> Form:
        kind = type(value).__name__
        if kind not in self._kinds:
            msg = f"a state does not hold {kind}"
            raise TypeError(msg)
        return ["k", kind, {name: self._form(one) for name, one in self.fields(kind, value).items()}]

    def _value(self, form: Form) -> Any:
        return _READERS[form[0]](self, form)

    def _read_kind(self, form: Form) -> Any:
        kind: Any = self._kinds[form[1]]
        thing = object.__new__(kind)
        for name, one in form[2].items():
            object.__setattr__(thing, name, self._value(one))
        return thing

    def _read_pairs(self, form: Form) -> list[tuple[Any, Any]]:
        return [(self._value(key), self._value(one)) for key, one in form[1]]

    def _read_all(self, forms: Iterable[Form]) -> Iterable[Any]:
        return (self._value(one) for one in forms)

    def _read_rows(self, form: Form) -> Any:
        kind: Any = self._kinds[form[2]]
        rows = (kind(*row) for row in zip(*(self._read_column(column) for column in form[3]), strict=True))
        return list(rows) if form[1] == -1 else deque(rows, maxlen=form[1])

    def _read_column(self, column: Form) -> Iterable[Any]:
        if column[0] == "a":
            # Each row an array of its own: a view would keep all of them as long as one is used.
            return [row.copy() for row in self._value(column[1])]
        if column[0] == "t":
            return [tuple(one) for one in column[1]]
        return column[1] if column[0] == "p" else [self._value(one) for one in column[1]]

    def _read_tuple(self, form: Form) -> Any:
        kind: Any = self._kinds[form[1]]
        return kind(*self._read_all(form[2]))


_READERS: Mapping[str, Callable[[Any, Form], Any]] = {
    "v": lambda _, form: form[1],
    "a": lambda _, form: np.frombuffer(form[3], dtype=np.dtype(form[1])).reshape(form[2]).copy(),
    "l": lambda codec, form: list(codec._read_all(form[1])),
    "t": lambda codec, form: tuple(codec._read_all(form[1])),
    "s": lambda codec, form: set(codec._read_all(form[1])),
    "q": lambda codec, form: deque(codec._read_all(form[2]), maxlen=form[1]),
    "d": lambda codec, form: dict(codec._read_pairs(form)),
    "o": lambda codec, form: OrderedDict(codec._read_pairs(form)),
    "n": Codec._read_tuple,
    "r": Codec._read_rows,
    "k": Codec._read_kind,
}


def graft(target: Any, source: Any) -> None:
    """Give `target` the fields of `source`, an object of its kind that was read; what was not written stays as it is."""
    names = getattr(type(source), "__slots__", None) or vars(source)
    for name in names:
        if not hasattr(source, name):
            continue
        mine, read = getattr(target, name, None), getattr(source, name)
        if is_object(mine) and type(mine) is type(read):
            graft(mine, read)
        else:
            setattr(target, name, read)


def is_object(value: Any) -> bool:
    """Whether a value has fields that can be given one by one."""
    return type(value).__module__.startswith("quarterdeck.") and not isinstance(value, tuple)
