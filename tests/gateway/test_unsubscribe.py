"""One-click unsubscribe (RFC 8058): POST does it, GET only asks, the link can do nothing else."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest

from dispatcher.db.connections import Pool
from dispatcher.gateway.app import application
from dispatcher.gateway.auth import Authenticator
from dispatcher.inbound.links import UnsubscribeLinks, sign_permit
from dispatcher.inbound.signing import Signer
from dispatcher.settings import Settings
from tests.support import given
from tests.support.client import Answer, Client
from tests.support.deliveries import a_delivery
from tests.support.given import Connection, Fate
from tests.support.tokens import SECRET

ONE_CLICK = b"List-Unsubscribe=One-Click"
FORM = "application/x-www-form-urlencoded"
MULTIPART = (
    b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--'
)


@pytest.fixture(autouse=True)
def events(db: Connection) -> None:
    given.tenant(db, "default", name="Fern & Hill")
    given.event_type(db, default_channels=["in_app", "email"])
    given.event_type(db, "payment.completed", default_channels=["email"])


def link(recipient: str = "u1", secret: str = SECRET, *, age: timedelta = timedelta()) -> str:
    """The path of the link in a mail about orders."""
    delivery = a_delivery(recipient=recipient)
    found = UnsubscribeLinks(Signer([secret]), "").of(delivery, datetime.now(UTC) - age)
    assert found is not None
    return found


async def click(client: Client, path: str, body: bytes = ONE_CLICK, kind: str = FORM) -> Answer:
    return await client.send("POST", path, body, content_type=kind)


async def choose(client: Client, choice: str) -> Answer:
    """As somebody does who has the page open."""
    sign_permit = permit_on(await client.get(link()))
    return await click(client, link(), f"choice={choice}&permit={sign_permit}".encode())


def mailed(db: Connection, recipient: str = "u1", event: str = "order.paid") -> bool:
    return any(
        found.channel == "email" and found.decision == "now"
        for found in given.explain(db, event=event, recipient=recipient, payload={})
    )


async def test_one_click_without_login_stops_the_category(client: Client, db: Connection) -> None:
    answer = await click(client, link())

    assert answer.status == 200
    assert not mailed(db)
    assert mailed(db, event="payment.completed")
    assert mailed(db, "u2")


async def test_what_is_not_mail_goes_on(client: Client, db: Connection) -> None:
    await click(client, link())

    decided = given.explain(db, event="order.paid", recipient="u1", payload={})
    assert ("in_app", "now") in [(found.channel, found.decision) for found in decided]


async def test_clicking_twice_is_clicking_once(client: Client, db: Connection) -> None:
    first, second = await click(client, link()), await click(client, link())

    assert (first.status, second.status) == (200, 200)
    assert choices(first) == choices(second) == ["undo-category", "all"]
    assert given.value(db, "select count(*) from postbell.preference") == 1


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_scanner_that_prefetches_links_unsubscribes_nobody(
    client: Client, db: Connection, method: str
) -> None:
    answer = await client.send(method, link())

    assert answer.status == 200
    assert mailed(db)
    assert given.value(db, "select count(*) from postbell.preference") == 0


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (ONE_CLICK, FORM),
        (b"", FORM),
        (
            MULTIPART,
            "multipart/form-data; boundary=x",
        ),
        (b"choice=nonsense", FORM),
        (b"\xff\xfe", "application/octet-stream"),
    ],
)
async def test_however_a_mail_program_says_it_it_is_done(
    client: Client, db: Connection, body: bytes, kind: str
) -> None:
    assert (await click(client, link(), body, kind)).status == 200
    assert not mailed(db)


async def test_unsubscribe_between_enqueue_and_send_stops_what_is_queued(
    client: Client, db: Connection
) -> None:
    event = given.emit(db, channels=["email"])
    given.route(db)

    await click(client, link())

    batch = given.value(db, "select max(id) from postbell.batch")
    assert given.claim(db, batch, start_sending=1) == []
    assert given.deliveries(db, event)["u1", "email"] == Fate("skipped", "switched_off")


async def test_the_page_offers_all_mails_too_and_a_way_back(client: Client, db: Connection) -> None:
    asked = await client.get(link())
    await choose(client, "all")
    nothing = (mailed(db), mailed(db, event="payment.completed"))
    back = await choose(client, "undo-all")

    assert choices(asked) == ["category", "all"]
    assert nothing == (False, False)
    assert choices(back) == ["category", "all"]
    assert (mailed(db), mailed(db, event="payment.completed")) == (True, True)


async def test_a_category_that_was_left_may_be_had_again(client: Client, db: Connection) -> None:
    left = await click(client, link())
    back = await choose(client, "undo-category")

    assert choices(left) == ["undo-category", "all"]
    assert "again" in back.text
    assert mailed(db)


async def test_the_page_says_what_holds_now(client: Client, db: Connection) -> None:
    given.call(db, "set_preference", recipient="u1", enabled=False, channel="email")

    answer = await client.get(link())

    assert "You have unsubscribed" in answer.text
    assert choices(answer) == ["undo-all"]


async def test_a_choice_made_in_the_settings_is_not_undone_by_a_link(
    client: Client, db: Connection
) -> None:
    given.call(db, "set_preference", recipient="u1", enabled=False)

    answer = await choose(client, "undo-category")

    assert "You have unsubscribed" in answer.text
    assert not mailed(db)


# --- what a link alone does


@pytest.mark.parametrize("age", [timedelta(0), timedelta(days=100), timedelta(days=728)])
async def test_a_mail_that_was_kept_for_two_years_still_unsubscribes_by_one_click(
    client: Client, db: Connection, age: timedelta
) -> None:
    assert (await click(client, link(age=age))).status == 200
    assert not mailed(db)


async def test_a_link_ends_at_last(client: Client, db: Connection) -> None:
    answer = await click(client, link(age=timedelta(days=731)))

    assert answer.status == 404
    assert "too old" in answer.text
    assert mailed(db)


async def test_how_long_a_link_works_is_a_setting(
    sessions: Pool, authenticator: Authenticator, settings: Settings, db: Connection
) -> None:
    shorter = settings.model_copy(update={"unsubscribe_days": 365})
    client = Client(application(sessions, shorter, authenticator, streams={}))

    assert (await click(client, link(age=timedelta(days=366)))).status == 404
    assert (await click(client, link(age=timedelta(days=364)))).status == 200


def permits(client_path: str) -> list[str]:
    """None, one of an hour ago, and those of other links."""
    signer, token = Signer([SECRET]), client_path.rpartition("/")[2]
    now = datetime.now(UTC)
    return [
        "",
        "x",
        token,
        sign_permit(signer, token, now - timedelta(hours=1, seconds=1)),
        sign_permit(signer, link("u2").rpartition("/")[2], now),
        sign_permit(Signer(["somebody else's secret, long enough"]), token, now),
    ]


@pytest.mark.parametrize("choice", ["all", "undo-category", "undo-all"])
async def test_a_link_alone_leaves_its_category_and_does_no_more(
    client: Client, db: Connection, choice: str
) -> None:
    given.call(db, "set_preference", recipient="u1", enabled=False, channel="email",
               category="orders")  # fmt: skip

    for shown in permits(link()):
        answer = await click(client, link(), f"choice={choice}&permit={shown}".encode())

        assert answer.status == 403
        assert "Please choose again" in answer.text
        assert permit_on(answer)
    assert mailed(db, event="payment.completed")
    assert not mailed(db)


async def test_the_page_of_an_old_mail_offers_what_its_link_does(
    client: Client, db: Connection
) -> None:
    old = link(age=timedelta(days=61))
    token = old.rpartition("/")[2]
    allowed = sign_permit(Signer([SECRET]), token, datetime.now(UTC))

    asked = await client.get(old)
    answer = await click(client, old, f"choice=all&permit={allowed}".encode())

    assert choices(asked) == ["category"]
    assert permit_on(asked) is None
    assert answer.status == 403
    assert mailed(db)


# --- links that are none


@pytest.mark.parametrize(
    "made",
    [
        lambda: "x",
        lambda: "a.b.c.d",
        lambda: link().rpartition("/")[2][:-1],
        lambda: link(secret="somebody else's secret, long enough").rpartition("/")[2],
        lambda: Signer([SECRET]).sign("open", "default", "u1", "orders"),
        lambda: Signer([SECRET]).sign("unsubscribe", "default", "u1", "orders"),
        lambda: "%00",
        lambda: "é",
        lambda: "x" * 5000,
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_link_that_we_did_not_sign_does_nothing(
    client: Client, db: Connection, method: str, made: Callable[[], str]
) -> None:
    answer = await client.send(method, f"/v1/unsubscribe/{made()}", ONE_CLICK, content_type=FORM)

    assert answer.status == 404
    assert "This link does not work" in answer.text
    assert given.value(db, "select count(*) from postbell.preference") == 0


async def test_a_link_does_nothing_for_anybody_else(client: Client, db: Connection) -> None:
    path = link("u2")
    mine, theirs = link().split("."), path.split(".")
    mixed = ".".join([mine[0], mine[1], theirs[2], theirs[3]])

    assert (await click(client, mixed)).status == 404
    assert given.value(db, "select count(*) from postbell.preference") == 0


@pytest.mark.parametrize("who", ["gone", "u1"])
async def test_who_or_what_is_gone_is_unsubscribed_already(
    client: Client, db: Connection, who: str
) -> None:
    if who == "u1":
        db.execute("update postbell.event_type set category = 'purchases'")

    assert (await click(client, link(who))).status == 200


async def test_a_form_has_a_bound(client: Client) -> None:
    assert (await click(client, link(), b"x" * 10_000)).status == 413


# --- the page


class Reader(HTMLParser):
    """The tags of a page, with their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def choices(answer: Answer) -> list[str | None]:
    return [attrs.get("value") for tag, attrs in Reader(answer.text).tags if tag == "button"]


