"""What goes into a chat: escaped, cut, and mentioning nobody."""

from __future__ import annotations

import pytest

from dispatcher.channels.chat import LONGEST, Chat, ChatChannel
from dispatcher.delivery.model import Refused
from dispatcher.rendering.content import ChatContent
from tests.support.deliveries import a_delivery

ADDRESS = "https://hooks.slack.com/services/T0/B0/s3cret"


def written(text: str) -> str:
    message = ChatChannel().message(a_delivery(ADDRESS, channel="chat"), ChatContent(text))
    assert isinstance(message, Chat)
    return message.text


def test_a_message_is_a_text_for_an_address() -> None:
    message = ChatChannel().message(a_delivery(ADDRESS, channel="chat"), ChatContent("Paid.\n\nOK"))

    assert message == Chat(42, f"{42:032x}", ADDRESS, "Paid.\n\nOK")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Tom & Ann", "Tom &amp; Ann"),
        ("<!channel> look", "&lt;!channel&gt; look"),
        ("<https://evil.example|the shop>", "&lt;https://evil.example|the shop&gt;"),
        ("@here and @Everyone", "@\u2060here and @\u2060Everyone"),
        ("ann@example.org, @anna", "ann@example.org, @anna"),
    ],
)
def test_nothing_in_a_text_is_a_mention_or_a_disguised_link(text: str, expected: str) -> None:
    assert written(text) == expected


def test_a_long_text_loses_its_end() -> None:
    text = written("word " * 1000)

    assert len(text) <= LONGEST
    assert text.endswith("word…")


@pytest.mark.parametrize(("address", "text"), [(None, "Paid."), ("", "Paid."), (ADDRESS, " \n ")])
def test_nothing_is_made_without_address_or_text(address: str | None, text: str) -> None:
    delivery = a_delivery(address, channel="chat")

    assert isinstance(ChatChannel().message(delivery, ChatContent(text)), Refused)
