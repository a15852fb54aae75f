"""The inbox on an application's page: panel, preferences, undo, a toast, and from right to left."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Final

import psycopg

from dispatcher.db import embedded
from dispatcher.deploy import schema
from tests.screenshots.camera import LOOKS, Camera
from tests.support import given, shopfront
from tests.support.given import Connection
from tests.support.renderings import shipped_catalog
from tests.support.shopfront import GatewayThread, Shopfront, arrive

#: Title, body, category, minutes ago, buttons; the last two are read.
_ITEMS: Final = (
    ("Order #1001 paid", "£149.00 has been received. Your writer starts now.", "orders", 2, ()),
    (
        "Reply to your ticket “Refund for order #998”",
        "Greta wrote: “We have sent the money back; your bank may take three days.”",
        "tickets",
        14,
        ("Answer", "Close the ticket"),
    ),
    ("تم دفع الطلب رقم 42", "لقد استلمنا 19.90 يورو مقابل الطلب.", "orders", 55, ()),
    (
        "Your class “Screenwriting II” begins tomorrow at 10:00",
        "Room 4, second floor. Bring a page of your own.",
        "classes",
        130,
        ("Show the class",),
    ),
    ("240 points earned", "You have 1,240 points now.", "loyalty", 60 * 26, ()),
    (
        (
            "Your invoice for the market study “Bicycles and cargo bikes in small towns of Northern"
            " Europe, second and revised edition” is ready"
        ),
        "Invoice F-2031 over £149.00.",
        "payments",
        60 * 50,
        (),
    ),
)
_PINNED: Final = 3
_READ: Final = 2


def photograph(camera: Camera) -> None:
    with embedded.server(keep=False) as server:
        schema.deploy(server.url, events=shipped_catalog().events.values())
        with psycopg.connect(server.url, autocommit=True) as db:
            given.recipient(db)
            _fill(db)
            with (
                GatewayThread(server.url) as gateway,
                shopfront.opened(gateway, camera.browser) as shop,
            ):
                _open_and_take(camera, shop, db)


def _fill(db: Connection) -> None:
    now = datetime.now(UTC)
    made = {}
    for place, (title, body, category, minutes, buttons) in reversed([*enumerate(_ITEMS)]):
        link = "https://shop.example/"
        read_at = now if place >= len(_ITEMS) - _READ else None
        made[place] = given.inbox_item(
            db,
            title=title,
            body=body,
            category=category,
            link=link,
            actions=json.dumps([{"label": label, "link": link} for label in buttons]),
            created_at=now - timedelta(minutes=minutes),
            seen_at=read_at,
            read_at=read_at,
        )

    given.call(db, "pin", recipient="u1", item_ids=[made[_PINNED]])


def _open_and_take(camera: Camera, shop: Shopfront, db: Connection) -> None:
    for writing in ("ltr", "rtl"):
        url = shop.page(f"/{writing}", writing=writing)
        for look in LOOKS:
            camera.dress(look)
            shop.open(url)
            shop.run("inbox.open()")
            shop.until("return shown().length === arguments[0]", len(_ITEMS))
            camera.take(f"inbox-{writing}-{look.device}-{look.scheme}")
            shop.run("one('[part=preferences]').click()")
            shop.until("return one('.choices input')")
            camera.take(f"inbox-preferences-{writing}-{look.device}-{look.scheme}")
    camera.dress(LOOKS[0])
    shop.open(shop.page("/ltr"))
    shop.run("inbox.open()")
    shop.until("return shown().length === arguments[0]", len(_ITEMS))
    shop.run("one('.item [data-deed=archive]').click()")
    shop.until("return one('.undo')")
    camera.take("inbox-undo")
    shop.run("one('#tab-archived').click()")
    shop.until("return shown().length === 1")
    camera.take("inbox-archived")
    shop.open(shop.page("/ltr"))
    arrive(db, "Order #1002 paid")
    shop.until("return one('.toast')")
    camera.take("inbox-toast")
