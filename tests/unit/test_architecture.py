"""What README and docs/ name is there: each file, and what a reader is told to look for in it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
_NAMED = re.compile(
    r"`(?P<file>(?:sql|dispatcher|tests|templates|migrations|docs)/[\w./*]*)(?::(?P<name>\w+))?`"
)
_LINK = re.compile(r"\]\((?P<target>[^)#:]+)(?P<anchor>#[^)]*)?\)")


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
    links = list(_LINK.finditer(page.read_text()))

    assert [link[0] for link in links if not (page.parent / link["target"]).is_file()] == []
    assert [
        link[0]
        for link in links
        if link["anchor"] and link["anchor"] not in anchors(page.parent / link["target"])
    ] == []


def test_the_glossary_has_at_most_twenty_words() -> None:
    rows = re.findall(r"^\| (?!word|---)", (ROOT / "docs/glossary.md").read_text(), re.MULTILINE)

    assert 0 < len(rows) <= 20


def anchors(page: Path) -> set[str]:
    """What a link may name in a page, made from its headings as web hosts of git do."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {"#" + re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def defines(file: Path, name: str) -> bool:
    pattern = (
        rf"^\s*(?:async def|def|class) {name}\b"
        rf"|^create (?:or replace )?(?:unlogged )?(?:function|view|table|type) \w+\.{name}\b"
    )
    return re.search(pattern, file.read_text(), re.MULTILINE) is not None
