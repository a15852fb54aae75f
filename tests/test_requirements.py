"""What is installed is pinned, by hash, and from nowhere in particular."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PINNED = ["requirements.txt", "requirements-dev.txt"]
EVERY = [*PINNED, "requirements-browsers.txt", "requirements-docs.txt"]


def pins(file: str) -> dict[str, str]:
    text = (ROOT / file).read_text()
    return dict(re.findall(r"(?m)^([a-z0-9][a-z0-9.-]*)(?:\[[^]]*\])?(==\S+)", text))


def names(requirements: list[str]) -> set[str]:
    return {re.split(r"[^\w.-]", one)[0].lower().replace("_", "-") for one in requirements}


@pytest.mark.parametrize("file", EVERY)
def test_every_line_is_a_pin_a_hash_or_a_comment(file: str) -> None:
    for line in (ROOT / file).read_text().splitlines():
        assert re.match(r"[a-z0-9]\S*==|    --hash=sha256:[0-9a-f]{64}|    #", line), line


@pytest.mark.parametrize("file", EVERY)
def test_every_pin_has_a_hash(file: str) -> None:
    blocks = re.split(r"(?m)^(?=[a-z0-9])", (ROOT / file).read_text())[1:]

    assert blocks
    assert [block for block in blocks if "--hash=sha256:" not in block] == []


def test_what_pyproject_asks_for_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    extras = project["project"]["optional-dependencies"].values()
    wanted = names([*project["project"]["dependencies"], *(one for each in extras for one in each)])

    assert wanted <= set(pins("requirements.txt"))
    assert wanted | names(project["dependency-groups"]["dev"]) <= set(pins("requirements-dev.txt"))


def test_developing_and_running_have_the_same_versions() -> None:
    runtime, developing = (pins(file) for file in PINNED)

    assert {name: developing[name] for name in runtime} == runtime
