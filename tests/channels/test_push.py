"""Pushes: what they say, how they are cut, and how long and where they are kept."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.channels.base import ToDevices
from dispatcher.channels.push import BRIEF, LARGEST, LONGEST_TTL, Push, PushChannel
from dispatcher.delivery.model import Delivery, Device, Refused
from dispatcher.rendering.content import Action, PushContent
from tests.support.deliveries import NOON, a_delivery, push_channel

PHONE = Device(1, "https://push.example/phone", "p", "a")
LAPTOP = Device(2, "https://push.example/laptop", "p", "a")
ORDER = "https://shop.example/orders/42"
CONTENT = PushContent("Order 42 is paid", "Thank you.", ORDER, None, ())
ANYTHING = st.text(st.characters(exclude_categories=[]))


def to_devices(*devices: Device, **named: Any) -> Delivery:
    changes = {name: named.pop(name) for name in ("priority", "expires_at") if name in named}
    return replace(a_delivery(None, channel="push", **named), devices=devices, **changes)


def built(message: ToDevices[Push] | Refused) -> Push:
    assert isinstance(message, ToDevices), message
    (push,) = message.each.values()
    return push


def said(payload: bytes) -> dict[str, Any]:
    """The notification in a payload."""
    read = json.loads(payload)
    assert read["web_push"] == 8030
    notification: dict[str, Any] = read["notification"]
    return notification


def test_every_device_gets_the_same() -> None:
    pushes = push_channel().message(to_devices(PHONE, LAPTOP), CONTENT)

    assert isinstance(pushes, ToDevices)
    assert [(number, push.device) for number, push in pushes.each.items()] == [
        (1, PHONE),
        (2, LAPTOP),
    ]
    assert len({push.payload for push in pushes.each.values()}) == 1


def test_a_push_is_what_browsers_show_by_themselves_and_workers_read() -> None:
    content = replace(
        CONTENT,
        image="https://shop.example/42.png",
        actions=(Action("Track", f"{ORDER}/track"), Action("Pay", f"{ORDER}/pay")),
    )

    push = built(push_channel().message(to_devices(PHONE), content))

    assert said(push.payload) == {
        "title": "Order 42 is paid",
        "body": "Thank you.",
        "navigate": ORDER,
        "tag": push.topic,
        "image": "https://shop.example/42.png",
        "actions": [
            {"action": "0", "title": "Track", "navigate": f"{ORDER}/track"},
            {"action": "1", "title": "Pay", "navigate": f"{ORDER}/pay"},
        ],
        "data": {"delivery": 42, "event": "order.paid"},
    }


def test_a_click_on_what_has_no_link_leads_to_the_website() -> None:
    push = built(push_channel().message(to_devices(PHONE), replace(CONTENT, link=None)))

    assert said(push.payload)["navigate"] == "https://shop.example"


def test_a_person_without_a_device_is_not_pushed_to() -> None:
    assert push_channel().message(to_devices(), CONTENT) == Refused(
        "no device of the recipient's is left to be reached"
    )


def test_a_second_copy_takes_the_first_ones_place() -> None:
    first = built(push_channel().message(to_devices(PHONE), CONTENT))
    second = built(push_channel().message(replace(to_devices(PHONE), attempts=2), CONTENT))

    assert first.topic == second.topic
    assert re.fullmatch("[A-Za-z0-9_-]{32}", first.topic)


def test_a_push_takes_the_place_of_none_but_its_own_earlier_copy() -> None:
    first = to_devices(PHONE)
    routed_again = replace(first, id=first.id + 1)
    another = replace(first, identity="f" * 32)

    topics = [
        built(push_channel().message(each, CONTENT)).topic
        for each in (first, routed_again, another)
    ]

    assert topics == [first.identity, first.identity, "f" * 32]


@pytest.mark.parametrize(
    ("priority", "urgency"),
    [("critical", "high"), ("high", "high"), ("normal", "normal"), ("low", "low")],
)
def test_what_matters_more_wakes_the_device(priority: str, urgency: str) -> None:
    push = built(push_channel().message(to_devices(PHONE, priority=priority), CONTENT))

    assert push.urgency == urgency


@pytest.mark.parametrize(
    ("left", "ttl"),
    [
        (None, LONGEST_TTL),
        (timedelta(hours=2, milliseconds=900), timedelta(hours=2)),
        (timedelta(days=400), LONGEST_TTL),
        (timedelta(seconds=-5), timedelta(0)),
    ],
)
def test_a_push_is_kept_until_it_expires_but_no_longer_than_services_keep_anything(
    left: timedelta | None, ttl: timedelta
) -> None:
    expires_at = None if left is None else NOON + left

    push = built(push_channel().message(to_devices(PHONE, expires_at=expires_at), CONTENT))

    assert push.ttl == ttl


def test_what_is_too_long_loses_the_end_of_its_body_first() -> None:
    content = replace(CONTENT, body="wörter " * 900, image="https://shop.example/42.png")

    notification = said(built(push_channel().message(to_devices(PHONE), content)).payload)

    assert notification["body"].endswith("wörter…")
    assert notification["image"] == content.image


def test_then_the_image_and_then_the_buttons() -> None:
    image = "https://shop.example/" + "i" * 3000
    track = Action("Track", f"{ORDER}/track")
    endless = Action("Pay", "https://shop.example/" + "p" * 3000)

    without_image = built(
        push_channel().message(to_devices(PHONE), replace(CONTENT, image=image, actions=(track,)))
    )
    bare = built(
        push_channel().message(to_devices(PHONE), replace(CONTENT, image=image, actions=(endless,)))
    )

    assert "image" not in said(without_image.payload)
    assert said(without_image.payload)["actions"]
    assert not said(bare.payload).keys() & {"image", "actions"}
    assert said(bare.payload)["body"] == "Thank you."


def test_a_link_longer_than_all_that_fits_is_refused() -> None:
    content = replace(CONTENT, link="https://shop.example/" + "x" * LARGEST)

    refused = push_channel().message(to_devices(PHONE), content)

    assert isinstance(refused, Refused)
    assert "3072 bytes" in refused.reason


def test_a_second_try_at_a_service_that_takes_less_is_brief() -> None:
    push = built(push_channel().message(to_devices(PHONE), replace(CONTENT, body="wörter " * 900)))

    assert len(push.brief) <= BRIEF < len(push.payload)
    assert said(push.brief)["navigate"] == ORDER


def test_what_is_short_is_not_sent_again_in_other_words() -> None:
    push = built(push_channel().message(to_devices(PHONE), CONTENT))

    assert push.brief == push.payload


@given(title=st.text(min_size=1, max_size=200), body=ANYTHING | st.text(min_size=800))
def test_any_push_fits_and_is_read_back(title: str, body: str) -> None:
    content = PushContent(title, body, ORDER, None, (Action("Track", ORDER),))

    push = built(push_channel().message(to_devices(PHONE), content))

    assert len(push.payload) <= LARGEST
    assert len(push.brief) <= LARGEST
    notification = said(push.payload)
    assert notification["title"] == title
    shown = notification.get("body", "").encode("utf-8", "replace").decode()
    written = body.encode("utf-8", "replace").decode()
    assert shown == written or written.startswith(shown.removesuffix("…"))


def test_a_family_is_not_cut_apart() -> None:
    family = "👩‍👩‍👧‍👦"
    content = replace(CONTENT, body=family * 500)

    body = said(built(push_channel().message(to_devices(PHONE), content)).payload)["body"]

    assert len(body.removesuffix("…")) % len(family) == 0


def test_a_repr_shows_neither_text_nor_keys() -> None:
    shown = repr(push_channel().message(to_devices(PHONE), CONTENT))

    assert "paid" not in shown
    assert "push.example" not in shown


def test_a_push_is_not_tried_for_longer_than_it_is_of_use() -> None:
    channel = PushChannel()
    waits = [channel.backoff.wait(attempt, draw=lambda: 1.0) for attempt in range(1, 6)]
    assert sum(waits, timedelta(0)) < timedelta(hours=2)
