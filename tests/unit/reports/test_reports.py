"""Documents as Markdown and HTML: complete, and inert whatever a title says."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.reports import (
    Heading,
    Interval,
    Intervals,
    Items,
    Paragraph,
    Report,
    Table,
    postmortem,
    to_html,
    to_markdown,
)
from quarterdeck.reports.html import POLICY
from quarterdeck.reports.markdown import escaped
from quarterdeck.reports.plain import plain

from .incident import HOSTILE, incident

HEAD = {"seq": 12, "hash": "b" * 64}
TAGS = {
    "html", "head", "meta", "title", "style", "body", "h1", "h2", "h3", "p", "ul", "li", "div", "table", "thead", "tbody", "tr",
    "th", "td", "figure", "figcaption", "svg", "line", "circle", "text",
}  # fmt: skip


class Seen(HTMLParser):
    """The tags, attributes and texts of a file."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.texts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def every_block(text: str) -> Report:
    return Report(
        text,
        (
            Heading(text),
            Paragraph(text),
            Items((text,)),
            Table((text, "b"), ((text, text),)),
            Intervals(text, (Interval(text, 0.3, 0.2, 0.4, 9),)),
        ),
    )


@pytest.mark.parametrize("part", ["al-1", "sev-1", "nobody caught it", "240", "31.0 %", "the probe told it at once", "roll back to v6", "GDPR Art. 33", "b" * 64, "inc-0", "one owner for both prompts", "long orders", "of 212", "no judge runs here", "not known", "9 replays"])  # fmt: skip
def test_a_post_mortem_has_what_the_record_has_in_both_forms(part: str) -> None:
    report = postmortem(incident(), HEAD)
    assert any(part in text for text in Seen(to_html(report)).texts)
    assert escaped(part).lstrip("\\") in to_markdown(report) or part in to_markdown(report)


def test_notes_of_a_kind_have_their_heading_and_others_none() -> None:
    text = to_markdown(postmortem(incident(), HEAD))
    assert text.index("## What went well") < text.rindex("probe told it") < text.index("## What went badly")
    bare = to_markdown(postmortem(incident(timeline=[]), HEAD))
    assert "went well" not in bare
    assert "went badly" not in bare


def test_an_open_incident_is_a_draft_that_says_what_it_lacks() -> None:
    text = to_markdown(
        postmortem(
            incident(
                state="open", severity=None, grades=[], exposure=None, root_cause=None, triage=[], actions=[], clocks=[],
                closed_at=None, to_close=["a grade", "a root cause"], review_required=None, alert_ids=[],
            ),
            None,
        )
    )  # fmt: skip
    assert "A draft: the incident is not closed yet. It lacks a grade, a root cause." in text
    assert "It was not graded." in text
    assert "head is not known" in text


def test_a_hostile_title_is_text_in_html() -> None:
    seen = Seen(to_html(postmortem(incident(HOSTILE), HEAD)))
    assert seen.tags <= TAGS
    assert not seen.attributes & {"href", "src", "onerror", "onload", "xlink:href"}
    assert any("<script>alert(1)</script>" in text for text in seen.texts)
    assert "default-src 'none'" in POLICY


def test_a_hostile_title_is_text_in_markdown() -> None:
    text = to_markdown(postmortem(incident(HOSTILE), HEAD))
    assert "<script" not in text
    assert "](" not in text.replace("\\](", "")
    assert "http://" not in text
    assert "\u202e" not in text
    assert "\\[U+202E\\]" in text
    first, second, *_ = text.split("\n")
    assert first.startswith("# Post-mortem: &lt;script&gt;")
    assert second == ""


@given(st.text(max_size=60))
def test_no_text_becomes_a_tag_or_a_line_of_its_own(text: str) -> None:
    assert Seen(to_html(every_block(text))).tags <= TAGS
    made = to_markdown(every_block(text))
    assert made.count("\n") == to_markdown(every_block("a")).count("\n")
    assert "<" not in made
    unescaped = made.replace("\\\\", "").replace("\\|", "").split("\n")
    assert {line.count("|") for line in unescaped if line.startswith("| ")} <= {3, 5}


def test_what_is_not_seen_is_shown_by_its_number_and_letters_of_any_script_stay() -> None:
    assert plain("a\u202eb\x00c\u200bd") == "a[U+202E]b[U+0000]c[U+200B]d"
    assert plain("שלום  नमस्ते\n日本") == "שלום नमस्ते 日本"


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("1. first", "&#49;. first"),
        ("- item", "\\- item"),
        ("see http://a.test or www.b.test or c@d.test", "see http\\://a.test or www\\.b.test or c\\@d.test"),
        ("a & b <i>", "a &amp; b &lt;i&gt;"),
        ("`code` *b* [l](u)", "\\`code\\` \\*b\\* \\[l\\](u)"),
    ],
)
def test_markdown_is_escaped(text: str, want: str) -> None:
    assert escaped(text) == want


def test_the_scale_ends_above_the_largest_bound() -> None:
    page = to_html(Report("t", (Intervals("c", (Interval("x", 0.31, 0.25, 0.38, 212),)),)))
    assert ">40%<" in page
    assert ">31.0% of 212<" in page
