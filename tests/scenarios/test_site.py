"""The manual as `make docs` builds it: no broken link, a search, and pages for language models."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
from fnmatch import fnmatch
from pathlib import Path
from typing import cast

import pytest

from tests.support.manual import ROOT

GENERATOR = Path(sys.executable).parent / "zensical"

PAGES = sorted(str(page.relative_to(ROOT / "docs")) for page in (ROOT / "docs").rglob("*.md"))
built = pytest.mark.skipif(not GENERATOR.exists(), reason="zensical is not installed: make docs")


def build(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [GENERATOR, "build", "--clean", "--strict"],
        check=False, cwd=folder, capture_output=True, text=True, timeout=60,
    )  # fmt: skip


@pytest.fixture
def manual(tmp_path: Path) -> Path:
    """A folder with the manual's sources."""
    shutil.copy(ROOT / "zensical.toml", tmp_path)
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    return tmp_path


@pytest.mark.slow
@built
def test_the_site_has_every_page_as_html_and_as_markdown(manual: Path) -> None:
    done = build(manual)

    assert done.returncode == 0, done.stdout + done.stderr
    site = manual / "site"
    assert [page for page in PAGES if not (site / page).with_suffix(".html").exists()] == []
    assert [page for page in PAGES if not (site / page).exists()] == []
    listed = set(re.findall(r"\(<(.*?)>\)", (site / "llms.txt").read_text("utf-8")))
    assert listed == set(PAGES)
    assert len(json.loads((site / "search.json").read_text("utf-8"))["items"]) > len(PAGES)


@pytest.mark.slow
@built
def test_the_site_asks_no_other_address(manual: Path) -> None:
    build(manual)

    for page in (manual / "site").rglob("*.html"):
        loaded = re.findall(r'(?:src|<link[^>]* href)="(https?://[^"]*)"', page.read_text("utf-8"))
        assert loaded == [], page.name


@pytest.mark.slow
@built
def test_a_broken_link_fails_the_build(manual: Path) -> None:
    page = manual / "docs" / "limits.md"
    page.write_text(page.read_text("utf-8") + "\n[gone](retention.md#no-such-part)\n", "utf-8")

    done = build(manual)

    assert done.returncode != 0
    assert "limits.md" in done.stdout + done.stderr


@pytest.mark.parametrize("page", PAGES)
def test_every_page_has_a_place_in_the_site(page: str) -> None:
    site = tomllib.loads((ROOT / "zensical.toml").read_text("utf-8"))["project"]

    assert page in addresses(site["nav"])
    listed = addresses(site["plugins"]["llmstxt"]["sections"])
    assert any(fnmatch(page, pattern) for pattern in listed)


def addresses(tree: object) -> set[str]:
    """The keys and strings in a tree of lists and tables."""
    if isinstance(tree, str):
        return {tree}
    if isinstance(tree, dict):
        return {*tree, *addresses(list(tree.values()))}
    return {address for branch in cast("list[object]", tree) for address in addresses(branch)}
