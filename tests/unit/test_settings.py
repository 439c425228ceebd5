"""Settings: who wins over whom, what is refused and how it is named, what is documented, what is never shown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from quarterdeck.errors import BadFile, BadSetting
from quarterdeck.settings import Settings, describe, markdown

REFERENCE = Path(__file__).parents[2] / "docs" / "reference" / "settings.md"


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No quarterdeck.toml of the checkout reaches a test."""
    monkeypatch.chdir(tmp_path)


def write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_defaults() -> None:
    settings = Settings.load(env={})
    assert (settings.serve.host, settings.serve.api_port) == ("127.0.0.1", 4320)
    assert (settings.serve.otlp_http_port, settings.serve.otlp_grpc_port) == (4318, 4317)
    assert settings.serve.project == "default"
    assert {shown.source for shown in settings.shown()} == {"default"}


def test_flag_over_environment_over_file_over_default(tmp_path: Path) -> None:
    file = write(tmp_path / "q.toml", '[serve]\nhost = "::1"\napi_port = 1\notlp_http_port = 1\notlp_grpc_port = 1\n')
    env = {"QUARTERDECK_SERVE__API_PORT": "2", "QUARTERDECK_SERVE__OTLP_HTTP_PORT": "2"}
    settings = Settings.load(file, {"serve.api_port": 3, "serve.host": None}, env)
    assert settings.serve.host == "::1"
    assert settings.serve.otlp_grpc_port == 1
    assert settings.serve.otlp_http_port == 2
    assert settings.serve.api_port == 3
    assert settings.serve.project == "default"
    sources = {shown.name: shown.source for shown in settings.shown()}
    assert sources["serve.host"] == f"file {file}"
    assert sources["serve.otlp_http_port"] == "environment"
    assert sources["serve.api_port"] == "flag"
    assert sources["serve.project"] == "default"


def test_the_file_is_found_by_argument_variable_or_its_usual_name(tmp_path: Path) -> None:
    write(tmp_path / "quarterdeck.toml", "[serve]\napi_port = 1\n")
    other = write(tmp_path / "other.toml", "[serve]\napi_port = 2\n")
    third = write(tmp_path / "third.toml", "[serve]\napi_port = 3\n")
    assert Settings.load(env={}).serve.api_port == 1
    assert Settings.load(env={"QUARTERDECK_CONFIG": str(other)}).serve.api_port == 2
    assert Settings.load(third, env={"QUARTERDECK_CONFIG": str(other)}).serve.api_port == 3


def test_only_the_environment_handed_over_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUARTERDECK_SERVE__API_PORT", "9")
    assert Settings.load(env={}).serve.api_port == 4320
    assert Settings.load().serve.api_port == 9


def test_settings_are_frozen() -> None:
    settings = Settings.load(env={})
    with pytest.raises(ValidationError, match="frozen"):
        settings.serve.api_port = 1
    with pytest.raises(ValidationError, match="frozen"):
        settings.serve = settings.serve


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[serv]\nhost = 'x'", ["no room 'serv'", "did you mean serve?"]),
        ("[serve]\napi_prot = 1", ["no setting serve.api_prot", "did you mean serve.api_port?"]),
        ("serve = 3", ["serve is 3", "expected a table", "below [serve]"]),
        ("[serve\nhost = 1", ["is not TOML", "line 1"]),
        ("[serve]\napi_port = 70000", ["serve.api_port", "q.toml", "70000", "less than or equal to 65535"]),
        ("[serve]\napi_port = 'many'", ["serve.api_port", "'many'", "valid integer"]),
    ],
)
def test_a_bad_file_is_named_with_what_was_expected(tmp_path: Path, text: str, words: list[str]) -> None:
    with pytest.raises((BadFile, BadSetting)) as caught:
        Settings.load(write(tmp_path / "q.toml", text), env={})
    for word in [*words, "q.toml"]:
        assert word in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match=r"missing\.toml: cannot be read: No such file"):
        Settings.load(tmp_path / "missing.toml", env={})


def test_a_variable_nobody_knows_is_named_with_its_neighbour() -> None:
    with pytest.raises(BadSetting) as caught:
        Settings.load(env={"QUARTERDECK_SERVE__API_PROT": "1"})
    assert "QUARTERDECK_SERVE__API_PROT" in str(caught.value)
    assert "did you mean QUARTERDECK_SERVE__API_PORT?" in str(caught.value)


