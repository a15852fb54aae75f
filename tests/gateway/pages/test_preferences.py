"""The frame of the preference centre: whom it lets in, whose it says it is, and in which words."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from dispatcher.gateway.pages.page import LANGUAGES, words
from dispatcher.inbound.links import sign_preferences
from dispatcher.inbound.signing import Signer
from tests.support import given
from tests.support.client import Answer, Client, cookies_of
from tests.support.given import Connection
from tests.support.renderings import shipped_catalog
from tests.support.tokens import SECRET


@pytest.fixture
def database_url(module_url: str) -> str:
    return module_url


def link(recipient: str = "u1", age: timedelta = timedelta(0)) -> str:
    now = datetime.now(UTC) - age
    return "/preferences/" + sign_preferences(Signer([SECRET]), "default", recipient, now)


def told(answer: Answer) -> dict[str, Any]:
    """What the page's script is handed."""
    (written,) = re.findall(r'id="told">(.*?)</script>', answer.text, re.DOTALL)
    found: dict[str, Any] = json.loads(written)
    return found


async def test_a_mails_link_opens_it_without_a_login_and_without_telling_the_address(
    client: Client, db: Connection
) -> None:
    given.tenant(db, "default", name="Fern & Hill", branding={"color": "#1f6f4a"})

    answer = await client.get(link())

    assert answer.status == 200
    assert "u…@example.org" in answer.text
    assert "u1@example.org" not in answer.text
    assert "Fern &amp; Hill" in answer.text
    assert told(answer)["color"] == "#1f6f4a"
    # It stands in the address, which no other site may hear of.
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    assert "set-cookie" not in answer.headers


async def test_a_session_opens_it_and_the_script_is_handed_no_token(client: Client) -> None:
    session = cookies_of(await client.as_().post("/v1/session"))["postbell"].value

    answer = await client.having(cookie=f"postbell={session}").get("/preferences")

    assert answer.status == 200
    assert told(answer)["token"] is None
    assert "u1@example.org" in answer.text


async def test_nobody_is_told_how_to_be_let_in(client: Client) -> None:
    answer = await client.get("/preferences")

    assert answer.status == 401
    assert "You are not logged in" in answer.text


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        (link(age=timedelta(days=61)), "it has expired"),
        (link()[:-1] + ("A" if link()[-1] != "A" else "B"), "not signed for preferences"),
        (link("gone"), "unknown_recipient"),
        ("/preferences/x", "no token"),
    ],
)
async def test_a_link_that_is_old_or_forged_opens_nothing_and_is_logged(
    client: Client, path: str, reason: str
) -> None:
    with capture_logs() as logged:
        answer = await client.get(path)

    assert answer.status == 404
    assert "This link does not work" in answer.text
    (line,) = logged
    assert line["event"] == "refused a link"
    assert reason in line["reason"]


@pytest.mark.parametrize(("locale", "said"), [("fr-CA", "Les choix de"), ("de", "The choices of")])
async def test_it_speaks_the_persons_language(
    client: Client, db: Connection, locale: str, said: str
) -> None:
    given.recipient(db, locale=locale)

    assert said in (await client.get(link())).text


@pytest.mark.parametrize("color", ["red;}", "#12", 7, None, "url(//x)"])
async def test_what_is_no_colour_is_not_worn(client: Client, db: Connection, color: object) -> None:
    given.tenant(db, "default", branding={"color": color})

    assert told(await client.get(link()))["color"] is None


async def test_a_name_cannot_end_what_the_script_is_handed(client: Client, db: Connection) -> None:
    given.tenant(db, "default", name="</script><script>alert(1)</script>")

    answer = await client.get(link())

    assert "<script>alert" not in answer.text
    assert told(answer)["name"] == "</script><script>alert(1)</script>"


def test_every_event_that_we_ship_has_a_name_in_every_language() -> None:
    registered = {key: event.label for key, event in shipped_catalog().events.items()}

    assert dict(words("events", "en")) == registered
    for lang in LANGUAGES:
        assert set(words("events", lang)) == set(registered)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_category_that_we_ship_has_a_name(lang: str) -> None:
    categories = {event.category for event in shipped_catalog().events.values()}

    assert {f"category.{category}" for category in categories} <= set(words("preferences", lang))


@pytest.mark.parametrize("lang", LANGUAGES)
async def test_it_says_that_what_is_paused_or_muted_does_not_come_later(
    client: Client, db: Connection, lang: str
) -> None:
    given.recipient(db, locale=lang)
    later = {"en": "later", "fr": "plus tard"}[lang]
    said = words("preferences", lang)

    page = (await client.get(link())).text

    for key in ("pause.about", "mutes.about"):
        assert later in said[key]
        assert said[key] in page
    assert later in said["why.muted"]
