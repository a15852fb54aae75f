"""The built wheel, installed where nothing else is, has all it needs."""

from __future__ import annotations

import os
import re
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
def light(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment of which it was asked for the wheel alone, in pinned versions."""
    folder = tmp_path_factory.mktemp("light")
    venv.create(folder / "venv", with_pip=True)
    pins = folder / "pins.txt"
    pins.write_text(re.sub(r"\[.*?\](?===)", "", (ROOT / "requirements.txt").read_text()))
    found = subprocess.run(
        [
            folder / "venv/bin/python", "-m", "pip", "install", "--quiet",
            "--disable-pip-version-check", "--only-binary=:all:",
            "--constraint", versions_in(pins), wheel,
        ],
        check=False,
        capture_output=True,
        text=True,
    )  # fmt: skip
    assert found.returncode == 0, found.stderr
    return folder / "venv"


def versions_in(pins: Path) -> Path:
    """The versions without their hashes: pip would ask for that of the wheel, too."""
    lines = [line.split(" ;")[0].rstrip(" \\") for line in pins.read_text().splitlines()]
    pins.write_text("\n".join(line for line in lines if re.match(r"[a-z0-9].*==", line)))
    return pins


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
        # Of all that is installed, the tests import a little.
        "--no-compile",
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


def test_an_application_gets_psycopg_and_little_else(light: Path, tmp_path: Path) -> None:
    listed = run(light / "bin/python", "-m", "pip", "list", "--format=freeze", cwd=tmp_path)
    packages = {line.partition("==")[0].lower().replace("_", "-") for line in listed.split()}
    assert packages - {"pip", "setuptools"} == {
        "postbell", "psycopg", "psycopg-binary", "typing-extensions",
    }  # fmt: skip
    [site] = light.glob("lib/python*/site-packages")
    sizes = {
        package.name: sum(file.stat().st_size for file in package.rglob("*") if file.is_file())
        for package in site.iterdir()
        if not package.name.startswith(("pip", "setuptools"))
    }
    # Most of it is psycopg's libpq.
    assert sum(sizes.values()) < 25e6, sizes


def test_an_application_imports_the_verbs_alone(light: Path, tmp_path: Path) -> None:
    told = run(
        light / "bin/python", "-W", "error", "-c",
        "from postbell import notify_order_paid, using; print(notify_order_paid.__module__)",
        cwd=tmp_path,
    )  # fmt: skip
    assert told == "postbell.declared\n"


def test_the_command_without_the_daemon_says_how_to_get_it(light: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [light / "bin/postbell", "deploy"],
        check=False, capture_output=True, text=True, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stdout == ""
    assert "pip install 'postbell[dispatcher]'" in done.stderr


def test_the_wheel_names_the_extras(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as files:
        [metadata] = (name for name in files.namelist() if name.endswith(".dist-info/METADATA"))
        lines = files.read(metadata).decode().splitlines()
    assert [line for line in lines if line.startswith("Provides-Extra")] == [
        f"Provides-Extra: {extra}" for extra in ("dispatcher", "sendgrid", "twilio", "webpush")
    ]
    plain = [line for line in lines if line.startswith("Requires-Dist") and "extra ==" not in line]
    assert plain == ["Requires-Dist: psycopg[binary]>=3.2.10"]
