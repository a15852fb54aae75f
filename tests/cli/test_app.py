"""The command as a whole: help, version, exit codes, sentences instead of tracebacks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from dispatcher import CONTRACT, __version__
from dispatcher.cli.errors import CommandError, ExitCode
from dispatcher.cli.reports import report_of
from dispatcher.deploy.contract import SchemaError
from tests.support import given
from tests.support.cli import Cli

COMMANDS = (
    "deploy",
    "run",
    "serve",
    "login",
    "demo",
    "check",
    "preview",
    "send",
    "why",
    "retry",
    "stats",
    "vapid",
    "bounce",
)
NOWHERE = "postgresql://u:hunter2@127.0.0.1:1/d"


def test_the_version_names_the_contract(bare: Cli) -> None:
    assert bare("--version").stdout == f"postbell {__version__} (contract {CONTRACT})\n"


def test_help_lists_every_command_and_the_exit_codes(bare: Cli) -> None:
    shown = bare("--help").stdout

    assert all(command in shown for command in COMMANDS)
    assert "Exit codes" in shown


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(bare: Cli, command: str) -> None:
    result = bare(command, "--help")

    assert result.exit_code == ExitCode.OK
    assert "Usage: " in result.stdout


def test_an_unknown_command_is_wrong_usage(bare: Cli) -> None:
    assert bare("sned").exit_code == ExitCode.USAGE


@pytest.mark.parametrize(
    "words",
    [
        ["send", "order.paid", "u1"],
        ["why", "u1"],
        ["retry", "--all"],
        ["stats"],
        ["deploy"],
        ["run"],
    ],
    ids=lambda words: words[0],
)
def test_a_database_out_of_reach_is_one_sentence(
    bare: Cli, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    monkeypatch.setenv("POSTBELL_DATABASE_URL", NOWHERE)

    result = bare(*words)

    assert result.exit_code == ExitCode.DATABASE
    assert result.stderr.startswith("The database cannot be reached: ")
    assert result.stderr.endswith("Check POSTBELL_DATABASE_URL, and whether the server runs.\n")
    assert result.stderr.count("\n") == 1
    assert "hunter2" not in result.stderr


@pytest.mark.parametrize(
    "words", [["send", "order.paid", "u1"], ["why", "u1"], ["retry", "--all"], ["stats"], ["run"]]
)
def test_a_database_without_schema_says_to_deploy(
    bare: Cli, monkeypatch: pytest.MonkeyPatch, empty_url: str, words: list[str]
) -> None:
    monkeypatch.setenv("POSTBELL_DATABASE_URL", empty_url)

    result = bare(*words)

    assert result.exit_code == ExitCode.SCHEMA
    assert "postbell deploy" in result.stderr


def test_a_schema_of_another_contract_is_refused(cli: Cli, database: given.Connection) -> None:
    database.execute(
        "create or replace function postbell.contract() returns integer"
        " language sql immutable return 99"
    )

    result = cli("stats")

    assert result.exit_code == ExitCode.SCHEMA
    assert f"contract 99 and this package contract {CONTRACT}" in result.stderr


def test_wrong_settings_are_a_sentence_each(bare: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTBELL_KEEP_DAYS", "0")
    monkeypatch.setenv("POSTBELL_DATABASEURL", "x")

    result = bare("stats")

    assert result.exit_code == ExitCode.CONFIGURATION
    assert len(result.stderr.splitlines()) == 2
    assert "did you mean POSTBELL_DATABASE_URL?" in result.stderr


def test_templates_that_cannot_be_used_are_named(
    bare: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = tmp_path / "order" / "paid"
    broken.mkdir(parents=True)
    (broken / "email.txt").write_text("{% if %}")
    monkeypatch.setenv("POSTBELL_TEMPLATES", str(tmp_path))

    result = bare("preview", "order.paid")

    assert result.exit_code == ExitCode.CONFIGURATION
    assert "email.txt:1:" in result.stderr


def test_a_missing_privilege_names_the_role(
    cli: Cli, database: given.Connection, monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    login = f"nobody_{os.getpid()}"
    database.execute(f"create role {login} login in role postbell_producer".encode())
    try:
        given.emit(database)
        monkeypatch.setenv("POSTBELL_DATABASE_URL", database_url.replace("postgres@", f"{login}@"))

        assert cli("send", "order.paid", "u1", "--payload", '{"amount": "1"}').exit_code in (0, 1)
        result = cli("stats")
    finally:
        database.execute(f"drop role {login}".encode())

    assert result.exit_code == ExitCode.CONFIGURATION
    assert "postbell_support reads" in result.stderr


def test_a_group_of_expected_failures_is_one_of_them() -> None:
    group = ExceptionGroup("both", [CommandError("It is late."), SchemaError("None.")])

    told = report_of(group)

    assert told is not None
    assert (told.exit_code, told.as_text()) == (ExitCode.BAD, "It is late.")


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("a bug"),
        psycopg.errors.UndefinedColumn("a bug"),
        ExceptionGroup("mixed", [CommandError("It is late."), RuntimeError("a bug")]),
    ],
)
def test_a_mistake_of_ours_is_not_hidden(error: Exception) -> None:
    assert report_of(error) is None


def test_the_console_script_writes_no_traceback_for_an_expected_failure() -> None:
    environment = {**os.environ, "POSTBELL_DATABASE_URL": NOWHERE}

    done = subprocess.run(
        [sys.executable, "-c", "from dispatcher.cli import main; main()", "stats", "--json"],
        check=False,
        capture_output=True,
        text=True,
        env=environment,
        timeout=60,
    )

    assert done.returncode == ExitCode.DATABASE
    assert json.loads(done.stdout)["error"]["code"] == "database"
    assert "Traceback" not in done.stderr
