"""What the shipped rules find and what they leave alone; the first look misses nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quarterdeck.errors import BadSetting
from quarterdeck.observe.privacy.engine import compile_pattern, to_bytes
from quarterdeck.observe.privacy.names import AFTER_NAME, is_secret_name, literal_end, named_by
from quarterdeck.observe.privacy.options import PrivacyOptions
from quarterdeck.observe.privacy.prefilter import NAME, OWN, Prefilter, literal_trigger, rule_mark
from quarterdeck.observe.privacy.redactor import Redactor
from quarterdeck.observe.privacy.rules import DEFAULT_RULES, NAME_TRIGGER, PERSONAL, SHIPPED

from .secrets import HARMLESS, SECRETS

FOUND = [(rule, text) for rule, texts in SECRETS.items() for text in texts]
SAFE = [(rule, text) for rule, texts in HARMLESS.items() for text in texts]
TRIGGERS = {rule.trigger: rule_mark(number) for number, rule in enumerate(SHIPPED.values())} | {NAME_TRIGGER: NAME}
FILTERS = {native: Prefilter(TRIGGERS, native=native) for native in (True, False)}


def redactor(**settings) -> Redactor:
    options = PrivacyOptions(**settings)
    triggers = {SHIPPED[name].trigger: rule_mark(number) for number, name in enumerate(options.rules)}
    return Redactor(options, lambda text: f"h{len(text)}", Prefilter(triggers, tuple(options.patterns.values())))


@pytest.mark.parametrize(("rule", "text"), FOUND)
def test_each_rule_finds_its_form(rule: str, text: str) -> None:
    noted: list[str] = []
    left = redactor(rules=(rule,)).text(f"before {text} after", noted.append)
    assert noted == [rule]
    assert f"<redacted:{rule}>" in left
    assert left.startswith("before ")
    assert left.endswith(" after")


@pytest.mark.parametrize(("rule", "text"), SAFE)
def test_what_only_looks_so_stays_the_same_object(rule: str, text: str) -> None:
    noted: list[str] = []
    assert redactor(rules=(rule,)).text(text, noted.append) is text
    assert noted == []


def test_every_shipped_rule_has_examples() -> None:
    assert set(SECRETS) == set(SHIPPED)


def test_personal_rules_are_off_until_asked_for() -> None:
    assert set(PrivacyOptions().rules) == set(DEFAULT_RULES)
    assert not {rule.name for rule in PERSONAL} & set(DEFAULT_RULES)


@given(pick=st.sampled_from(FOUND), before=st.binary(max_size=40), after=st.binary(max_size=40))
def test_the_first_look_misses_no_text(pick: tuple[str, str], before: bytes, after: bytes) -> None:
    """Whatever stands around it in a request: protobuf puts any byte there."""
    rule, text = pick
    data = before + to_bytes(text) + after
    mark = rule_mark(list(SHIPPED).index(rule))
    assert FILTERS[True].marks(data) & mark
    assert FILTERS[False].marks(data) & mark


@given(st.binary(max_size=300))
def test_both_engines_of_the_first_look_agree(data: bytes) -> None:
    assert FILTERS[True].marks(data) == FILTERS[False].marks(data)


NAMES = [
    "password",
    "http.request.header.authorization",
    "X-Api-Key",
    "db.credentials",
    "ai.request.headers.cookie",
    "oauth.access_token",
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("follows", [b"\x12\x05", b'": 1', b'\\": 1', b"\x4a\x10", b""])
def test_a_secret_name_is_seen_wherever_it_ends(name: str, follows: bytes) -> None:
    assert is_secret_name(name)
    for prefilter in FILTERS.values():
        assert prefilter.marks(b"\x0a\x07" + name.encode() + follows) & NAME


@pytest.mark.parametrize("name", ["api_key_hash", "gen_ai.usage.input_tokens", "secretary", "password_length", "token"])
def test_names_that_only_contain_such_a_word_stay(name: str) -> None:
    assert not is_secret_name(name)


def test_own_patterns_are_found_by_their_literals() -> None:
    prefilter = Prefilter({}, (r"^Kunde-\d+$", r"(?i)ticket\s*no"))
    assert prefilter.marks(b"\x12\x08Kunde-77\x4a") == OWN
    assert prefilter.marks(b"TICKET  NO 3") == OWN
    assert prefilter.marks(b"nothing of that kind") == 0


def test_a_pattern_without_literals_always_counts_as_maybe() -> None:
    assert Prefilter({}, (r"\d{5}",)).marks(b"no digits") == OWN


def test_own_patterns_and_keyed_rules() -> None:
    clean = redactor(patterns={"customer": r"Kunde-\d+"}, keyed=("customer",))
    noted: list[str] = []
    assert clean.text("an Kunde-4711, Kunde-4711", noted.append) == "an <hash:h10>, <hash:h10>"
    assert noted == ["customer", "customer"]


def test_redacting_twice_changes_nothing_more() -> None:
    clean = redactor(names=("ssn",))
    once = clean.mapping({"password": "x", "ssn": "1", "t": '"api_key": "abc"', "n": {"secret": ["a"]}}, lambda _: None)
    assert once == {
        "password": "<redacted:secret_name>",
        "ssn": "<redacted:own_name>",
        "t": '"api_key": "<redacted:named_secret>"',
        "n": {"secret": "<redacted:secret_name>"},
    }
    assert clean.mapping(once, lambda _: pytest.fail("noted twice")) is once


def test_what_is_no_text_is_left_as_it_is() -> None:
    value = {"flag": True, "n": 3, "f": 0.5, "none": None, "list": [1, 2], "password": None, "has_password": False}
    assert redactor().mapping(value, lambda _: None) is value


def test_lone_surrogates_and_bytes_pass_through() -> None:
    secret = SECRETS["provider_key"][0]
    assert redactor().text(f"\ud800 {secret}", lambda _: None) == "\ud800 <redacted:provider_key>"
    assert redactor().value(b"\xff\xfe" + secret.encode(), lambda _: None).endswith(b"<redacted:provider_key>")


def test_nesting_nobody_follows_goes_as_a_whole() -> None:
    deep: object = "x"
    for _ in range(200):
        deep = [deep]
    assert "<redacted:too_deep>" in repr(redactor().value(deep, lambda _: None))


@pytest.mark.parametrize(
    ("pattern", "said"),
    [("(a", "missing"), ("(?=x)y", "perl"), (r"(a)\1", "escape"), ("x*", "empty text"), ("((a{50}){50}){50}", "")],
)
def test_a_bad_pattern_is_named(pattern: str, said: str) -> None:
    with pytest.raises(BadSetting, match="'mine'") as caught:
        compile_pattern("mine", pattern)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    "settings",
    [
        {"rules": ("emial",)},
        {"patterns": {"Bad Name": "x"}},
        {"patterns": {"email": "x"}},
        {"keyed": ("nothing",)},
        {"patterns": {"p": "("}},
    ],
)
def test_settings_that_cannot_be_are_refused(settings: dict) -> None:
    with pytest.raises(ValueError, match=r"emial|Bad Name|email|nothing|missing"):
        PrivacyOptions(**settings)


def test_own_names_with_a_star() -> None:
    names = named_by(("customer.*", "*.ssn", "Exact"))
    assert [bool(names.match(name)) for name in ("customer.mail", "a.ssn", "exact", "exact2", "ssnx")] == [
        True,
        True,
        True,
        False,
        False,
    ]
    assert literal_end("customer.*") == "customer."
    assert literal_trigger("a.b", AFTER_NAME).startswith("(?i)a\\.b")


def test_the_options_know_the_same_rules_as_the_room() -> None:
    from quarterdeck.observe.privacy import options

    assert tuple(SHIPPED) == options._KNOWN
    assert options._DEFAULT == DEFAULT_RULES
