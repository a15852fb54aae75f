"""The demo's page: buttons, cards as they change, caught messages, and nothing that runs."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from urllib.parse import parse_qsl, urlsplit

import jwt
import pytest

from dispatcher.demo.buttons import Buttons
from dispatcher.demo.catchers import Catcher, Caught
from dispatcher.demo.shop import People
from dispatcher.demo.story import BUTTONS
from dispatcher.gateway.token import AUDIENCE, LOGIN_AUDIENCE, OPERATOR
from tests.support.demo_page import Visitor
from tests.support.waiting import seen

EVIL = '<img src=x onerror=alert(1)>"</script>'


def catch(catcher: Catcher, title: str = "Hello", html: str | None = "<p>Hello") -> int:
    """A mail; its number."""
    catcher.caught.append(Caught(1, "email", 7, "u1@b.example", title, "Hello\n", html))
    return 1


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html"),
        ("/page.css", "text/css"),
        ("/page.js", "text/javascript"),
    ],
)
async def test_the_page_and_its_parts_are_served_and_compressed(
    visitor: Visitor, path: str, kind: str
) -> None:
    answer = await visitor.get(path, Accept_Encoding="gzip")
    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith(kind)
    assert answer.headers["Content-Encoding"] == "gzip"


async def test_the_page_runs_no_script_but_its_own(visitor: Visitor) -> None:
    answer = await visitor.get("/")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "unsafe-inline" not in policy
    assert "<script>" not in answer.text


async def test_one_sentence_says_what_to_press_and_every_event_has_its_buttons(
    visitor: Visitor,
) -> None:
    page = (await visitor.get("/?as=ben")).text
    assert "Press <strong>Pay an order</strong>" in page
    assert "All 28 events" in page
    assert all(f'action="/do/{key}?as=ben"' in page for key in BUTTONS)
    assert "who wants no e-mail about orders" in page


async def test_people_have_names_and_no_ids(visitor: Visitor) -> None:
    page = (await visitor.get("/?as=helene")).text
    shown = re.sub(r"<[^>]*>", " ", page)
    assert "Hélène Marchand" in shown
    assert not re.search(r"\b(helene|ada|mistral|default)\b", shown)


async def test_a_button_is_a_form_that_works_without_a_script(visitor: Visitor) -> None:
    answer = await visitor.post("/do/donate?as=ada")
    assert answer.status == 303
    where, _, card = answer.headers["Location"].partition("#")
    page = (await visitor.get(where)).text
    assert f'id="{card}"' in page
    assert "Ada Lindqvist pays without an order" in page


async def test_a_script_that_presses_stays_where_it_is(visitor: Visitor) -> None:
    assert (await visitor.post("/do/donate?as=ada", Sec_Fetch_Mode="cors")).status == 204


async def test_what_cannot_be_done_is_said_on_the_page(visitor: Visitor) -> None:
    answer = await visitor.post("/do/take-back?as=gus")
    assert answer.status == 409
    assert "Press “Complete it, tell in 30 s” first." in answer.text


@pytest.mark.parametrize("path", ["/do/donate?as=ada", "/play?as=ada"])
async def test_another_sites_page_presses_nothing(
    visitor: Visitor, buttons: Buttons, path: str
) -> None:
    for origin in ("https://evil.example", "null"):
        assert (await visitor.post(path, Origin=origin)).status == 403
    assert not buttons.history.transactions


async def test_another_host_name_is_not_answered(visitor: Visitor) -> None:
    assert (await visitor.get("/", Host="rebound.example")).status == 400


@pytest.mark.parametrize("path", ["/?as=nobody", "/messages/9", "/messages/9.html"])
async def test_what_is_unknown_is_not_found(visitor: Visitor, path: str) -> None:
    assert (await visitor.get(path)).status == 404


async def test_cards_come_by_the_stream_and_the_page_is_told_of_the_end(
    visitor: Visitor, buttons: Buttons, people: People
) -> None:
    first = await buttons.press(BUTTONS["overspend"], people["ada"])
    heard = asyncio.create_task(visitor.news("end"))
    await seen(lambda: buttons.history._pages, "the page listens")
    second = await buttons.press(BUTTONS["donate"], people["ada"])
    await seen(lambda: second.deliveries, "it was read")
    await buttons.history.end()
    (name, all_cards), *changes, (last, _) = await heard
    assert (name, last) == ("cards", "end")
    assert f'id="transaction-{first.number}"' in all_cards
    assert {name for name, _ in changes} == {"card"}
    assert all(f'id="transaction-{second.number}"' in card for _, card in changes)
    assert "payment.completed" in changes[-1][1]


async def test_the_whole_story_is_told_on_demand_and_once_at_a_time(
    visitor: Visitor, buttons: Buttons, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []

    async def play() -> AsyncIterator[str]:
        told.append("begun")
        await asyncio.Event().wait()
        yield "a step"

    monkeypatch.setattr(buttons, "play", play)
    for _ in range(2):
        assert (await visitor.post("/play?as=ada")).status == 303
    await seen(lambda: told, "it is told")
    assert told == ["begun"]


async def test_what_people_wrote_travels_as_text(
    visitor: Visitor, buttons: Buttons, people: People, catcher: Catcher
) -> None:
    await buttons.press(BUTTONS["place"], people["ada"], topic=EVIL, amount="5.00")
    for path in ("/", f"/messages/{catch(catcher, EVIL)}"):
        page = (await visitor.get(path)).text
        assert "<img src=x" not in page
        assert "&lt;img src=x" in page


async def test_a_mails_html_is_shown_without_powers(visitor: Visitor, catcher: Catcher) -> None:
    number = catch(catcher, html="<p onclick=x()>Hi<script>x()</script>")
    answer = await visitor.get(f"/messages/{number}.html")
    policy = answer.headers["Content-Security-Policy"]
    assert answer.body == b"<p onclick=x()>Hi<script>x()</script>"
    assert policy.startswith("sandbox allow-popups allow-popups-to-escape-sandbox;")
    assert "default-src 'none'" in policy
    framed = 'sandbox="allow-popups allow-popups-to-escape-sandbox"'
    assert framed in (await visitor.get(f"/messages/{number}")).text


async def test_a_mail_without_html_is_shown_as_text(visitor: Visitor, catcher: Catcher) -> None:
    number = catch(catcher, html=None)
    whole = (await visitor.get(f"/messages/{number}")).text
    assert "Hello\n" in whole
    assert "<iframe" not in whole


async def test_a_link_in_a_message_leads_to_a_page_that_shows_its_path_escaped(
    visitor: Visitor,
) -> None:
    answer = await visitor.get("/shops/default/orders/%3Cscript%3Ealert(1)%3C/script%3E")
    assert answer.status == 200
    assert "&lt;script&gt;" in answer.text
    assert "<script>" not in answer.text


async def test_the_bell_gets_a_token_for_who_is_chosen(visitor: Visitor) -> None:
    answer = await visitor.get("/token?as=helene")
    claims = jwt.decode(json.loads(answer.body)["token"], "s" * 32, ["HS256"], audience=AUDIENCE)
    assert (claims["sub"], claims["tenant"]) == ("helene", "mistral")


@pytest.mark.parametrize("page", ["preferences?as=helene", "operator", "preview"])
async def test_a_page_of_the_gateway_is_reached_by_a_login_link(
    visitor: Visitor, page: str
) -> None:
    answer = await visitor.get(f"/go/{page}")
    link = urlsplit(answer.headers["Location"])
    given = dict(parse_qsl(link.query))
    claims = jwt.decode(given["token"], "s" * 32, ["HS256"], audience=LOGIN_AUDIENCE)
    assert (link.path, given["to"]) == ("/login", f"/{page.partition('?')[0]}")
    assert claims.get("tenant", claims.get("scope")) == (
        "mistral" if page.startswith("preferences") else OPERATOR
    )


async def test_what_the_page_does_not_know_is_the_gateways(visitor: Visitor) -> None:
    assert (await visitor.get("/v1/inbox")).text == "the gateway's"


@pytest.mark.parametrize("body", [b"", b'{"data": {}}'])
async def test_a_message_that_is_forged_is_turned_away(visitor: Visitor, body: bytes) -> None:
    assert (await visitor.post("/caught", Body=body.decode())).status == 401
