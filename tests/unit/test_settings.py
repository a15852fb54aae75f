"""Settings: read once, each with a description, wrong ones named in a sentence."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from pydantic import SecretStr

from dispatcher import package_data, settings
from dispatcher.settings import VARIABLES, Settings, SettingsError


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.upper().startswith("POSTBELL_"):
            monkeypatch.delenv(name)


def mistakes(monkeypatch: pytest.MonkeyPatch, **variables: str) -> tuple[str, ...]:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as raised:
        Settings.load()
    return raised.value.sentences


def test_nothing_need_be_set() -> None:
    loaded = Settings.load()

    assert loaded.database_url is None
    assert loaded.smtp_url.get_secret_value() == "smtp://127.0.0.1:1025"


def test_every_setting_says_what_it_is_for() -> None:
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert field.description.endswith("."), name


def test_numbers_with_a_dimension_say_their_unit() -> None:
    for name, field in Settings.model_fields.items():
        extra = field.json_schema_extra
        assert isinstance(extra, dict)
        if field.annotation in (int, float) and not name.endswith("_port"):
            assert extra["unit"], name


def test_the_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTBELL_SAFETY_POLL_SECONDS", "0")
    monkeypatch.setenv("POSTBELL_ROUTER_ENABLED", "no")
    monkeypatch.setenv("POSTBELL_HTTP_PORT", "0")

    loaded = Settings.load()

    assert loaded.safety_poll_seconds == 0
    assert not loaded.router_enabled
    assert loaded.http_port == 0


def test_an_empty_variable_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTBELL_DATABASE_URL", "")
    monkeypatch.setenv("POSTBELL_KEEP_DAYS", "")

    loaded = Settings.load()

    assert loaded.database_url is None
    assert loaded.keep_days == 5


def test_an_unknown_variable_is_named_with_the_nearest_known_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = mistakes(monkeypatch, POSTBELL_DATABSE_URL="postgresql://h/d")

    assert found == ("POSTBELL_DATABSE_URL is no setting: did you mean POSTBELL_DATABASE_URL?",)


def test_an_unknown_variable_like_no_other_is_named_too(monkeypatch: pytest.MonkeyPatch) -> None:
    assert mistakes(monkeypatch, POSTBELL_QQ="1") == (
        "POSTBELL_QQ is no setting: docs/reference/settings.md lists them.",
    )


def test_variables_of_the_suite_are_not_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTBELL_TEST_DATABASE_URL", "postgresql://h/d")

    assert Settings.load().database_url is None


def test_all_mistakes_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    found = mistakes(
        monkeypatch,
        POSTBELL_KEEP_DAYS="9",
        POSTBELL_LOG_LEVEL="loud",
        POSTBELL_TEMPLATES="/nowhere/at/all",
        POSTBELL_SMTP="smtp://h",
    )

    assert len(found) == 4
    assert "POSTBELL_KEEP_DAYS should be less than or equal to 6." in found
    assert "POSTBELL_TEMPLATES names /nowhere/at/all, which is not a folder." in found


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("POSTBELL_DATABASE_URL", "postgresql+psycopg://h/d"),
        ("POSTBELL_DATABASE_URL", "postgresql://u:p%zz@h/d"),
        ("POSTBELL_DATABASE_URL", "a database"),
        ("POSTBELL_SMTP_URL", "ftp://h"),
        ("POSTBELL_SMTP_URL", "smtp://h:port"),
        ("POSTBELL_PUBLIC_URL", "example.org"),
        ("POSTBELL_PUBLIC_URL", "https://user@example.org"),
        ("POSTBELL_PUBLIC_URL", "https://example.org/?a=b"),
        ("POSTBELL_SENDER_ADDRESS", "nobody"),
        ("POSTBELL_SENDER_NAME", "A\r\nBcc: b@example.org"),
        ("POSTBELL_BOUNCE_DOMAIN", "a b"),
        ("POSTBELL_EMAIL_CONCURRENCY", "0"),
        ("POSTBELL_SMS_SENDER", "A name too long"),
        ("POSTBELL_SMS_MAX_SEGMENTS", "11"),
        ("POSTBELL_LEASE_SECONDS", "-1"),
        ("POSTBELL_HTTP_PORT", "70000"),
        ("POSTBELL_TOKEN_SECRET", "hunter2"),
        ("POSTBELL_TOKEN_SECRET", f"{'a' * 32},short"),
        ("POSTBELL_ALLOWED_ORIGINS", "https://app.example.org/"),
        ("POSTBELL_ALLOWED_ORIGINS", "*"),
        ("POSTBELL_ALLOWED_ORIGINS", "https://app.example.org, null"),
        ("POSTBELL_TEMPLATES", '["/tmp"'),
        ("POSTBELL_DISPATCHER_ENABLED", "perhaps"),
    ],
)
def test_a_wrong_value_is_one_sentence_that_names_its_variable(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    (sentence,) = mistakes(monkeypatch, **{variable: value})

    assert variable in sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence


@pytest.mark.parametrize(
    "variables",
    [
        {"POSTBELL_DATABASE_URL": "postgresql://u:hunter2%zz@h/d"},
        {"POSTBELL_DATABASE_URL": "host=h password='hunter2"},
        {"POSTBELL_DATABASE_URL": "postgresql+psycopg://u:hunter2@h/d"},
        {"POSTBELL_SMTP_URL": "smtp://u:hunter2@h:99999"},
        {"POSTBELL_SMTP_URL": "mail://u:hunter2@h"},
        {"POSTBELL_TOKEN_SECRET": "hunter2"},
    ],
)
def test_a_mistake_never_shows_the_password(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]
) -> None:
    assert "hunter2" not in "".join(mistakes(monkeypatch, **variables))


def test_no_password_is_in_the_repr_or_in_what_is_shown() -> None:
    made = Settings(
        database_url=SecretStr("postgresql://u:hunter2@h/d"),
        smtp_url=SecretStr("smtps://u:hunter2@mail.example.org"),
        token_secret=(SecretStr("hunter2 hunter2 hunter2 hunter2 hunter2"),),
    )

    assert "hunter2" not in repr(made)
    assert "hunter2" not in str(made)
    assert "hunter2" not in json.dumps(settings.shown(made))
    assert settings.shown(made)["POSTBELL_DATABASE_URL"] == "postgresql://u:***@h/d"


def test_several_secrets_and_origins_are_separated_by_commas(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("POSTBELL_TOKEN_SECRET", f"{'a' * 32}, {'b' * 32}")
    monkeypatch.setenv("POSTBELL_ALLOWED_ORIGINS", "https://a.example,http://[::1]:3000")

    loaded = Settings.load()

    assert loaded.token_secrets == ("a" * 32, "b" * 32)
    assert loaded.allowed_origins == ("https://a.example", "http://[::1]:3000")


def written(kind: str, key: Ed25519PrivateKey | RSAPrivateKey) -> dict[str, str]:
    """A key pair, each half as programs write it, by a name."""
    private, public = PrivateFormat, PublicFormat
    halves = {
        "PKCS8": key.private_bytes(Encoding.PEM, private.PKCS8, NoEncryption()),
        "OpenSSH private": key.private_bytes(Encoding.PEM, private.OpenSSH, NoEncryption()),
        "SPKI": key.public_key().public_bytes(Encoding.PEM, public.SubjectPublicKeyInfo),
        "OpenSSH public": key.public_key().public_bytes(Encoding.OpenSSH, public.OpenSSH),
    }
    return {f"{kind} {name}": half.decode() for name, half in halves.items()}


HALVES = written("Ed25519", Ed25519PrivateKey.generate()) | written(
    "RSA", generate_private_key(65537, 2048)
)


# Named, for a key is another in each process of the suite.
@pytest.mark.parametrize("key", HALVES.values(), ids=HALVES)
def test_half_of_a_key_pair_is_no_secret(monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    for value in (key, f"{'a' * 32},{key}"):
        (sentence,) = mistakes(monkeypatch, POSTBELL_TOKEN_SECRET=value)

        assert sentence.startswith("POSTBELL_TOKEN_SECRET is a key of a key pair or a certificate")
        assert "openssl rand -hex 32" in sentence
        assert key[40:60] not in sentence


def test_a_secret_that_is_no_text_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    (sentence,) = mistakes(monkeypatch, POSTBELL_TOKEN_SECRET=os.fsdecode(b"\xff" * 40))

    assert sentence.startswith("POSTBELL_TOKEN_SECRET is not written in UTF-8")


def test_without_a_secret_nothing_is_signed() -> None:
    assert Settings.load().signer is None


def test_a_process_that_neither_routes_nor_delivers_has_nothing_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (sentence,) = mistakes(
        monkeypatch, POSTBELL_ROUTER_ENABLED="off", POSTBELL_DISPATCHER_ENABLED="off"
    )

    assert "nothing is left to run" in sentence


def test_template_folders_are_ours_and_then_those_that_are_set(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    first.mkdir()
    second.mkdir()
    for value in (f"{first}{os.pathsep}{second}", json.dumps([str(first), str(second)])):
        monkeypatch.setenv("POSTBELL_TEMPLATES", value)

        assert Settings.load().template_folders == (package_data.folder("templates"), first, second)


def test_bounces_return_to_the_domain_that_is_set() -> None:
    assert Settings(bounce_domain="b.example.org").return_path == "bounces+{delivery}@b.example.org"
    assert Settings().return_path == "bounces+{delivery}@{domain}"


def test_the_table_has_a_line_for_every_variable() -> None:
    lines = settings.table().splitlines()

    assert len(lines) == 2 + len(VARIABLES)
    for variable, line in zip(VARIABLES, lines[2:], strict=True):
        assert line.startswith(f"| `{variable}` | ")
        assert line.count(" | ") == 2


def providers_file(folder: Path, text: str) -> str:
    path = folder / "providers.toml"
    path.write_text(text)
    return str(path)


def test_without_a_file_the_mail_server_is_the_only_provider() -> None:
    (entry,) = Settings.load().provider_entries

    assert (entry.name, entry.channel, entry.url) == ("smtp", "email", "smtp://127.0.0.1:1025")


def test_a_file_that_takes_mail_replaces_the_mail_server(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PASSWORD", "hunter2")
    path = providers_file(tmp_path, '[main]\nurl = "smtps://u:${PASSWORD}@relay.example"\n')
    monkeypatch.setenv("POSTBELL_PROVIDERS", path)

    loaded = Settings.load()

    assert [entry.name for entry in loaded.provider_entries] == ["main"]
    assert loaded.names_a_mail_server
    assert "hunter2" not in f"{loaded!r}{settings.shown(loaded)}{loaded.provider_entries!r}"


def test_two_places_that_say_where_mail_goes_are_one_too_many(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = providers_file(tmp_path, '[main]\nurl = "console:"\n')

    assert mistakes(monkeypatch, POSTBELL_PROVIDERS=path, POSTBELL_SMTP_URL="smtp://127.0.0.1") == (
        f"POSTBELL_PROVIDERS: {path} has one for e-mail, and so has POSTBELL_SMTP_URL: keep one.",
    )


def test_mistakes_in_the_file_are_told_beside_the_others(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = providers_file(tmp_path, '[main]\nurl = "${NOT_SET}"\n[b]\nrate = 0\n')

    told = mistakes(monkeypatch, POSTBELL_PROVIDERS=path, POSTBELL_SMTP_ULR="smtp://127.0.0.1")

    assert [sentence.split(":")[0] for sentence in told] == [
        "POSTBELL_SMTP_ULR is no setting",
        "POSTBELL_PROVIDERS",
        "POSTBELL_PROVIDERS",
        "POSTBELL_PROVIDERS",
    ]
    assert "NOT_SET, which is not set." in told[1]
