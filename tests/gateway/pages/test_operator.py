"""The operator's pages without any script: forms and links, for operators alone."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path
from urllib.parse import urlencode

import pytest

from dispatcher.explanations import LADDER, LATER, REJECTIONS
from dispatcher.gateway.operator.overview import Sums
from dispatcher.gateway.pages.assets import FOLDER
from dispatcher.gateway.pages.page import words
from tests.support import given
from tests.support.client import Answer, Client, cookies_of
from tests.support.failed_deliveries import delivery_of, refused
from tests.support.given import Connection
from tests.support.tokens import FRIEND, OURS

DELIVERIES = "/operator/deliveries"
DEAD = "/operator/dead-letters"
RETRY = f"{DEAD}/retry"
VIEWS = ["/operator", DELIVERIES, "/operator/rejections", DEAD, "/operator/figures"]
REASONS = {**LADDER, **LATER, **REJECTIONS}
FOR_OPERATORS = (Path(__file__).parents[3] / "docs/operator.md").read_text(encoding="utf-8")


@pytest.fixture
async def browser(client: Client) -> Client:
    """Olga's, on a page of the gateway."""
    cookie = cookies_of(await client.as_operator("olga").post("/v1/operator/session"))
    named = f"postbell_operator={cookie['postbell_operator'].value}"
    return client.having(cookie=named, origin=OURS)


@pytest.fixture
def order(db: Connection) -> str:
    return given.event_type(
        db, "order.moved", label="Order moved", default_channels=["in_app", "email"]
    )


async def submit(browser: Client, path: str, **form: object) -> Answer:
    """What a browser sends for a form."""
    return await browser.send("POST", path, urlencode(form).encode())


async def followed(browser: Client, path: str, **form: object) -> str:
    """The page that a form leads to."""
    answer = await submit(browser, path, **form)
    assert answer.status == 303, answer.text
    cookies = [f"{name}={each.value}" for name, each in cookies_of(answer).items()]
    cookie = "; ".join([browser.headers["cookie"], *cookies])
    return (await browser.having(cookie=cookie).get(answer.headers["location"])).text


def text_of(page: str) -> str:
    """What is read on a page, without its markup."""
    body = page.partition('<div id="view">')[2]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


@pytest.mark.parametrize("path", VIEWS)
async def test_an_operator_gets_every_view(browser: Client, path: str) -> None:
    answer = await browser.get(path)

    assert answer.status == 200, answer.text
    assert answer.text.count('aria-current="page"') == 1
    assert answer.headers["content-type"].startswith("text/html")
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert "olga" in answer.text


@pytest.mark.parametrize("path", VIEWS)
async def test_a_person_and_a_stranger_are_told_how_operators_log_in(
    client: Client, path: str
) -> None:
    cookie = cookies_of(await client.as_().post("/v1/session"))["postbell"].value
    person = client.having(cookie=f"postbell={cookie}; postbell_operator={cookie}")

    for visitor in (client, client.as_(), person):
        answer = await visitor.get(path)
        assert answer.status == 401
        assert "postbell login --operator" in answer.text
        assert "olga" not in answer.text


async def test_it_speaks_the_language_of_the_browser(
    browser: Client, db: Connection, order: str
) -> None:
    given.call(db, "set_preference", recipient="u1", enabled=False, channel="email")
    given.emit(db, order)
    given.route(db)

    french = await browser.having(accept_language="fr-CA, en;q=0.5").get("/operator/deliveries")

    assert '<html lang="fr">' in french.text
    assert "Vue d’ensemble" in french.text
    assert "La personne l’a désactivé." in text_of(french.text)


# --- how things stand


async def test_the_overview_says_how_things_stand(
    browser: Client, db: Connection, order: str
) -> None:
    refused(db, order, 2)
    given.emit(db, "order.lost")
    given.emit(db, order, channels=["in_app"])
    given.route(db)

    said = text_of((await browser.get("/operator")).text)

    assert "Router Not running" in said
    assert re.search("Queued [1-9]", said)
    assert "Dead letters 2" in said
    assert "Rejected in a day 1" in said
    assert "E-mail test 2 2 100% 100%" in said


async def test_times_are_those_of_the_browsers_zone(
    browser: Client, db: Connection, order: str
) -> None:
    refused(db, order)
    db.execute("update postbell.delivery set created_at = '2026-07-01 22:00Z'")
    cookie = browser.headers["cookie"]

    pages = [
        (await browser.having(cookie=f"{cookie}; postbell_zone={zone}").get(path)).text
        for zone in ("Asia/Tokyo", "No/Where", "../../etc/passwd")
        for path in ["/operator/deliveries?recipient=u1"]
    ]

    assert "2026-07-02 07:00:00" in pages[0]
    assert all("2026-07-01 22:00:00" in page for page in pages[1:])


# --- deliveries


async def test_a_delivery_is_found_by_its_persons_address_which_stands_in_no_address(
    browser: Client, db: Connection, order: str
) -> None:
    (delivery_id,) = refused(db, order)

    answer = await submit(browser, DELIVERIES, recipient="U1@example.org", tenant="default")
    page = await browser.get(answer.headers["location"])

    assert answer.headers["location"] == f"{DELIVERIES}?recipient=u1&tenant=default"
    assert f'href="{DELIVERIES}/{delivery_id}"' in page.text