def test_a_bad_variable_is_named_with_what_was_expected() -> None:
    with pytest.raises(BadSetting, match=r"QUARTERDECK_SERVE__API_PORT.*found 'many', expected: .*valid integer"):
        Settings.load(env={"QUARTERDECK_SERVE__API_PORT": "many"})
    with pytest.raises(BadSetting, match="JSON"):
        Settings.load(env={"QUARTERDECK_API__ALLOWED_HOSTS": "desk.internal"})


def test_variables_that_other_programs_make_are_left_alone() -> None:
    """Kubernetes sets these for a service named quarterdeck; our own clients use the last two."""
    env = {"QUARTERDECK_PORT_4318_TCP_ADDR": "10.0.0.1", "QUARTERDECK_SERVICE_HOST": "x", "QUARTERDECK_KEY": "qd_x"}
    assert Settings.load(env=env).serve.host == "127.0.0.1"


def test_an_empty_variable_counts_as_not_set() -> None:
    assert Settings.load(env={"QUARTERDECK_SERVE__API_PORT": ""}).serve.api_port == 4320


def test_a_list_comes_as_json() -> None:
    env = {"QUARTERDECK_API__ALLOWED_HOSTS": '["desk.internal"]'}
    assert Settings.load(env=env).api.allowed_hosts == ("desk.internal",)


def test_an_unknown_flag_is_named() -> None:
    with pytest.raises(BadSetting, match=r"serve.api_prot.*did you mean serve.api_port"):
        Settings.load(overrides={"serve.api_prot": 1}, env={})


def test_secrets_are_never_shown() -> None:
    env = {"QUARTERDECK_SQL__URL": "postgresql://u:hunter2@db/x"}
    settings = Settings.load(env=env)
    assert settings.state_url == "postgresql://u:hunter2@db/x"
    assert "hunter2" not in repr(settings)
    assert "hunter2" not in str(settings.shown())
    with pytest.raises(BadSetting) as caught:
        Settings.load(overrides={"sql.url": ["hunter2"]}, env={})
    assert "hunter2" not in str(caught.value)


def test_state_lives_in_the_data_folder_unless_said() -> None:
    settings = Settings.load(overrides={"serve.data_dir": Path("/srv/desk")}, env={})
    assert settings.state_url == "sqlite:////srv/desk/state.db"


def test_every_setting_says_what_it_does() -> None:
    docs = describe()
    assert len({doc.name for doc in docs}) == len(docs) > 20
    for doc in docs:
        assert doc.sentence.endswith("."), doc.name
        assert doc.env == "QUARTERDECK_" + doc.name.upper().replace(".", "__")


def as_variable(name: str, shown: str) -> str:
    """A default as its variable writes it: lists and tables are JSON."""
    room, _, field = name.partition(".")
    default = getattr(getattr(Settings(), room), field)
    return json.dumps(default) if isinstance(default, tuple | list | dict) else shown


def test_every_variable_of_the_reference_is_read() -> None:
    """The default of each setting, given through its own variable, gives the same settings."""
    plain = [doc for doc in describe() if "(" not in doc.default]
    env = {doc.env: as_variable(doc.name, doc.default) for doc in plain}
    settings = Settings.load(env=env)
    assert {(s.name, s.value) for s in settings.shown() if s.source == "environment"} == {
        (doc.name, doc.default) for doc in plain
    }


def test_the_reference_is_up_to_date() -> None:
    assert REFERENCE.read_text(encoding="utf-8") == markdown(), (
        "run: python -m quarterdeck.settings --write docs/reference/settings.md"
    )


@pytest.mark.parametrize(
    "variables",
    [
        {"SLACK": '[{"url": "https://hooks.slack.com/very-secret"}]'},
        {"SLACK": '[{"name": "team", "url": "https://h.example/very-secret"}]', "ROUTES": '{"policy": ["teem"]}'},
        {"EMAIL": '[{"name": "m", "host": "h", "sender": "a@b", "to": ["a@b"], "user": "u", "security": "none", "password": "very-secret"}]'},
        {"PAGERDUTY": '[{"name": "No Name", "routing_key": "very-secret"}]'},
    ],
)  # fmt: skip
def test_a_secret_inside_a_list_is_not_repeated_either(variables: dict[str, str]) -> None:
    with pytest.raises(BadSetting) as caught:
        Settings.load(env={f"QUARTERDECK_NOTIFY__{name}": value for name, value in variables.items()})
    assert "very-secret" not in str(caught.value)
    assert "notify" in str(caught.value)
