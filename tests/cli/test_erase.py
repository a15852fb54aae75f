"""postbell erase, postbell export"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support import given
from tests.support.cli import Cli


@pytest.fixture
def item(database: given.Connection) -> int:
    return given.inbox_item(database)


def test_erase_shows_the_certificate(cli: Cli, database: given.Connection, item: int) -> None:
    result = cli("erase", "u1", "--yes")

    assert result.exit_code == 0, result.stderr
    found = given.value(database, "select id::text from postbell.erasure")
    assert f"Certificate {found}" in result.stdout
    assert "inbox_item" in result.stdout
    assert given.value(database, "select count(*) from postbell.inbox") == 0


def test_erase_in_json(cli: Cli, database: given.Connection, item: int) -> None:
    found = cli.json("erase", "u1", "--yes")

    assert found["removed"] == {"recipient": 1, "inbox_item": 1}
    assert found["completed_at"] is None
    assert found["pseudonym"] == f"erased:{found['id']}"


@pytest.mark.parametrize("words", [[], ["--json"]])
def test_erasing_must_be_meant(
    cli: Cli, database: given.Connection, item: int, words: list[str]
) -> None:
    assert cli("erase", "u1", *words).exit_code != 0
    assert given.value(database, "select count(*) from postbell.inbox") == 1


def test_who_is_not_known_is_erased_only_if_that_is_meant(
    cli: Cli, database: given.Connection
) -> None:
    result = cli("erase", "u12", "--yes")
    assert result.exit_code == 1
    assert "Nobody of this id is known to the tenant: u12 of tenant default." in result.stderr

    assert cli("erase", "u12", "--yes", "--unknown").exit_code == 0


def test_export_gives_out_what_is_held(cli: Cli, database: given.Connection, item: int) -> None:
    held = json.loads(cli("export", "u1").stdout)

    assert [row["id"] for row in held["inbox_item"]] == [item]
    assert held["recipient"][0]["email"] == "u1@example.org"


def test_export_writes_a_file(
    cli: Cli, database: given.Connection, item: int, tmp_path: Path
) -> None:
    file = tmp_path / "u1.json"
    result = cli("export", "u1", "--to", str(file))

    assert result.stdout == ""
    assert json.loads(file.read_text())["recipient"][0]["id"] == "u1"
    assert cli("export", "u1", "--to", str(tmp_path / "no" / "u1.json")).exit_code == 1


def test_of_nobody_nothing_is_given_out(cli: Cli, database: given.Connection) -> None:
    result = cli("export", "nobody")

    assert result.exit_code == 1
    assert "Nothing is held about nobody" in result.stderr


def test_who_was_erased_is_not_given_out(cli: Cli, database: given.Connection) -> None:
    cli("erase", "u1", "--yes")

    result = cli("export", "u1")

    assert result.exit_code == 1
    assert "erased" in result.stderr
