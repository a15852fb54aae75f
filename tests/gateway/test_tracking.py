"""Opened and clicked: only where it is asked for and not refused, and never an open redirect."""

from __future__ import annotations

import pytest

from dispatcher.gateway.tracking import PICTURE, TrackingLinks
from dispatcher.gateway.webhooks.handler import ReceiptStore
from dispatcher.inbound.links import DeliveryRef, Links
from dispatcher.inbound.signing import Signer
from tests.support import given
from tests.support.client import Client
from tests.support.given import Connection
from tests.support.webhooks import Counted, delivered_by, pages, receipts

TARGET = "https://shop.example/orders/7?a=1&b=%20#top"


@pytest.fixture
def client(receipt_store: ReceiptStore, counted: Counted, signer: Signer) -> Client:
    return pages(TrackingLinks(receipt_store, counted, signer))


@pytest.fixture
def links(signer: Signer) -> Links:
    return Links("", signer)


@pytest.fixture
def delivery(db: Connection) -> DeliveryRef:
    given.tenant(db, tracking=["opens", "clicks"])
    number = delivered_by(db, "mails", "abc")
    return DeliveryRef(number, given.identity(db, number))


async def test_the_picture_tells_that_a_mail_was_opened(
    client: Client, links: Links, db: Connection, delivery: DeliveryRef
) -> None:
    answer = await client.get(links.opened(delivery))
    assert (answer.status, answer.body) == (200, PICTURE)
    assert answer.headers["content-type"] == "image/gif"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    found = given.rows(
        db, "select state, opened_at is not null, clicked_at is null from postbell.delivery_log"
    )
    assert found == [("delivered", True, True)]


async def test_a_link_leads_on_and_tells_that_it_was_followed(
    client: Client, links: Links, db: Connection, delivery: DeliveryRef
) -> None:
    answer = await client.get(links.clicked(delivery, TARGET))
    assert (answer.status, answer.headers["location"]) == (302, TARGET)
    assert given.value(db, "select clicked_at is not null from postbell.delivery_log")


@pytest.mark.parametrize(
    ("target", "written"),
    [
        (
            "https://shop.example/küche?q=日本",
            "https://shop.example/k%C3%BCche?q=%E6%97%A5%E6%9C%AC",
        ),
        (
            "https://shop.example/a b\r\nSet-Cookie:x",
            "https://shop.example/a%20b%0D%0ASet-Cookie:x",
        ),
    ],
)
async def test_a_target_is_written_as_a_header_can_have_it(
    client: Client, links: Links, delivery: DeliveryRef, target: str, written: str
) -> None:
    answer = await client.get(links.clicked(delivery, target))
    assert (answer.status, answer.headers["location"]) == (302, written)


async def test_ever_again_is_once(
    client: Client, links: Links, db: Connection, delivery: DeliveryRef
) -> None:
    for _ in range(3):
        await client.get(links.opened(delivery))
        await client.get(links.clicked(delivery, TARGET))
        await client.get(links.clicked(delivery, "https://shop.example/"))
    assert sorted(receipts(db)) == ["clicked", "clicked", "opened"]


async def test_what_is_told_of_a_mail_whose_number_is_anothers_now_counts_for_nobody(
    client: Client, links: Links, db: Connection, delivery: DeliveryRef
) -> None:
    lost = delivery._replace(identity="f" * 32)
    assert (await client.get(links.opened(lost))).status == 200
    assert (await client.get(links.clicked(lost, TARGET))).headers["location"] == TARGET
    assert receipts(db) == []


async def test_a_look_without_opening_is_not_a_person(
    client: Client, links: Links, db: Connection, delivery: DeliveryRef
) -> None:
    assert (await client.send("HEAD", links.opened(delivery))).status == 200
    assert (await client.send("HEAD", links.clicked(delivery, TARGET))).status == 302
    assert receipts(db) == []


async def test_a_refusal_counts_for_mails_that_are_already_out(
    client: Client, links: Links, db: Connection, delivery: DeliveryRef
) -> None:
    given.call(db, "refuse_tracking", recipient="u1")
    assert (await client.get(links.opened(delivery))).status == 200
    assert (await client.get(links.clicked(delivery, TARGET))).headers["location"] == TARGET
    assert receipts(db) == []


@pytest.mark.parametrize("secret", ["x" * 32])
async def test_no_target_but_a_signed_one_is_led_to(
    client: Client, signer: Signer, counted: Counted, secret: str
) -> None:
    evil = "https://evil.example/"
    for token in (
        evil,
        Links("", Signer([secret])).clicked(DeliveryRef(1, "abc"), evil).removeprefix("/c/"),
        signer.sign("open", "1", "abc", evil),
        signer.sign("click", "1", "abc"),
        signer.sign("click", "one", "abc", evil),
        Links("", signer).clicked(DeliveryRef(1, "abc"), TARGET).removeprefix("/c/")[:-1],
    ):
        answer = await client.get(f"/c/{token}")
        assert answer.status == 404
        assert "location" not in answer.headers
    assert (await client.get("/o/abc")).status == 404
    assert counted.reasons["postbell", "bad_token"] >= 6
