"""What the pipeline calls: `redact` between decoding and understanding, `seal` between understanding and storing.

Redaction comes first, so that nothing is computed from what may not be kept. User ids and content go after the canonical
form was made: their hashes are facts. A request in which one look finds nothing that concerns a rule passes as it is.
Belongs to the decoding thread; the counts may be read from any.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, TypeVar, cast

from quarterdeck.model.raw import RawEvent, RawSpan, Resource, Scope
from quarterdeck.model.reports import Rejection
from quarterdeck.model.spans import Span
from quarterdeck.observe.privacy.content import ContentKeys, keeps, without_content
from quarterdeck.observe.privacy.counts import Tally
from quarterdeck.observe.privacy.engine import to_bytes
from quarterdeck.observe.privacy.identities import UserIds
from quarterdeck.observe.privacy.names import AFTER_NAME, literal_end
from quarterdeck.observe.privacy.options import PrivacyOptions
from quarterdeck.observe.privacy.prefilter import EVERYTHING, NAME, USER, Prefilter, literal_trigger, rule_mark
from quarterdeck.observe.privacy.redactor import Note, Redactor
from quarterdeck.observe.privacy.rules import NAME_TRIGGER, SHIPPED

__all__ = ["ContentKeys", "Door", "Sealed"]

Origin = TypeVar("Origin", Resource, Scope)
Pair = tuple[Span, RawSpan]
Refuses = Callable[[Span], bool]
"""Whether a span belongs to what was erased."""
ORIGINS_MAX = 1_024
"""Resources and scopes remembered in their redacted form; when full all are forgotten."""


class Sealed(NamedTuple):
    """Pairs as they may be stored, and a rejection for each span that may not."""

    pairs: list[Pair]
    rejections: list[Rejection]


class Door:
    """`keyed_hash` and `user_hash` hash under the data folder's key; `user_hash` reads a value as canonical does."""

    def __init__(
        self,
        options: PrivacyOptions,
        *,
        keyed_hash: Callable[[str], str],
        user_hash: Callable[[Any], str | None],
        user_keys: Sequence[str],
        content: ContentKeys,
        tally: Tally,
        refuses: Refuses = lambda _: False,
        native: bool = True,
    ) -> None:
        self._options = options
        self._prefilter = Prefilter(_triggers(options, user_keys), tuple(options.patterns.values()), native=native)
        self._redactor = Redactor(options, keyed_hash, self._prefilter)
        self._users = UserIds(user_keys, user_hash)
        self._content = content
        self._tally = tally
        self._refuses = refuses
        self._origins: dict[tuple[int, int], tuple[Any, Any]] = {}

    def redact(self, spans: list[RawSpan], body: bytes, encoding: str) -> tuple[list[RawSpan], int]:
        """The spans without secrets, and what the look at the request found (to be given to `seal`)."""
        marks = self.look(body, encoding)
        if not marks & ~USER or not spans:
            return spans, marks
        found: Counter[str] = Counter()
        clean = [self._clean(raw, _noting(found)) for raw in spans]
        if found:
            self._tally.redacted(spans[0].project, found)
        return clean, marks

    def look(self, body: bytes, encoding: str) -> int:
        """What may be in a request. JSON may write any character as an escape, so there everything may be."""
        return EVERYTHING if encoding == "json" else self._prefilter.marks(body)

    def seal(self, pairs: list[Pair], marks: int, now_ns: int) -> Sealed:
        """The pairs with hashed user ids and without content that is not captured; what was erased is refused."""
        if not pairs:
            return Sealed(pairs, [])
        project = pairs[0][0].project
        refuses = self._refuses
        refused = [pair for pair in pairs if refuses(pair[0])]
        rejections = [_refusal(span, now_ns) for span, _ in refused]
        if refused:
            gone = {id(pair) for pair in refused}
            pairs = [pair for pair in pairs if id(pair) not in gone]
        hashed = dropped = 0
        if marks & USER and not self._options.keeps_user_ids(project):
            pairs, hashed = self._without_users(pairs)
        mode, share = self._options.capture_of(project)
        if mode != "on":
            pairs, dropped = self._without_content(pairs, mode, share)
        if hashed or dropped or refused:
            self._tally.sealed(project, hashed=hashed, dropped=dropped, refused=len(refused))
        return Sealed(pairs, rejections)

    # --- redaction

    def _clean(self, raw: RawSpan, note: Note) -> RawSpan:
        if not self._concerns(raw):
            return raw
        redactor = self._redactor
        attributes = redactor.mapping(raw.attributes, note)
        return raw._replace(
            name=redactor.text(raw.name, note),
            status_message=redactor.text(raw.status_message, note),
            trace_state=redactor.text(raw.trace_state, note),
            attributes=attributes,
            events=tuple(self._event(event, note) for event in raw.events),
            links=tuple(link._replace(attributes=redactor.mapping(link.attributes, note)) for link in raw.links),
            resource=self._resource(raw.resource, note),
            scope=self._scope(raw.scope, note),
        )

    def _concerns(self, raw: RawSpan) -> bool:
        """Whether a span of a request that needs a look needs one itself: all its texts and names, looked at together."""
        texts = [raw.name, raw.status_message, raw.trace_state]
        for attributes in _maps(raw):
            _gather(attributes, texts)
        texts += [event.name for event in raw.events]
        texts += (raw.scope.name, raw.scope.version)
        # The quote stands for what follows a name, so that names are found by the triggers that find them in a request.
        return bool(self._prefilter.marks(to_bytes('"\n'.join([*texts, ""]))) & ~USER)

    def _event(self, event: RawEvent, note: Note) -> RawEvent:
        return event._replace(
            name=self._redactor.text(event.name, note), attributes=self._redactor.mapping(event.attributes, note)
        )

    def _resource(self, resource: Resource, note: Note) -> Resource:
        def clean() -> Resource:
            return resource._replace(attributes=self._redactor.mapping(resource.attributes, note))

        return self._remembered(resource, 0, clean)

    def _scope(self, scope: Scope, note: Note) -> Scope:
        def clean() -> Scope:
            return scope._replace(
                name=self._redactor.text(scope.name, note),
                version=self._redactor.text(scope.version, note),
                attributes=self._redactor.mapping(scope.attributes, note),
            )

        return self._remembered(scope, 0, clean)

    def _remembered(self, origin: Origin, stage: int, clean: Callable[[], Origin]) -> Origin:
        """One object for one origin, so that whoever knows origins by identity keeps knowing them."""
        known = self._origins.get((id(origin), stage))
        if known is None:
            if len(self._origins) >= ORIGINS_MAX:
                self._origins.clear()
            cleaned = clean()
            known = self._origins[(id(origin), stage)] = (origin, origin if cleaned == origin else cleaned)
        return cast(Origin, known[1])

    # --- after the canonical form

    def _without_users(self, pairs: list[Pair]) -> tuple[list[Pair], int]:
        sealed = []
        hashed = 0
        for pair in pairs:
            span, raw = pair
            clean = self._users.span(raw, self._resource_without_users(raw.resource))
            hashed += clean is not raw
            sealed.append(pair if clean is raw else (span, clean))
        return sealed, hashed

    def _resource_without_users(self, resource: Resource) -> Resource:
        return self._remembered(resource, 1, lambda: self._users.resource(resource))

    def _without_content(self, pairs: list[Pair], mode: Any, share: float) -> tuple[list[Pair], int]:
        sealed = []
        dropped = 0
        for pair in pairs:
            span, raw = pair
            if keeps(mode, share, span.session_id or span.trace_id):
                sealed.append(pair)
                continue
            dropped += 1
            sealed.append((span, without_content(raw, self._content)))
        return sealed, dropped


