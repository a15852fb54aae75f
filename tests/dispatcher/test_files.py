from __future__ import annotations

from pathlib import Path

import pytest

from dispatcher import files


@pytest.mark.parametrize("name", ["sql", "templates", "migrations"])
def test_a_folder_is_found(name: str) -> None:
    assert files.folder(name).name == name
    assert any(files.folder(name).iterdir())


def test_an_installed_package_uses_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_PACKAGE", tmp_path / "dispatcher")
    (tmp_path / "sql").mkdir()
    (tmp_path / "dispatcher/_files/sql").mkdir(parents=True)

    assert files.folder("sql") == tmp_path / "dispatcher/_files/sql"


def test_a_folder_that_is_missing_says_what_to_do() -> None:
    with pytest.raises(FileNotFoundError, match="install the package again"):
        files.folder("nowhere")
