"""What every page has: a policy by which nothing inline is run, and words in two languages."""

from __future__ import annotations

import re
from collections import Counter
from http import HTTPStatus
from pathlib import Path
from string import Formatter

import pytest
from starlette.requests import Request

from dispatcher.gateway.pages.assets import FOLDER, shipped
from dispatcher.gateway.pages.page import LANGUAGES, Page, language, words

#: Names of files of words: `login` for login.en.json.
NAMES = sorted(path.name.removesuffix(".en.json") for path in FOLDER.glob("*.en.json"))


@pytest.fixture
def page() -> Page:
    return Page(shipped())


def test_a_page_runs_only_scripts_of_its_own_address(page: Page) -> None:
    policy = page.render("page.html", lang="en").headers["content-security-policy"]

    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy


def test_a_page_may_allow_itself_more(page: Page) -> None:
    answer = page.render("page.html", lang="en", policy={"frame-src": "'self'"})

    assert "frame-src 'self'" in answer.headers["content-security-policy"]
    assert "script-src 'self'" in answer.headers["content-security-policy"]


def test_a_page_says_its_language_and_loads_the_style_of_this_version(page: Page) -> None:
    answer = page.render("page.html", lang="fr", status=HTTPStatus.FORBIDDEN)

    assert answer.status_code == 403
    assert b'<html lang="fr" dir="ltr">' in answer.body
    assert shipped().path("page.css").encode() in answer.body


@pytest.mark.parametrize("path", sorted(FOLDER.rglob("*.html")), ids=lambda path: path.name)
def test_no_template_has_a_script_or_a_style_inside(path: Path) -> None:
    written = path.read_text(encoding="utf-8")

    # But for the tenant's colour, which the policy allows by its digest.
    inline = written.replace("<style>{{ brand }}</style>", "")
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", inline)
    assert all(
        "src=" in tag or "application/json" in tag for tag in re.findall("<script[^>]*>", written)
    )


@pytest.mark.parametrize("name", NAMES)
def test_every_text_is_said_in_every_language_with_the_same_blanks(name: str) -> None:
    def blanks(text: str) -> Counter[str | None]:
        return Counter(field for _, field, _, _ in Formatter().parse(text) if field is not None)

    english, *others = [words(name, lang) for lang in LANGUAGES]

    for other in others:
        assert set(other) == set(english)
        assert {key: blanks(text) for key, text in other.items()} == {
            key: blanks(text) for key, text in english.items()
        }


@pytest.mark.parametrize(
    ("locale", "accepted", "spoken"),
    [
        ("fr_CA", "en", "fr"),
        ("FR", "", "fr"),
        (None, "de, fr;q=0.8, en;q=0.7", "fr"),
        ("ar", "fr-FR", "fr"),
        ("xx", "", "en"),
        (None, "", "en"),
    ],
)
def test_the_language_is_the_persons_else_the_browsers_else_english(
    locale: str | None, accepted: str, spoken: str
) -> None:
    headers = [(b"accept-language", accepted.encode())]

    assert language(locale, Request({"type": "http", "headers": headers})) == spoken
