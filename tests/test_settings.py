"""Settings come from flags, then the environment, then their defaults; what is wrong is said in a line."""

import pytest

from strongback.settings import Settings, SettingsError, sources


def test_flags_win_over_the_environment_which_wins_over_defaults() -> None:
    environ = {"STRONGBACK_PORT": "4000", "STRONGBACK_HOST": "::1"}
    settings = Settings.load({"port": "5000", "host": None}, environ)
    assert (settings.port, settings.host, settings.dev) == (5000, "::1", False)


def test_every_setting_has_a_variable_of_its_own() -> None:
    names = [source.env for source in sources().values()]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("variable", "value", "text"),
    [
        ("STRONGBACK_PORT", "x", "must be a whole number"),
        ("STRONGBACK_PORT", "65536", "must be from 0 to 65535"),
        ("STRONGBACK_DATABASE", "mysql://x/y", "must look like sqlite:///"),
        ("STRONGBACK_DATABASE", "sqlite:///", "must look like sqlite:///"),
        ("STRONGBACK_DEV", "perhaps", "must be true or false"),
        ("STRONGBACK_LOG_FORMAT", "xml", "must be one of auto, console, json"),
    ],
)
def test_a_value_that_can_not_be_used_names_its_variable(variable: str, value: str, text: str) -> None:
    with pytest.raises(SettingsError, match=text) as caught:
        Settings.load({}, {variable: value})
    assert str(caught.value).startswith(variable)


def test_an_error_in_a_flag_names_the_flag() -> None:
    with pytest.raises(SettingsError, match=r"^--port must be"):
        Settings.load({"port": "-1"}, {})


@pytest.mark.parametrize(("value", "on"), [("true", True), ("TRUE", False), ("1", False), ("", False)])
def test_test_mode_is_exactly_true(value: str, on: bool) -> None:
    assert Settings.load({}, {"TEST_MODE": value}).test_mode is on


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_test_mode_starts_on_loopback(host: str) -> None:
    assert Settings.load({"host": host}, {"TEST_MODE": "true"}).test_mode


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "chat.example.com", ""])
def test_test_mode_is_refused_elsewhere(host: str) -> None:
    with pytest.raises(SettingsError, match="TEST_MODE"):
        Settings.load({"host": host}, {"TEST_MODE": "true"})


def test_the_administrators_password_is_not_in_the_repr() -> None:
    assert "hunter2" not in repr(Settings.load({}, {"ADMIN_PASS": "hunter2"}))


@pytest.mark.parametrize(
    ("url", "path"),
    [("sqlite:///data/a.db", "data/a.db"), ("sqlite:////srv/a.db", "/srv/a.db")],
)
def test_a_path_is_relative_with_three_slashes_and_absolute_with_four(url: str, path: str) -> None:
    assert str(Settings.load({"database": url}, {}).database_path) == path


@pytest.mark.parametrize(
    "url", ["postgresql://me:hunter2@db.example.com:5433/chat", "postgres://db/chat?sslmode=require"]
)
def test_postgresql_has_no_file_and_its_password_is_not_in_the_repr(url: str) -> None:
    settings = Settings.load({}, {"STRONGBACK_DATABASE": url})
    assert settings.database == url
    assert settings.database_path is None
    assert "hunter2" not in repr(settings)


@pytest.mark.parametrize(
    "url", ["postgresql://", "postgresql://host", "postgresql:///", "mysql://h/n", "sqlite:///", "x"]
)
def test_another_database_is_refused(url: str) -> None:
    with pytest.raises(SettingsError, match=r"--database must look like sqlite:///data/strongback\.db"):
        Settings.load({"database": url}, {})


@pytest.mark.parametrize(
    ("value", "on"), [("true", True), ("yes", True), ("TRUE", False), ("1", False), ("", False)]
)
def test_tokens_are_made_for_users_with_true_or_yes_alone(value: str, on: bool) -> None:
    assert Settings.load({}, {"CREATE_TOKENS_FOR_USERS": value}).create_tokens is on


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("{", "must be JSON"),
        ("[]", "must be a JSON object with the texts _id and username"),
        ('{"username":"a"}', "must be a JSON object with the texts _id and username"),
        ('{"_id":"a"}', "must be a JSON object with the texts _id and username"),
        ('{"_id":1,"username":"a"}', "must be a JSON object with the texts _id and username"),
    ],
)
def test_an_initial_user_is_an_object_with_an_id_and_a_name(value: str, text: str) -> None:
    with pytest.raises(SettingsError, match=f"INITIAL_USER {text}"):
        Settings.load({}, {"INITIAL_USER": value})


def test_an_initial_user_may_hold_a_secret_and_is_not_shown() -> None:
    settings = Settings.load({}, {"INITIAL_USER": '{"_id":"a","username":"a","services":{"secret":1}}'})
    assert "secret" not in repr(settings)
    assert Settings.load({}, {"INITIAL_USER": ""}).initial_user == ""
