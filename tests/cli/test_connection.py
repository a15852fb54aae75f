"""Where commands work: the database that is named, or an embedded one that is asked for."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from dispatcher.cli.errors import ExitCode
from dispatcher.db import embedded
from tests.support.cli import COMMANDS, Cli, Command

ASKING = [command for command in COMMANDS if "--embedded" in command.options]
#: Not of every command is it certain that it needs a database.
NEEDED_FOR = {"preview": ("order.paid", "--tenant", "default")}


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Instead of the user's data. Root's server can reach it, unlike pytest's own folders."""
    place = Path(tempfile.mkdtemp(prefix="postbell-test-"))
    place.chmod(0o755)
    monkeypatch.setattr(embedded, "default_folder", lambda: place / "postgres")
    yield place / "postgres"
    shutil.rmtree(place, ignore_errors=True)


@pytest.fixture
def no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    def server(*_: object, **__: object) -> None:
        raise AssertionError("nobody asked for a server")

    monkeypatch.setattr(embedded, "server", server)


@pytest.mark.usefixtures("no_server")
@pytest.mark.parametrize("command", ASKING, ids=str)
def test_without_a_database_a_command_ends_with_a_sentence(
    bare: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: Command
) -> None:
    monkeypatch.setenv("POSTBELL_TOKEN_SECRET", "0123456789abcdef" * 4)
    words = NEEDED_FOR.get(str(command)) or command.words(tmp_path)

    result = bare(*command.path, *words)

    assert result.exit_code == ExitCode.USAGE, result.output
    assert result.stderr.startswith("POSTBELL_DATABASE_URL is not set: ")
    assert "--embedded" in result.stderr
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""


@pytest.mark.usefixtures("no_server")
def test_without_a_database_a_command_names_no_option_that_it_does_not_have(bare: Cli) -> None:
    result = bare("bounce", stdin="")

    assert result.exit_code == os.EX_TEMPFAIL
    assert result.stderr.startswith("POSTBELL_DATABASE_URL is not set: ")
    assert "--embedded" not in result.stderr
    assert result.stderr.endswith("/name.\n")


def test_every_command_that_needs_a_database_may_be_given_an_embedded_one() -> None:
    without = {str(command) for command in COMMANDS} - {str(command) for command in ASKING}

    assert without == {"bounce", "demo", "new event", "vapid", "verbs"}


@pytest.mark.slow
def test_an_embedded_server_is_used_where_it_is_asked_for_and_says_so(
    bare: Cli, folder: Path
) -> None:
    before = bare("stats", "--embedded")
    deployed = bare("deploy", "--embedded", "--json")
    after = bare("stats", "--embedded", "--json")

    line = f"This is the embedded PostgreSQL in {folder}."
    assert before.exit_code == ExitCode.SCHEMA
    assert before.stderr.splitlines()[0] == line
    assert deployed.exit_code == 0, deployed.stderr
    assert after.exit_code == 0, after.stderr
    assert after.stderr == f"{line}\n"
    assert json.loads(after.stdout)["dead_letters"] == []


@pytest.mark.slow
def test_a_running_embedded_server_is_shared(bare: Cli, folder: Path) -> None:
    with embedded.server(folder, keep=True) as server:
        assert bare("deploy", "--embedded").exit_code == 0

        assert bare("stats", "--embedded").exit_code == 0
        assert not server.shared


@pytest.mark.parametrize("wrong", ["postgres//u@h/d", "shop"])
def test_what_is_no_connection_string_is_a_sentence(
    bare: Cli, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    monkeypatch.setenv("POSTBELL_DATABASE_URL", wrong)

    result = bare("stats")

    assert result.exit_code == ExitCode.CONFIGURATION
    assert result.stderr.startswith("POSTBELL_DATABASE_URL is no connection string: ")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("right", "wrong", "why"),
    [
        ("postgres@", "nobody_by_this_name@", 'role "nobody_by_this_name" does not exist'),
        ("/postbell", "/no_such_database", 'database "no_such_database'),
    ],
)
def test_a_login_or_a_database_that_is_not_there_is_a_sentence(
    cli: Cli,
    monkeypatch: pytest.MonkeyPatch,
    database_url: str,
    right: str,
    wrong: str,
    why: str,
) -> None:
    assert right in database_url
    monkeypatch.setenv("POSTBELL_DATABASE_URL", database_url.replace(right, wrong))

    result = cli("stats")

    assert result.exit_code == ExitCode.DATABASE
    assert why in result.stderr
    assert result.stderr.count("\n") == 1
