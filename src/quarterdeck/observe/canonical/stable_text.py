"""A prompt without what changes from request to request: dates, times, ids, addresses.

Two prompts that differ in nothing else are one version. Everything that is looked for begins with a digit or is asked
for first by a plain search, so that a long prompt costs microseconds. Refuses to guess names of people: a prompt that
holds one stays different, and `observe.runs.prompt_churn` notices that.
"""

from __future__ import annotations

import re

MARK = "\x1a"
"""Stands for what was taken out."""

_CLOCK = r"\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?"
_ZONE = r"(?:Z|[+-]\d\d:?\d\d)?"
_MONTH = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sep(?:t(?:ember)?)?|Oct(?:ober)?"
    r"|Nov(?:ember)?|Dec(?:ember)?)\.?"
)
_DAY = r"(?:(?:Mon|Tue|Tues|Wed|Wednes|Thu|Thur|Thurs|Fri|Sat|Satur|Sun)(?:day)?,? )?"

# The first digit stands in front of all branches, so that the engine skips everything else at once.
_NUMBERS = re.compile(
    rf"[0-9](?:\d\d\d-\d\d-\d\d(?:[T ,]{{1,2}}{_CLOCK}{_ZONE})?"
    r"|\d?/\d{1,2}/(?:\d{4}|\d\d)(?![\d/])|\d?\.\d{1,2}\.\d{4}(?!\d)"
    r"|\d?:\d\d(?::\d\d(?:[.,]\d+)?)?(?: ?[AaPp]\.?[Mm])?(?!\d)"
    r"|\d{9,})"
)
_YEAR = re.compile("20[0-9][0-9]")
_WRITTEN_DATE = re.compile(
    rf"{_DAY}(?:{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?,? 20\d\d|\d{{1,2}}(?:st|nd|rd|th|\.)? {_MONTH},? 20\d\d)"
)
_UUID_TAIL = re.compile(r"-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}")
_UUID = re.compile(rf"[0-9A-Fa-f]{{8}}{_UUID_TAIL.pattern}")
_ADDRESS = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")


def stable(text: str) -> str:
    """The text with every such part replaced by a mark. Linear in its length."""
    for anchor, before, after, pattern in _NEAR:
        if anchor.search(text):
            text = _near(text, anchor, before, after, pattern)
    return _NUMBERS.sub(MARK, text)


_NEAR = ((re.compile("@"), 65, 130, _ADDRESS), (_UUID_TAIL, 8, 28, _UUID), (_YEAR, 36, 4, _WRITTEN_DATE))
"""(what is found quickly, characters before and after it, what is replaced there)."""


def _near(text: str, anchor: re.Pattern[str], before: int, after: int, pattern: re.Pattern[str]) -> str:
    """The pattern replaced in the neighbourhood of anchors only: to try it everywhere costs a hundred times as much."""
    parts: list[str] = []
    done = 0
    for found in anchor.finditer(text):
        at = found.start()
        if at >= done:
            start, end = max(done, at - before), at + after
            parts += (text[done:start], pattern.sub(MARK, text[start:end]))
            done = end
    return "".join((*parts, text[done:]))