async def test_who_shares_an_address_is_chosen_from(browser: Client, db: Connection) -> None:
    answer = await submit(browser, DELIVERIES, recipient="u1@example.org", state="sent")

    assert answer.status == 200
    assert "2 people have this address" in text_of(answer.text)
    assert f"{DELIVERIES}?recipient=u1&amp;state=sent&amp;tenant=other" in answer.text


async def test_an_address_that_nobody_has_is_said_to_be_nobodys(browser: Client) -> None:
    answer = await submit(browser, DELIVERIES, recipient="nobody@example.org")

    assert answer.status == 422
    assert "Nobody has this e-mail address now." in text_of(answer.text)
    assert 'value="nobody@example.org"' in answer.text


async def test_a_range_of_local_times_is_absolute_in_the_address(
    browser: Client, db: Connection, order: str
) -> None:
    (delivery_id,) = refused(db, order)
    db.execute("update postbell.delivery set created_at = '2026-07-01 22:00Z'")
    tokyo = browser.having(cookie=f"{browser.headers['cookie']}; postbell_zone=Asia/Tokyo")

    answer = await submit(
        tokyo, DELIVERIES, since="2026-07-02T06:30", until="2026-07-02T08:00", event=order
    )
    page = await tokyo.get(answer.headers["location"])

    assert "since=2026-07-01T21%3A30%3A00Z" in answer.headers["location"]
    assert f'href="{DELIVERIES}/{delivery_id}"' in page.text
    assert 'value="2026-07-02T06:30"' in page.text


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"since": "yesterday"}, "yesterday is not a time."),
        ({"until": "2020-01-01T00:00"}, "31 days at most are searched"),
        ({"outbox_id": "first"}, "outbox_id"),
    ],
)
async def test_a_search_that_makes_no_sense_is_explained_above_it(
    browser: Client, form: dict[str, str], said: str
) -> None:
    answer = await submit(browser, DELIVERIES, **form)
    if answer.status == 303:
        answer = await browser.get(answer.headers["location"])

    assert answer.status == 422
    assert said in text_of(answer.text)
    assert "<form" in answer.text


async def test_older_deliveries_are_a_link_away_and_the_file_has_the_same_search(
    browser: Client, db: Connection, order: str
) -> None:
    made = refused(db, order, 3)

    first = (await browser.get(f"{DELIVERIES}?recipient=u1&limit=2")).text
    link = unescape(re.findall(r'href="([^"]+)" rel="next"', first)[0])
    second = (await browser.get(link)).text
    file = unescape(re.findall(r'href="([^"]+)" download', first)[0])
    lines = (await browser.get(file)).text.splitlines()

    assert f"{DELIVERIES}/{made[2]}" in first
    assert f"{DELIVERIES}/{made[0]}" not in first
    assert f"{DELIVERIES}/{made[0]}" in second
    assert len(lines) == 4


async def test_a_delivery_tells_every_try_apart_from_what_was_decided(
    browser: Client, db: Connection, order: str
) -> None:
    given.emit(db, order, channels=["email"])
    given.route(db)
    delivery_id = delivery_of(db, "email")
    for line in (3, 4):
        given.fail(db, f"line {line}: no such filter", delivery_id)
        if line == 3:
            given.call(db, "retry", delivery_id=delivery_id)

    page = (await browser.get(f"{DELIVERIES}/{delivery_id}")).text
    verdict, _, rest = text_of(page).partition("What was decided")
    decided, _, became = rest.partition("What became of it")

    assert verdict.startswith("State failed line 4: no such filter")
    assert "Address, masked u…@example.org" in verdict
    assert "u1@example.org" not in page
    assert "now Nothing spoke against it." in decided
    assert became.count("Given up") == 2
    assert "line 3: no such filter" in became
    assert "Sent again by somebody" in became


async def test_a_delivery_that_is_not_there_is_said_not_to_be(browser: Client) -> None:
    for name in ("4711", "x", "99999999999999999999"):
        answer = await browser.get(f"{DELIVERIES}/{name}")
        assert answer.status == 404
        assert f"Delivery {name} is not there." in answer.text


async def test_a_dead_letter_is_sent_again_from_its_own_page(
    browser: Client, db: Connection, order: str
) -> None:
    (delivery_id,) = refused(db, order)
    own = f"{DELIVERIES}/{delivery_id}"
    assert "Send again" in (await browser.get(own)).text

    page = await followed(browser, RETRY, delivery_id=delivery_id, to=own)
    twice = await followed(browser, RETRY, delivery_id=delivery_id, to=own)

    assert "1 delivery is on its way again." in page
    assert "0 deliveries are on their way again." in twice
    assert "Send again" not in text_of(page)
    assert given.column(db, "select delivery_id from postbell.dead_letters") == []


# --- dead letters, rejected events, figures


