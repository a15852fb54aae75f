"""Open pages."""

from __future__ import annotations

from dispatcher.channels.sse import SseChannel, StreamMessage
from dispatcher.rendering.content import SseContent
from tests.support.deliveries import a_delivery

CONTENT = SseContent("Order 42 is paid", "Thank you", "https://shop.example/orders/42")


def test_the_address_of_a_page_is_its_person() -> None:
    assert SseChannel().address(a_delivery(None, recipient="u9")) == "u9"


def test_a_notice_carries_what_was_rendered() -> None:
    notice = SseChannel().message(a_delivery(None), CONTENT)

    assert notice == StreamMessage(42, "default", "u1", CONTENT)
