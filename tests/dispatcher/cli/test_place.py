"""Where commands work when POSTBELL_DATABASE_URL is not set: an embedded PostgreSQL."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from dispatcher import embedded
from tests.dispatcher.cli.conftest import Cli

pytestmark = pytest.mark.slow


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Instead of the user's data. Root's server can reach it, unlike pytest's own folders."""
    place = Path(tempfile.mkdtemp(prefix="postbell-test-"))
    place.chmod(0o755)
    monkeypatch.setattr(embedded, "default_folder", lambda: place / "postgres")
    yield place / "postgres"
    shutil.rmtree(place, ignore_errors=True)


def test_without_a_url_the_embedded_server_is_used_and_says_so(bare: Cli, folder: Path) -> None:
    before = bare("stats")
    deployed = bare("deploy", "--json")
    after = bare("stats", "--json")

    line = f"POSTBELL_DATABASE_URL is not set: this is the embedded PostgreSQL in {folder}."
    assert before.exit_code == 5
    assert before.stderr.splitlines()[0] == line
    assert deployed.exit_code == 0, deployed.stderr
    assert after.exit_code == 0, after.stderr
    assert after.stderr == f"{line}\n"


def test_a_running_embedded_server_is_shared(bare: Cli, folder: Path) -> None:
    with embedded.server(folder, keep=True) as server:
        assert bare("deploy").exit_code == 0

        assert bare("stats").exit_code == 0
        assert not server.shared