async def test_dead_letters_of_one_reason_are_sent_again_together(
    browser: Client, db: Connection, order: str
) -> None:
    first, second, third = refused(db, order, 3)
    db.execute("update postbell.delivery set reason = '552 full' where id = %s", [third])

    listed = (await browser.get(DEAD)).text
    one = (await browser.get(f"{DEAD}?reason=552+full&channel=email")).text
    page = await followed(browser, RETRY, all="true", reason="552 full", channel="email", to=DEAD)

    assert "550 no <address> here" in text_of(listed)
    assert [f"{DELIVERIES}/{each}" in one for each in (first, second, third)] == [
        False, False, True,
    ]  # fmt: skip
    assert "1 delivery is on its way again." in page
    assert given.column(db, "select delivery_id from postbell.dead_letters order by 1") == [
        first, second,
    ]  # fmt: skip


async def test_another_sites_form_sends_nothing_again(
    browser: Client, db: Connection, order: str
) -> None:
    refused(db, order)

    for origin in ("https://evil.example", FRIEND, "null"):
        answer = await submit(browser.having(origin=origin), RETRY, all="true")
        assert answer.status == 403

    assert given.value(db, "select count(*) from postbell.dead_letters") == 1


async def test_a_form_leads_to_no_other_site(browser: Client, db: Connection, order: str) -> None:
    refused(db, order)

    answer = await submit(browser, RETRY, all="true", to="https://evil.example/")

    assert answer.headers["location"] == DEAD


async def test_what_was_done_is_told_once_and_to_nobody_else(
    client: Client, browser: Client, db: Connection, order: str
) -> None:
    refused(db, order)
    answer = await submit(browser, RETRY, all="true")
    flash = f"postbell_flash={cookies_of(answer)['postbell_flash'].value}"
    other = cookies_of(await client.as_operator("otto").post("/v1/operator/session"))
    ottos = f"postbell_operator={other['postbell_operator'].value}"

    told = await browser.having(cookie=f"{browser.headers['cookie']}; {flash}").get(DEAD)
    otto = await browser.having(cookie=f"{ottos}; {flash}").get(DEAD)
    forged = await browser.having(cookie=f"{browser.headers['cookie']}; postbell_flash=x.y").get(
        DEAD
    )

    assert "1 delivery is on its way again." in told.text
    assert cookies_of(told)["postbell_flash"].value == ""
    assert 'class="message"' not in otto.text + forged.text


async def test_rejected_events_say_what_to_do(browser: Client, db: Connection) -> None:
    given.emit(db, "order.lost")
    given.route(db)

    page = text_of((await browser.get("/operator/rejections?reason=unknown_event")).text)
    none = text_of((await browser.get("/operator/rejections?reason=unknown_recipient")).text)

    assert "order.lost" in page
    assert "postbell.register_event()" in page
    assert "No event was rejected." in none


async def test_figures_are_drawn_and_written(browser: Client, db: Connection, order: str) -> None:
    refused(db, order, 2)

    page = (await browser.get("/operator/figures?days=7")).text
    long_ago = (await browser.get("/operator/figures?days=7&until=2020-01-31")).text

    assert 'role="img" aria-label="E-mail: 2 wanted, 0 sent, 2 failed or bounced."' in page
    assert page.count('<rect class="failed"') == 1
    assert "order.moved E-mail 2 0 0 0 0 0 2" in text_of(page)
    assert "Nothing was emitted in these days." in text_of(long_ago)


async def test_logging_out_ends_the_session(browser: Client) -> None:
    answer = await submit(browser, "/operator/logout")

    assert answer.headers["location"] == "/operator"
    assert (await browser.get("/operator")).status == 401


# --- words


def test_every_text_is_said_somewhere() -> None:
    """One that is missing is an error of the page that says it."""
    sources = [FOLDER / "operator.js", *(FOLDER / "operator").iterdir()]
    source = "".join(path.read_text(encoding="utf-8") for path in sources if path.is_file())
    # States, steps and priorities are the database's.
    theirs = ("state.", "step.", "priority.")
    known = {name for name in words("operator", "en") if not name.startswith(theirs)}

    unsaid = {
        name
        for name in known
        if name.removesuffix(".one").removesuffix(".other") not in source
        and not re.search(rf"\b{name.rpartition('.')[2]}\b", source)
    }
    assert unsaid - {f"column.{name}" for name in Sums.model_fields} == set()


def test_every_reason_is_said_in_every_other_language() -> None:
    said = words("reasons", "fr")

    assert {f"why.{name}" for name in REASONS} <= set(said)
    assert {f"way.{name}" for name, reason in REASONS.items() if reason.remedy} <= set(said)


def test_support_may_ask_all_that_the_manual_names_for_operators(connection: Connection) -> None:
    connection.execute("set local role postbell_support")

    for view in re.findall(r"`postbell\.(\w+)`", FOR_OPERATORS):
        connection.execute(f"select from postbell.{view} limit 0".encode())
    for function in re.findall(r"`postbell\.(\w+)\(", FOR_OPERATORS):
        assert given.value(
            connection,
            "select bool_or(has_function_privilege(oid, 'execute')) from pg_proc"
            " where pronamespace = 'postbell'::regnamespace and proname = %s",
            function,
        )
