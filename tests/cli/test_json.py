"""--json: whoever reads standard output finds an answer there, also of a command that failed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from dispatcher.cli import app
from dispatcher.cli.errors import ExitCode
from dispatcher.db import routing
from tests.support import given
from tests.support.cli import COMMANDS, Cli, Command

ANSWERING = [command for command in COMMANDS if "--json" in command.options]


def error_in(stdout: str) -> dict[str, Any]:
    """The one JSON value on standard output."""
    told = json.loads(stdout)
    assert set(told) == {"error"}
    assert set(told["error"]) == {"code", "message", "hint"}
    error: dict[str, Any] = told["error"]
    return error


@pytest.mark.parametrize("command", ANSWERING, ids=str)
def test_wrong_words_are_told_in_json(bare: Cli, tmp_path: Path, command: Command) -> None:
    result = bare(*command.path, *command.words(tmp_path), "--no-such-option", "--json")

    assert result.exit_code == ExitCode.USAGE
    assert error_in(result.stdout)["code"] == "usage"
    assert "--no-such-option" in error_in(result.stdout)["message"]


@pytest.mark.parametrize("words", [["sned"], ["send", "order.paid"], ["text", "shwo", "x"]])
def test_a_command_that_is_not_there_or_not_complete_is_told_in_json(
    bare: Cli, words: list[str]
) -> None:
    result = bare(*words, "--json")

    assert result.exit_code == ExitCode.USAGE
    assert error_in(result.stdout)["code"] == "usage"


@pytest.mark.parametrize("command", [each for each in ANSWERING if str(each) != "vapid"], ids=str)
def test_an_environment_that_cannot_be_used_is_told_in_json(
    bare: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: Command
) -> None:
    monkeypatch.setenv("POSTBELL_NO_SUCH_SETTING", "1")

    result = bare(*command.path, *command.words(tmp_path), "--json")

    assert result.exit_code == ExitCode.CONFIGURATION
    assert error_in(result.stdout)["code"] == "configuration"
    assert error_in(result.stdout)["message"] == result.stderr.strip()


def test_a_file_that_cannot_be_written_is_told_in_json(bare: Cli, tmp_path: Path) -> None:
    result = bare("vapid", str(tmp_path / "no" / "such" / "folder"), "--json")

    assert result.exit_code == ExitCode.BAD
    assert "cannot be written" in error_in(result.stdout)["message"]


@pytest.mark.parametrize(
    "command", [each for each in ANSWERING if "--embedded" in each.options], ids=str
)
def test_a_database_that_cannot_be_had_is_told_in_json(
    bare: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: Command
) -> None:
    monkeypatch.setenv("POSTBELL_TOKEN_SECRET", "0123456789abcdef" * 4)
    words = [*command.path, *command.words(tmp_path)]
    if str(command) == "preview":
        words = ["preview", "order.paid", "--tenant", "default"]

    result = bare(*words, "--json")

    assert result.exit_code == ExitCode.USAGE
    assert error_in(result.stdout)["code"] == "usage"
    assert "POSTBELL_DATABASE_URL" in error_in(result.stdout)["message"]


def test_what_the_schema_refuses_has_the_name_of_its_error(
    cli: Cli, database: given.Connection
) -> None:
    result = cli("send", "no.such_event", "u1", "--json")

    assert result.exit_code == ExitCode.BAD
    error = error_in(result.stdout)
    assert error["code"] == "unknown_event"
    assert "no.such_event" in error["message"]
    assert error["hint"].startswith("Add the event's template folder")
    assert f"{error['message']} {error['hint']}\n" == result.stderr


def test_a_delivery_that_is_no_dead_letter_is_one_answer(
    cli: Cli, database: given.Connection
) -> None:
    result = cli("retry", "1", "--json")

    assert result.exit_code == ExitCode.BAD
    assert "no dead letter" in error_in(result.stdout)["message"]


def test_a_preview_that_fails_says_why(bare: Cli) -> None:
    result = bare("preview", "order.paid", "--payload", "{}", "--json")

    assert result.exit_code == ExitCode.BAD
    assert "order_id" in json.loads(result.stdout)["error"]["message"]


@pytest.mark.parametrize(
    ("error", "code"),
    [(KeyboardInterrupt(), "interrupted"), (RuntimeError("canary-4711"), "internal")],
    ids=["ctrl-c", "a mistake of ours"],
)
@pytest.mark.usefixtures("cli")
def test_an_end_that_nobody_expected_is_told_without_its_data(
    monkeypatch: pytest.MonkeyPatch, error: BaseException, code: str
) -> None:
    def leader(_: object) -> None:
        raise error

    monkeypatch.setattr(routing, "leader", leader)

    result = CliRunner().invoke(app, ["stats", "--json"])

    assert result.exit_code != ExitCode.OK
    assert error_in(result.stdout)["code"] == code
    assert "canary" not in result.stdout


@pytest.mark.parametrize("command", ANSWERING, ids=str)
def test_the_help_says_that_failures_are_json_too(bare: Cli, command: Command) -> None:
    assert "also if it fails" in bare(*command.path, "--help").stdout
