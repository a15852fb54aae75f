from __future__ import annotations

from pathlib import Path

import pytest

from dispatcher import package_data


@pytest.mark.parametrize("name", ["sql", "templates", "migrations"])
def test_a_folder_is_found(name: str) -> None:
    assert package_data.folder(name).name == name
    assert any(package_data.folder(name).iterdir())


def test_an_installed_package_uses_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package_data, "_PACKAGE", tmp_path / "dispatcher")
    (tmp_path / "sql").mkdir()
    (tmp_path / "dispatcher/_files/sql").mkdir(parents=True)

    assert package_data.folder("sql") == tmp_path / "dispatcher/_files/sql"


def test_a_folder_that_is_missing_says_what_to_do() -> None:
    with pytest.raises(FileNotFoundError, match="install the package again"):
        package_data.folder("nowhere")