def permit_on(answer: Answer) -> str | None:
    found = [attrs for tag, attrs in Reader(answer.text).tags if tag == "input"]
    return next((each.get("value") for each in found if each.get("name") == "permit"), None)


async def test_the_page_needs_no_script_and_loads_nothing_but_its_style(client: Client) -> None:
    answer = await client.get(link())

    tags = Reader(answer.text).tags
    assert not {tag for tag, _ in tags} & {"script", "img", "iframe"}
    loaded = {attrs["href"] for tag, attrs in tags if tag == "link"}
    assert {str(path).rpartition("/")[2] for path in loaded} == {"page.css", "icon.svg"}
    assert not {name for _, attrs in tags for name in attrs if name.startswith("on")}
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "form-action 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["referrer-policy"] == "no-referrer"


async def test_it_wears_the_tenants_colour_by_a_style_that_its_policy_allows(
    client: Client, db: Connection
) -> None:
    given.tenant(db, "default", branding={"color": "#1f6f4a"})

    answer = await client.get(link())

    (style,) = re.findall("<style>(.*?)</style>", answer.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert "--strong:#1f6f4a" in style
    assert "prefers-color-scheme:dark" in style
    assert f"style-src 'self' 'sha256-{digest}'" in answer.headers["content-security-policy"]


async def test_who_has_unsubscribed_sees_no_loud_way_back(client: Client) -> None:
    asked, left = await client.get(link()), await click(client, link())

    def classes(answer: Answer) -> dict[str | None, str | None]:
        buttons = [attrs for tag, attrs in Reader(answer.text).tags if tag == "button"]
        return {attrs["value"]: attrs.get("class") for attrs in buttons}

    assert classes(asked) == {"category": "first", "all": None}
    assert classes(left) == {"undo-category": "plain", "all": None}


async def test_a_screen_reader_can_use_it(client: Client) -> None:
    asked, done = await client.get(link()), await click(client, link())

    for answer in (asked, done):
        tags = Reader(answer.text).tags
        assert ("html", {"lang": "en"}) in tags
        assert [tag for tag, _ in tags].count("h1") == 1
        assert ("main", {"class": "note"}) in tags
        assert all(tag != "button" or attrs.get("name") == "choice" for tag, attrs in tags)
    assert ("p", {"role": "status"}) in Reader(done.text).tags


@pytest.mark.parametrize(
    ("locale", "accepted", "said"),
    [
        ("fr-CA", "en", "Arrêter les e-mails «\xa0Commandes\xa0»"),
        (None, "fr-FR, en;q=0.5", "Stop e-mails about “Orders”"),
        ("de", "fr-FR, en;q=0.5", "Arrêter les e-mails"),
        ("de", "es", "Stop e-mails?"),
    ],
)
async def test_it_speaks_the_language_of_the_mail(
    client: Client, db: Connection, locale: str | None, accepted: str, said: str
) -> None:
    given.recipient(db, locale=locale)

    assert said in (await client.having(accept_language=accepted).get(link())).text


async def test_a_name_is_text_and_not_html(client: Client, db: Connection) -> None:
    given.tenant(db, "default", name="<script>alert(1)</script> & Co")

    answer = await client.get(link())

    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; Co" in answer.text
    assert "<script>" not in answer.text


async def test_the_page_names_neither_the_person_nor_their_address(
    client: Client, db: Connection
) -> None:
    # Longer than what stands in a random token by chance.
    given.recipient(db, "ada-lovelace")

    answer = await client.get(link("ada-lovelace"))

    assert "Stop e-mails" in answer.text
    assert "ada-lovelace" not in answer.text
    assert "example.org" not in answer.text
