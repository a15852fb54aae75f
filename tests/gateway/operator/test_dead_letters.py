"""Dead letters: why they are dead, and sending them again."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from structlog.testing import capture_logs

from dispatcher.gateway.operator.dead_letters import group_of
from tests.support import given
from tests.support.client import Client, cookies_of
from tests.support.failed_deliveries import CANARY, refused
from tests.support.given import Connection
from tests.support.tokens import FRIEND, OURS

PATH = "/v1/operator/dead-letters"
RETRY = f"{PATH}/retry"


async def test_each_says_why_it_was_given_up(olga: Client, db: Connection, order: str) -> None:
    (delivery_id,) = refused(db, order)

    answer = await olga.get(PATH)

    (told,) = answer.json["dead_letters"]
    assert told["delivery_id"] == str(delivery_id)
    assert told["why"] == "550 no <address> here"
    assert CANARY not in answer.text


async def test_one_is_sent_again_and_it_is_logged_by_whom(
    olga: Client, db: Connection, order: str
) -> None:
    first, second = refused(db, order, 2)

    with capture_logs() as logged:
        answer = await olga.post(RETRY, {"delivery_id": str(second)})

    assert answer.json == {"retried": 1}
    assert given.column(db, "select delivery_id from postbell.dead_letters") == [first]
    assert given.value(db, "select state from postbell.delivery where id = %s", second) == "queued"
    (entry,) = logged
    assert (entry["operator"], entry["meant"]) == ("olga", {"delivery_id": second})


async def test_all_that_are_meant_are_sent_again_and_no_others(
    olga: Client, db: Connection, order: str
) -> None:
    refused(db, order, 2)
    refused(db, order, tenant_id="other")

    of_other = await olga.post(RETRY, {"all": True, "tenant": "other"})
    of_texts = await olga.post(RETRY, {"all": True, "channel": "sms"})
    rest = await olga.post(RETRY, {"all": True, "event": order})

    assert [answer.json["retried"] for answer in (of_other, of_texts, rest)] == [1, 0, 2]


async def test_they_are_grouped_by_what_their_reasons_have_in_common(
    olga: Client, db: Connection, order: str
) -> None:
    first, second, third = refused(db, order, 3)
    for delivery_id, reason in (
        (first, f"550 no {CANARY}@example.org here a1b2c3d4-5e6f"),
        (second, "550 no joe@example.org here f00dfeed-0001"),
        (third, "552 mailbox full"),
    ):
        db.execute("update postbell.delivery set reason = %s where id = %s", [reason, delivery_id])

    groups = (await olga.get(f"{PATH}/groups")).json["groups"]
    listed = (await olga.get(f"{PATH}?reason={quote(groups[0]['reason'])}")).json["dead_letters"]
    again = await olga.post(RETRY, {"all": True, "reason": groups[0]["reason"]})

    assert [(each["reason"], each["deliveries"], each["events"]) for each in groups] == [
        ("550 no <address> here …", 2, [order]),
        ("552 mailbox full", 1, [order]),
    ]
    assert [each["delivery_id"] for each in listed] == [str(second), str(first)]
    assert again.json == {"retried": 2}
    assert given.column(db, "select delivery_id from postbell.dead_letters") == [third]


def test_what_tells_reasons_apart_stays() -> None:
    for reason in ("550 5.1.1 no such user", "order/paid/email.html:3: 'amont' is undefined"):
        assert group_of(reason) == reason


async def test_one_that_is_none_is_not_there(olga: Client, db: Connection, moved: int) -> None:
    alive = given.value(db, "select max(id) from postbell.delivery")

    answer = await olga.post(RETRY, {"delivery_id": str(alive)})

    assert answer.status == 404


UNCLEAR: list[dict[str, Any]] = [
    {},
    {"all": False},
    {"all": True, "delivery_id": "1"},
    {"delivery_id": "1", "channel": "email"},
    {"all": True, "channel": "pigeon"},
]


async def test_what_is_not_clear_sends_nothing(olga: Client, db: Connection, order: str) -> None:
    refused(db, order)

    for body in UNCLEAR:
        assert (await olga.post(RETRY, body)).status == 422, body
    assert given.value(db, "select count(*) from postbell.dead_letters") == 1


async def test_another_sites_page_sends_nothing_again(
    client: Client, db: Connection, order: str
) -> None:
    refused(db, order)
    cookie = cookies_of(await client.as_operator().post("/v1/operator/session"))
    browser = client.having(cookie=f"postbell_operator={cookie['postbell_operator'].value}")

    foreign = await browser.having(origin="https://evil.example").post(RETRY, {"all": True})
    # Allowed for people's bells, and no place for an operator's rights.
    friends = browser.having(origin=FRIEND)
    assert (await friends.post(RETRY, {"all": True})).status == 403
    assert (await friends.get(PATH)).status == 403
    ours = await browser.having(origin=OURS).post(RETRY, {"all": True})

    assert foreign.status == 403
    assert ours.json == {"retried": 1}


async def test_pages_follow_each_other(olga: Client, db: Connection, order: str) -> None:
    made = refused(db, order, 3)

    first = (await olga.get(f"{PATH}?limit=2")).json
    second = (await olga.get(f"{PATH}?limit=2&cursor={first['next_cursor']}")).json

    told = [each["delivery_id"] for each in first["dead_letters"] + second["dead_letters"]]
    assert told == [str(delivery_id) for delivery_id in reversed(made)]
