"""What every channel has, and in which order."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dispatcher.channels.base import Channel
from dispatcher.channels.chat import ChatChannel
from dispatcher.channels.in_app import InAppChannel
from dispatcher.channels.sse import SseChannel
from dispatcher.delivery.model import Delivery, Device, Refused
from dispatcher.rendering.content import (
    ChatContent,
    EmailContent,
    InAppContent,
    PushContent,
    SmsContent,
    SseContent,
)
from tests.support.deliveries import a_delivery, email_channel, push_channel, sms_channel

EMAIL: tuple[Channel[Any, Any], Any] = (email_channel(), EmailContent("Paid", "Thank you", None))
IN_APP: tuple[Channel[Any, Any], Any] = (
    InAppChannel(),
    InAppContent("Paid", "Thank you", None, None, ()),
)
SMS: tuple[Channel[Any, Any], Any] = (sms_channel(), SmsContent("Paid. Thank you"))

PUSH: tuple[Channel[Any, Any], Any] = (
    push_channel(),
    PushContent("Paid", "Thank you", None, None, ()),
)

SSE: tuple[Channel[Any, Any], Any] = (SseChannel(), SseContent("Paid", "Thank you", None))
CHAT: tuple[Channel[Any, Any], Any] = (ChatChannel(), ChatContent("Paid. Thank you"))

ADDRESSES = {
    "email": "ann@example.org",
    "sms": "+12025550123",
    "chat": "https://hooks.slack.com/services/T0/B0/s3cret",
}
DEVICE = Device(1, "https://push.example/ann", "key", "secret")

every_channel = pytest.mark.parametrize(
    ("channel", "content"),
    [EMAIL, IN_APP, SMS, PUSH, SSE, CHAT],
    ids=lambda value: getattr(value, "name", ""),
)


def delivery_for(channel: Channel[Any, Any]) -> Delivery:
    delivery = a_delivery(ADDRESSES.get(channel.name), channel=channel.name)
    return replace(delivery, devices=(DEVICE,)) if channel.name == "push" else delivery


@every_channel
def test_a_good_address_comes_back_as_text(channel: Channel[Any, Any], content: Any) -> None:
    address = channel.address(delivery_for(channel))

    assert isinstance(address, str)
    assert address


@every_channel
def test_a_message_names_its_delivery(channel: Channel[Any, Any], content: Any) -> None:
    message = channel.message(delivery_for(channel), content)

    assert not isinstance(message, Refused)
    assert message.delivery_id == 42


@every_channel
def test_the_repr_of_a_message_shows_no_content(channel: Channel[Any, Any], content: Any) -> None:
    message = channel.message(delivery_for(channel), content)

    assert "Thank you" not in repr(message)
    assert not any(address in repr(message) for address in ADDRESSES.values() if address)
