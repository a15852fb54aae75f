"""The key pair for Web Push, as somebody makes it."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from dispatcher.cli.errors import ExitCode
from dispatcher.providers.base import provider_for
from dispatcher.providers.vapid import VapidKey
from tests.support.cli import Cli


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "vapid.pem"


def test_a_key_is_made_and_its_public_half_is_the_whole_answer(bare: Cli, file: Path) -> None:
    result = bare("vapid", str(file))

    assert result.exit_code == ExitCode.OK
    assert result.stdout == VapidKey.load(file).public + "\n"
    assert f"webpush:?key={file}" in result.stderr
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_what_was_made_is_what_the_provider_takes(bare: Cli, file: Path) -> None:
    bare("vapid", str(file))

    assert provider_for(f"webpush:?key={file}&subject=mailto:ops@shop.example").channel == "push"


def test_a_key_is_not_written_over(bare: Cli, file: Path) -> None:
    first = bare("vapid", str(file)).stdout

    again = bare("vapid", str(file))

    assert again.exit_code == ExitCode.BAD
    assert "--show" in again.stderr
    assert VapidKey.load(file).public + "\n" == first


def test_the_public_half_can_be_shown_again(bare: Cli, file: Path) -> None:
    made = bare.json("vapid", str(file))

    assert made == {"file": str(file), "application_server_key": VapidKey.load(file).public}
    assert bare("vapid", "--show", str(file)).stdout == made["application_server_key"] + "\n"
    assert bare.json("vapid", "--show", str(file)) == made


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["nowhere/vapid.pem"], "nowhere/vapid.pem cannot be written: No such file or directory."),
        (["--show", "nowhere.pem"], "nowhere.pem cannot be read: No such file or directory."),
    ],
)
def test_a_file_out_of_reach_is_one_sentence(bare: Cli, words: list[str], sentence: str) -> None:
    result = bare("vapid", *words)

    assert result.exit_code in (ExitCode.BAD, ExitCode.CONFIGURATION)
    assert result.stderr.strip() == sentence


def test_a_file_with_something_else_in_it_is_one_sentence(bare: Cli, file: Path) -> None:
    file.write_text("s3cret", encoding="utf-8")

    result = bare("vapid", "--show", str(file))

    assert result.exit_code == ExitCode.CONFIGURATION
    assert "no private key in PEM" in result.stderr
    assert "s3cret" not in result.stderr