def _noting(found: Counter[str]) -> Note:
    def note(rule: str) -> None:
        found[rule] += 1

    return note


def _maps(raw: RawSpan) -> Iterator[dict[str, Any]]:
    """Every attribute map of a span."""
    yield raw.attributes
    yield raw.resource.attributes
    yield raw.scope.attributes
    for event in raw.events:
        yield event.attributes
    for link in raw.links:
        yield link.attributes


def _gather(value: Any, texts: list[str], depth: int = 0) -> None:
    """All names and texts of a value."""
    if isinstance(value, str):
        texts.append(value)
    elif isinstance(value, dict):
        for key, item in value.items():
            texts.append(key)
            _gather(item, texts, depth + 1)
    elif isinstance(value, list | tuple):
        for item in value:
            _gather(item, texts, depth + 1)
    elif isinstance(value, bytes):
        texts.append(value.decode("utf-8", "replace"))


def _refusal(span: Span, now_ns: int) -> Rejection:
    # Neither ids nor the name: they belong to what was erased.
    return Rejection(
        span.project, now_ns, "erased", "a late span of a session, user or trace that was erased on demand"
    )


def _triggers(options: PrivacyOptions, user_keys: Sequence[str]) -> dict[str, int]:
    found = {SHIPPED[name].trigger: rule_mark(number) for number, name in enumerate(options.rules)}
    if options.secret_names:
        found[NAME_TRIGGER] = NAME
    for name in options.names:
        found[literal_trigger(literal_end(name), AFTER_NAME if not name.endswith("*") else "")] = NAME
    if not options.keep_user_ids or options.projects:
        for key in user_keys:
            found[literal_trigger(key, AFTER_NAME)] = USER
    return found
