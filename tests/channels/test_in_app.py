"""The inbox."""

from __future__ import annotations

from dispatcher.channels.in_app import InAppChannel, InAppItem
from dispatcher.rendering.content import Action, InAppContent
from tests.support.deliveries import a_delivery

CONTENT = InAppContent(
    title="Order 42 is paid",
    body="Thank you",
    link="https://shop.example/orders/42",
    image=None,
    actions=(Action("Track", "https://shop.example/orders/42/track"),),
)


def test_the_address_of_an_inbox_is_its_person() -> None:
    assert InAppChannel().address(a_delivery(None, recipient="u9")) == "u9"


def test_an_item_carries_what_was_rendered() -> None:
    item = InAppChannel().message(a_delivery(None), CONTENT)

    assert item == InAppItem(42, "default", "u1", CONTENT)
