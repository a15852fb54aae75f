"""What every page has: a policy by which nothing inline is run, and words in two languages."""

from __future__ import annotations

import re
from collections import Counter
from http import HTTPStatus
from pathlib import Path
from string import Formatter

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from dispatcher.gateway.pages.assets import FOLDER, shipped
from dispatcher.gateway.pages.brand import style_of
from dispatcher.gateway.pages.page import LANGUAGES, Localization, Page, language, words
from dispatcher.gateway.problem import ForeignOrigin, TooManyRequests, too_large
from tests.support.client import Client

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
    assert b'<html lang="fr">' in answer.body
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


def luminance(color: str) -> float:
    """Relative luminance of `#rrggbb` (WCAG 2.2)."""
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted(map(luminance, (one, other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(
    "color", ["#ffd000", "#000000", "#ffffff", "#1f6f54", "#9a3412", "#808080"]
)
def test_every_tenants_colour_can_be_read_on_every_ground(color: str) -> None:
    tokens = (FOLDER / "page.css").read_text(encoding="utf-8")
    grounds = [
        re.findall(rf"--{name}: (#[0-9a-f]+);", tokens) for name in ("page", "card", "raised")
    ]

    worn = re.findall(r"--strong:(#[0-9a-f]{6});--on-strong:(#[0-9a-f]+)", style_of(color))

    assert len(worn) == 2
    for scheme, (strong, on_strong) in enumerate(worn):
        for ground in grounds:
            written = ground[scheme] if len(ground[scheme]) == 7 else "#ffffff"
            assert contrast(strong, written) >= 4.5
        assert contrast(strong, "#ffffff" if on_strong == "#fff" else on_strong) >= 4.5


def test_a_colour_that_can_be_read_is_worn_as_it_is() -> None:
    assert ":root{--strong:#1f6f54;" in style_of("#1f6f54")


@pytest.mark.parametrize(
    ("locale", "accepted", "found"),
    [
        ("en-GB", "en-US", ("en", "ltr", "en_GB")),
        ("en", "fr-FR, en-AU;q=0.8", ("en", "ltr", "en_AU")),
        ("ar-EG", "", ("en", "rtl", "en")),
        ("ar-EG", "fr-CA", ("fr", "rtl", "fr_CA")),
        (None, "", ("en", "ltr", "en")),
        ("xx!!", "fr", ("fr", "ltr", "fr")),
    ],
)
def test_words_direction_and_region_are_the_readers(
    locale: str | None, accepted: str, found: tuple[str, str, str]
) -> None:
    request = Request({"type": "http", "headers": [(b"accept-language", accepted.encode())]})

    spoken = Localization.of(locale, request)

    assert (spoken.lang, spoken.direction, str(spoken.locale)) == found


@pytest.mark.parametrize(
    ("raised", "status", "said"),
    [
        (ForeignOrigin("elsewhere"), 403, "came from another page"),
        (TooManyRequests(2.5, "too often"), 429, "try again in a moment"),
        (too_large(10), 413, "larger than this page takes"),
        (RuntimeError("a bug"), 500, "Something is wrong on our side"),
    ],
)
async def test_an_error_of_a_page_is_a_page(
    page: Page, raised: Exception, status: int, said: str
) -> None:
    async def fail(_: Request) -> Response:
        raise raised

    answer = await Client(Starlette(routes=[page.route("/here", fail)])).get("/here")

    assert answer.status == status
    assert said in answer.text
    assert "a bug" not in answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert (answer.headers.get("retry-after") == "3") is (status == 429)
