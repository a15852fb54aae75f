"""Files that are written from the code and committed, so that a change of them is seen."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import pytest

#: Set to write instead of compare.
WRITE: Final = "POSTBELL_TEST_WRITE_CONTRACT"
ROOT: Final = Path(__file__).parents[2]


def hold(file: Path, now: str) -> None:
    """Compares the file with what it should say; with WRITE set, writes it and skips the test."""
    if os.environ.get(WRITE):
        file.write_text(now, encoding="utf-8")
        pytest.skip(f"{file.name} is written")
    assert now == file.read_text(encoding="utf-8"), (
        f"{file.relative_to(ROOT)} says otherwise. If the contract is meant to change: make"
        " contract, and a line in CHANGELOG.md."
    )
