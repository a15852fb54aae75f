"""The built wheel, installed where nothing else is, has all it needs."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

DEPLOY = """
from dispatcher.db import embedded
from dispatcher import package_data
from dispatcher.deploy import schema
from dispatcher.rendering.catalog import Catalog
events = Catalog.load([package_data.folder("templates")]).events.values()
with embedded.server(keep=False) as server:
    print(schema.deploy(server.url, events=events).events)
"""


def run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run(
        [str(word) for word in command],
        check=False,
        cwd=cwd,
        env={
            name: value
            for name, value in os.environ.items()
            if name not in {"PYTHONPATH", "VIRTUAL_ENV", "POSTBELL_DATABASE_URL"}
        }
        | {"HOME": str(cwd)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation"]
    run(*build, "--outdir", folder, ROOT, cwd=folder)
    [built] = folder.glob("postbell-*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin folder of an environment with the pinned requirements and the wheel."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder / "venv", with_pip=True)
    binaries = folder / "venv/bin"
    pip: list[str | Path] = [
        binaries / "python",
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
    ]
    run(*pip, "--require-hashes", "--requirement", ROOT / "requirements.txt", cwd=folder)
    run(*pip, "--no-deps", wheel, cwd=folder)
    return binaries


def test_the_wheel_carries_every_folder(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()

    for folder in ("sql", "templates", "migrations"):
        here = {
            f"dispatcher/_files/{path.relative_to(ROOT)}"
            for path in (ROOT / folder).rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        }
        assert here <= set(names)
    assert not [name for name in names if name.startswith("tests/")]


def test_an_installed_postbell_has_what_it_needs_to_deploy(installed: Path, tmp_path: Path) -> None:
    told = run(installed / "python", "-W", "error", "-c", DEPLOY, cwd=tmp_path)

    assert int(told) > 0


def test_its_requirements_are_consistent(installed: Path, tmp_path: Path) -> None:
    told = run(installed / "python", "-m", "pip", "check", cwd=tmp_path)

    assert "No broken requirements" in told
