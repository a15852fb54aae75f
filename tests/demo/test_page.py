"""The demo's page: one person's inbox, caught mails, and nothing that runs."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from dispatcher.demo.chronicle import Account
from dispatcher.demo.mail_catcher import CaughtMail
from dispatcher.demo.market.ledger import Moment
from tests.support import given
from tests.support.demo_page import Page

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
EVIL = '<img src=x onerror=alert(1)>"</script>'


def delivered(page: Page, recipient: str, title: str = "Paid", **columns: object) -> int:
    """An inbox item with its delivery; the item's id."""
    number = given.value(page.db, "select coalesce(max(id), 0) + 1 from postbell.delivery")
    given.insert(
        page.db, "notification", id=number, xid="1", tenant_id="default", event="order.paid",
        payload={}, priority="normal", created_at=NOON,
    )  # fmt: skip
    given.rows(
        page.db,
        "insert into postbell.delivery (id, notification_id, tenant_id, recipient_id, event,"
        " channel, priority, decision, rung, decision_reason, is_silent, state, created_at,"
        " is_open) values (%s, %s, 'default', %s, 'order.paid', 'in_app',"
        " 'normal', 'now', 11, 'wanted', false, 'delivered', %s, false)",
        number,
        number,
        recipient,
        NOON,
    )
    return given.inbox_item(
        page.db, id=number, outbox_id=number, recipient_id=recipient, title=title, **columns
    )


def mail(number: int = 1, html: str | None = "<p>Hello", subject: str = "Hello") -> CaughtMail:
    return CaughtMail(
        number, 7, "shop@a.example", "u1@b.example", subject, "Hello\n", html, b"raw", NOON
    )


async def test_the_page_and_its_parts_are_served(page: Page) -> None:
    for path, kind in (
        ("/", "text/html"),
        ("/page.css", "text/css"),
        ("/counter.css", "text/css"),
        ("/page.js", "text/javascript"),
        ("/why.js", "text/javascript"),
        ("/icon.svg", "image/svg+xml"),
    ):
        answer = await page.get(path)
        assert answer.status == 200
        assert answer.headers["Content-Type"].startswith(kind)


async def test_the_page_runs_no_script_but_its_own(page: Page) -> None:
    policy = (await page.get("/")).headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "unsafe-inline" not in policy
    assert b"<script>" not in (await page.get("/")).body


async def test_an_inbox_has_the_persons_items_newest_first_and_counts_them(page: Page) -> None:
    given.recipient(page.db)
    first, second = delivered(page, "u1", "First"), delivered(page, "u1", "Second")
    inbox = (await page.get("/api/inbox/default/u1")).json
    assert [item["id"] for item in inbox["items"]] == [str(second), str(first)]
    assert inbox["unread"] == 2


async def test_nobody_sees_the_items_of_another(page: Page) -> None:
    given.recipient(page.db)
    given.recipient(page.db, "u2")
    given.tenant(page.db, "other")
    given.recipient(page.db, "u1", tenant_id="other")
    delivered(page, "u1", "Only for u1")
    for person in ("default/u2", "other/u1"):
        assert (await page.get(f"/api/inbox/{person}")).json["items"] == []


async def test_nobody_marks_the_items_of_another(page: Page) -> None:
    given.recipient(page.db)
    given.recipient(page.db, "u2")
    number = delivered(page, "u1")
    for verb in ("read", "archived", "seen"):
        answer = await page.post(f"/api/inbox/default/u2/{verb}", {"items": [str(number)]})
        assert answer.json == {"changed": 0}
    assert (await page.get("/api/inbox/default/u1")).json["unread"] == 1


async def test_an_item_is_marked_read_and_unread_and_put_away(page: Page) -> None:
    given.recipient(page.db)
    number = delivered(page, "u1")
    unread = []
    for verb in ("read", "unread", "archived"):
        answer = await page.post(f"/api/inbox/default/u1/{verb}", {"items": [str(number)]})
        assert answer.json == {"changed": 1}
        unread.append((await page.get("/api/inbox/default/u1")).json["unread"])
    assert unread == [0, 1, 0]
    assert (await page.get("/api/inbox/default/u1")).json["items"] == []


async def test_everything_is_marked_read_at_once(page: Page) -> None:
    given.recipient(page.db)
    delivered(page, "u1")
    delivered(page, "u1")
    assert (await page.post("/api/inbox/default/u1/read-all", {})).json == {"changed": 2}
    assert (await page.get("/api/inbox/default/u1")).json["unread"] == 0


@pytest.mark.parametrize(
    "path", ["/api/inbox/default/nobody", "/api/inbox/nowhere/u1", "/api/mails/9", "/mails/9.html"]
)
async def test_what_is_unknown_is_not_found(page: Page, path: str) -> None:
    assert (await page.get(path)).status == 404


