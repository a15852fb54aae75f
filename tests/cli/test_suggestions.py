"""Did you mean …? Whoever mistypes a name is told the nearest one that exists."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dispatcher.cli.suggestions import nearest
from dispatcher.db import deliveries
from tests.support import given
from tests.support.cli import Cli

SECRET = "a secret that the application shares"


@pytest.fixture(autouse=True)
def known(database: given.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """A person, an event and a text; what a link is signed with."""
    given.recipient(database, "ada-lovelace")
    given.event_type(database, "order.moved", default_channels=["email"])
    database.execute(
        "select postbell.set_text(path => 'order/moved/sms.txt', content => 'It moved.')"
    )
    monkeypatch.setenv("POSTBELL_TOKEN_SECRET", SECRET)


@pytest.mark.parametrize(
    ("words", "near"),
    [
        (["sned"], "send"),
        (["text", "shwo"], "show"),
        (["send", "order.mvoed", "u1"], "order.moved"),
        (["send", "order.moved", "ada-lovlace"], "ada-lovelace"),
        (["send", "order.moved", "u1", "--tenant", "defualt"], "default"),
        (["send", "order.moved", "u1", "--channel", "emial"], "email"),
        (["why", "Ada-Lovelace"], "ada-lovelace"),
        (["why", "u1", "--tenant", "defualt"], "default"),
        (["why", "u1", "--event", "order.mvoed"], "order.moved"),
        (["login", "ada-lovlace"], "ada-lovelace"),
        (["erase", "ada-lovlace", "--yes"], "ada-lovelace"),
        (["erase", "u1", "--yes", "--tenant", "defualt"], "default"),
        (["export", "ada-lovlace"], "ada-lovelace"),
        (["export", "u1", "--tenant", "defualt"], "default"),
        (["preview", "order.piad"], "order.paid"),
        (["preview", "order.paid", "--channel", "emial"], "email"),
        (["preview", "order.paid", "--tenant", "defualt"], "default"),
        (["text", "show", "order/paid/emial.html"], "order/paid/email.html"),
        (["text", "rollback", "order/mvoed/sms.txt"], "order/moved/sms.txt"),
        (["text", "list", "--tenant", "defualt"], "default"),
    ],
    ids=lambda each: each if isinstance(each, str) else " ".join(each[:2]),
)
def test_a_mistyped_name_is_an_error_with_the_nearest_one(
    cli: Cli, words: list[str], near: str
) -> None:
    told = cli(*words)

    assert told.exit_code in (1, 2), told.output
    assert f"Did you mean {near}?" in told.stderr.replace("'", "")


@pytest.mark.parametrize("words", [["why", "u1", "--evnt", "x"], ["stats", "--snice", "1d"]])
def test_a_mistyped_option_is_an_error_with_the_nearest_one(cli: Cli, words: list[str]) -> None:
    told = cli(*words)

    assert told.exit_code == 2
    assert "--event" in told.stderr or "--since" in told.stderr


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--event", "order.mvoed"], "There is no event order.mvoed. Did you mean order.moved?"),
        (["--channel", "emial"], "There is no channel emial. Did you mean email?"),
        (["--tenant", "defualt"], "There is no tenant defualt. Did you mean default?"),
    ],
)
def test_a_retry_of_nothing_names_what_may_be_mistyped(
    cli: Cli, words: list[str], sentence: str
) -> None:
    told = cli("retry", *words)

    assert told.exit_code == 0
    assert told.stderr == f"{sentence}\n"


def test_what_would_be_decided_names_what_may_be_mistyped(cli: Cli) -> None:
    for words in (
        ["--event", "order.mvoed", "--payload", "{}"],
        ["--event", "order.moved", "--payload", "{}", "--channel", "emial"],
    ):
        (answer,) = cli.json("why", "u1", *words)
        assert answer["remedy"].startswith("Did you mean ")


def test_json_has_the_nearest_name_in_its_hint(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "email.txt"
    file.write_text("x")
    words = {
        "send": ["order.mvoed", "u1"],
        "why": ["ada-lovlace"],
        "erase": ["ada-lovlace", "--yes"],
        "login": ["ada-lovlace"],
        "preview": ["order.piad"],
        "text show": ["order/paid/emial.txt"],
        "text rollback": ["order/mvoed/sms.txt"],
        "text set": ["order/piad/email.txt", str(file)],
    }

    for command, arguments in words.items():
        error = cli.json(*command.split(), *arguments)["error"]
        assert "Did you mean " in error["hint"], command


def test_a_language_that_an_event_does_not_have_is_said(cli: Cli) -> None:
    told = cli("preview", "order.paid", "--channel", "sms", "--locale", "fx")

    assert told.exit_code == 0
    assert told.stderr == "order.paid has no texts in fx. Its languages are en, ar, fr.\n"
    assert cli("preview", "order.paid", "--channel", "sms", "--locale", "fr-CA").stderr == ""


def test_a_login_that_may_not_read_names_gets_the_error_alone(
    cli: Cli, database: given.Connection, monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    login = f"producer_{os.getpid()}"
    database.execute(f"create role {login} login in role postbell_producer".encode())
    try:
        monkeypatch.setenv("POSTBELL_DATABASE_URL", database_url.replace("postgres@", f"{login}@"))
        told = cli("send", "order.mvoed", "u1")
    finally:
        database.execute(f"drop role {login}".encode())

    assert told.exit_code == 1
    assert told.stderr.startswith("No event of this name is registered: order.mvoed. Add ")


def test_people_are_looked_for_beside_the_id_alone(database: given.Connection) -> None:
    for number in range(1000, 1300):
        given.recipient(database, f"p{number}")

    near = deliveries.recipients_beside(database, "p115x", "default")

    assert (min(near), max(near)) == ("p1060", "p1259")


def test_a_name_that_is_known_or_like_no_other_has_no_nearest() -> None:
    assert nearest("order.paid", ["order.paid"]) == ""
    assert nearest("zebra", ["order.paid"]) == ""
    assert nearest("zebra", []) == ""
