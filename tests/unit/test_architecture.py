"""What docs/ names is there: each file, and what a reader is told to look for in it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCS = sorted((ROOT / "docs").rglob("*.md"))
_NAMED = re.compile(
    r"`(?P<file>(?:sql|dispatcher|tests|templates|migrations|docs)/[\w./*]*)(?::(?P<name>\w+))?`"
)
_LINK = re.compile(r"\]\((?P<target>[^)#:]+)\)")


@pytest.mark.parametrize("page", DOCS, ids=lambda page: page.stem)
def test_what_a_page_names_exists(page: Path) -> None:
    missing = []
    for named in _NAMED.finditer(page.read_text()):
        files = list(ROOT.glob(named["file"].rstrip("/")))
        if not files or (named["name"] and not defines(files[0], named["name"])):
            missing.append(named[0])

    assert not missing


@pytest.mark.parametrize("page", DOCS, ids=lambda page: page.stem)
def test_links_lead_somewhere(page: Path) -> None:
    targets = [link["target"] for link in _LINK.finditer(page.read_text())]

    assert [target for target in targets if not (page.parent / target).exists()] == []


def defines(file: Path, name: str) -> bool:
    pattern = (
        rf"^\s*(?:async def|def|class) {name}\b"
        rf"|^create (?:or replace )?(?:unlogged )?(?:function|view|table|type) \w+\.{name}\b"
    )
    return re.search(pattern, file.read_text(), re.MULTILINE) is not None