async def test_a_form_of_a_foreign_page_changes_nothing(page: Page) -> None:
    given.recipient(page.db)
    number = delivered(page, "u1")
    answer = await page.post(
        "/api/inbox/default/u1/read", {"items": [str(number)]}, **{"Content-Type": "text/plain"}
    )
    assert answer.status == 415
    assert (await page.get("/api/inbox/default/u1")).json["unread"] == 1


async def test_another_host_name_is_not_answered(page: Page) -> None:
    assert (await page.get("/api/houses", Host="rebound.example")).status == 400


@pytest.mark.parametrize("body", [[], {}, {"items": "x"}, {"items": [None]}, {"items": 1}])
async def test_nonsense_is_refused_with_a_sentence(page: Page, body: object) -> None:
    given.recipient(page.db)
    answer = await page.post("/api/inbox/default/u1/read", body)
    assert answer.status == 400
    assert answer.headers["Content-Type"].startswith("text/plain")


async def test_what_people_wrote_travels_as_text(page: Page) -> None:
    given.recipient(page.db)
    delivered(page, "u1", EVIL)
    page.mails.mails.append(mail(subject=EVIL))
    inbox = await page.get("/api/inbox/default/u1")
    assert inbox.headers["Content-Type"] == "application/json"
    assert inbox.headers["X-Content-Type-Options"] == "nosniff"
    assert inbox.json["items"][0]["title"] == EVIL
    assert (await page.get("/api/mails")).json["mails"][0]["subject"] == EVIL


async def test_a_link_to_a_shop_shows_its_path_escaped(page: Page) -> None:
    given.recipient(page.db)
    answer = await page.get("/shops/default/orders/%3Cscript%3Ealert(1)%3C/script%3E")
    assert answer.status == 200
    assert b"&lt;script&gt;" in answer.body
    assert b"<script>" not in answer.body


async def test_a_mails_html_is_shown_without_powers(page: Page) -> None:
    page.mails.mails.append(mail(html="<p onclick=x()>Hi<script>x()</script>"))
    answer = await page.get("/mails/1.html")
    policy = answer.headers["Content-Security-Policy"]
    assert answer.body == b"<p onclick=x()>Hi<script>x()</script>"
    assert policy.startswith("sandbox allow-popups allow-popups-to-escape-sandbox;")
    assert "default-src 'none'" in policy
    assert b'sandbox="allow-popups allow-popups-to-escape-sandbox"' in (await page.get("/")).body


async def test_a_mail_has_its_text_and_its_source(page: Page) -> None:
    page.mails.mails.append(mail(html=None))
    whole = (await page.get("/api/mails/1")).json
    assert (whole["text"], whole["has_html"]) == ("Hello\n", False)
    assert (await page.get("/mails/1.eml")).body == b"raw"


async def test_an_event_is_explained_channel_by_channel(page: Page) -> None:
    given.recipient(page.db, email=None)
    outbox_id = given.emit(page.db, payload={"order_id": 1, "amount": "1.00"})
    given.route(page.db)
    page.accounts.append(Account(Moment(1, "default", "u1 pays", NOON, None, [outbox_id]), []))
    (story,) = (await page.get("/api/events")).json
    (event,) = story["events"]
    assert event["event"] == "order.paid"
    assert [(row["channel"], row["state"], row["rung"]) for row in event["decisions"]] == [
        ("email", "skipped", 3),
        ("in_app", "queued", 11),
        ("sse", "queued", 11),
    ]
    assert event["decisions"][0]["sentence"] == "The person has no address on the channel."


async def test_what_was_rolled_back_is_shown_with_the_constraint_that_objected(page: Page) -> None:
    page.accounts.append(
        Account(Moment(1, "default", "u1 pays", NOON, "credit_is_not_overdrawn", [5]), [])
    )
    (story,) = (await page.get("/api/events")).json
    assert (story["rolled_back_by"], story["events"]) == ("credit_is_not_overdrawn", [])


async def test_an_event_of_somebody_else_is_shown_too(page: Page) -> None:
    given.recipient(page.db)
    given.emit(page.db, payload={"amount": 5})
    given.route(page.db)
    (story,) = (await page.get("/api/events")).json
    assert story["title"] is None
    (event,) = story["events"]
    (decided,) = event["decisions"]
    assert event["detail"].startswith("amount is not of type amount: it has to be a decimal")
    assert (decided["state"], decided["tone"], decided["reason"]) == (
        "rejected",
        "bad",
        "invalid_payload",
    )


async def test_whose_inbox_one_may_choose(page: Page) -> None:
    given.recipient(page.db, "a1", roles=["writer"])
    given.recipient(page.db, attributes={"name": "Una", "habit": "reads at night"})
    given.recipient(page.db, "u2")
    (house,) = (await page.get("/api/houses")).json
    assert house["people"] == [
        {"id": "u1", "name": "Una", "habit": "reads at night"},
        {"id": "u2", "name": "u2", "habit": None},
        {"id": "a1", "name": "a1", "habit": None},
    ]
