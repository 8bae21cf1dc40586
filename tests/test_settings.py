"""Settings: typed, each one described, and a wrong one is answered with the right one."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.settings import Settings, SettingsError, variable

KEY = "a-key-of-more-than-22-characters"


def findings(environment: dict[str, str]) -> str:
    with pytest.raises(SettingsError) as refused:
        Settings.from_env(environment)
    return str(refused.value)


def test_with_nothing_set_everything_stays_on_this_machine() -> None:
    settings = Settings.from_env({})
    assert (settings.host, settings.port, settings.api_key) == ("127.0.0.1", 8000, None)
    assert settings.database_url == "sqlite:///var/hearout.db"


def test_the_database_follows_the_data_folder_unless_it_is_set() -> None:
    assert Settings.from_env({"HEAROUT_DATA_DIR": "/srv/h"}).database_url == "sqlite:////srv/h/hearout.db"
    given = {"HEAROUT_DATA_DIR": "/srv/h", "HEAROUT_DATABASE_URL": "postgresql://db/hearout"}
    assert Settings.from_env(given).database_url == "postgresql://db/hearout"
    assert Settings(data_dir=Path("/srv/h")).overlays_dir == Path("/srv/h/organisations")


def test_an_empty_variable_counts_as_not_set() -> None:
    assert Settings.from_env({"HEAROUT_PORT": "", "HEAROUT_API_KEY": ""}) == Settings()


def test_variables_of_others_are_left_alone() -> None:
    assert Settings.from_env({"PATH": "/bin", "HEAROUT_CHROMIUM": "/usr/bin/chromium"}) == Settings()


def test_a_name_that_is_no_setting_is_answered_with_the_nearest() -> None:
    assert (
        findings({"HEAROUT_PROT": "1"})
        == "HEAROUT_PROT is not a setting of Hearout. Did you mean HEAROUT_PORT?"
    )
    assert "The settings are HEAROUT_ABANDON_AFTER_DAYS" in findings({"HEAROUT_XYZZY": "1"})
    assert "HEAROUT_port" in findings({"HEAROUT_port": "1"})


def test_every_finding_is_told_at_once() -> None:
    told = findings({"HEAROUT_PROT": "1", "HEAROUT_LIMITS": "maybe", "HEAROUT_PORT": "x"}).splitlines()
    assert [line.split(":")[0].split(" ")[0] for line in told] == [
        "HEAROUT_PROT",
        "HEAROUT_PORT",
        "HEAROUT_LIMITS",
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "70000"),
        ("LIMITS", "yes"),
        ("LIMIT_ADDRESS", "many"),
        ("LIMIT_ADDRESS", "0/minute"),
        ("ALLOWED_ORIGINS", "www.example.org"),
        ("ALLOWED_ORIGINS", "https://*.example.org"),
        ("ALLOWED_ORIGINS", "https://example.org/path"),
        ("PACKS_SECONDS", "0"),
        ("LOG_LEVEL", "loud"),
        ("SMTP_SECURITY", "some"),
    ],
)
def test_a_value_that_cannot_be_used_names_its_variable_and_what_was_found(name: str, value: str) -> None:
    told = findings({f"HEAROUT_{name}": value})
    assert told.startswith(f"HEAROUT_{name}: ")
    assert value in told


def test_a_secret_is_never_repeated() -> None:
    assert "hunter2" not in findings({"HEAROUT_API_KEY": "hunter2"})
    settings = Settings.from_env({"HEAROUT_API_KEY": KEY, "HEAROUT_SMTP_PASSWORD": "hunter2"})
    assert KEY not in repr(settings)
    assert "hunter2" not in repr(settings)


def test_origins_are_read_by_commas_or_spaces() -> None:
    given = {"HEAROUT_ALLOWED_ORIGINS": "https://a.example, https://B.example:8443"}
    assert Settings.from_env(given).allowed_origins == ("https://a.example", "https://b.example:8443")


def test_every_setting_says_what_it_does() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, variable(name)
        assert field.description.endswith("."), variable(name)
