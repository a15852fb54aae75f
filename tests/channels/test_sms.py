"""Text messages: whom they go to, how long they may be, and until when."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.channels.sms import Sms, SmsChannel
from dispatcher.delivery.model import Refused
from dispatcher.rendering.content import SmsContent
from dispatcher.rendering.gsm import Encoding
from tests.support.deliveries import NOON, a_delivery, sms_channel

NUMBER = "+12025550123"
PAID = SmsContent("Order 42 is paid. https://shop.example/orders/42")


def built(message: Sms | Refused) -> Sms:
    assert isinstance(message, Sms), message
    return message


def refused(message: Any) -> Refused:
    assert isinstance(message, Refused), message
    return message


def test_a_message_has_its_number_its_text_and_its_length() -> None:
    sms = built(sms_channel().message(a_delivery(NUMBER), PAID))

    assert (sms.to, sms.body) == (NUMBER, PAID.text)
    assert (sms.encoding, sms.segments) == (Encoding.GSM, 1)
    assert (sms.sender, sms.valid_for) == (None, None)


def test_every_try_is_the_same_message() -> None:
    first, second = (sms_channel().message(a_delivery(NUMBER), PAID) for _ in range(2))

    assert first == second


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("+12025550123", "+12025550123"),
        ("+1 (202) 555-0123", "+12025550123"),
        ("+1.202.555.0123", "+12025550123"),
        ("+-12025550123", "+12025550123"),
        ("+49\u00a030 123456", "+4930123456"),
        ("+390612345678", "+390612345678"),  # an Italian number keeps its 0
        ("+881612345678", "+881612345678"),  # a satellite's
        ("+15005550009", "+15005550009"),  # nobody's, but for the network to say
    ],
)
def test_a_number_goes_out_in_e164(written: str, number: str) -> None:
    channel, delivery = sms_channel(), a_delivery(written)

    assert channel.address(delivery) == built(channel.message(delivery, PAID)).to == number


@pytest.mark.parametrize(
    "written",
    [
        "+",
        "++12025550123",
        "+12",
        "12025550123",
        "0012025550123",
        "+-12025550123-+",
        "+1 202 555 0123 ext. 5",
        "+1-800-FLOWERS",
        "+49 (0) 30 123456",
        "+999123456789",
        "+1202555012",
        "+120255501234567890",
        "+٤٩30123456",
        "+12025550123\0",
        "+12025550123\n",
        "+12025550123, +12025550124",
        "tel:+12025550123",
        "ann@example.org",
    ],
)
def test_what_is_no_international_number_is_refused_and_suppressed(written: str) -> None:
    channel, delivery = sms_channel(), a_delivery(written)

    answer = refused(channel.message(delivery, PAID))

    assert answer.blame
    assert answer.reason.startswith("not an international phone number: ")
    assert channel.address(delivery) == answer
    assert not re.search(r"\d{5}", answer.reason.replace("+12025550123", "")), "shows the number"


@pytest.mark.parametrize("address", [None, ""])
def test_nobody_to_text_is_refused_but_nothing_to_suppress(address: str | None) -> None:
    assert sms_channel().address(a_delivery(address)) == Refused(
        "the recipient has no phone number"
    )


@given(st.text())
def test_any_address_is_taken_or_refused_but_never_an_error(address: str) -> None:
    sms = sms_channel().message(a_delivery(address), PAID)

    if isinstance(sms, Sms):
        assert re.fullmatch(r"\+[1-9][0-9]{6,14}", sms.to)
    else:
        assert sms.reason


@given(st.text(st.characters()))
def test_any_text_is_taken_or_refused_but_never_an_error(text: str) -> None:
    sms = sms_channel().message(a_delivery(NUMBER), SmsContent(text))

    if isinstance(sms, Sms):
        assert sms.body == text
        assert 1 <= sms.segments <= 4
        sms.body.encode()
    else:
        assert sms.reason


def test_one_emoji_in_an_sms_turns_160_characters_into_70() -> None:
    channel, delivery = sms_channel(), a_delivery(NUMBER)

    without = built(channel.message(delivery, SmsContent("x" * 160)))
    with_one = built(channel.message(delivery, SmsContent("x" * 159 + "\N{PARTY POPPER}")))

    assert (without.encoding, without.segments) == (Encoding.GSM, 1)
    assert (with_one.encoding, with_one.segments) == (Encoding.UCS2, 3)


def test_a_body_of_only_spaces_is_refused() -> None:
    answer = refused(sms_channel().message(a_delivery(NUMBER), SmsContent(" \n\u00a0 ")))

    assert answer == Refused("the text is empty")


def test_a_nul_in_the_body_is_refused() -> None:
    answer = refused(sms_channel().message(a_delivery(NUMBER), SmsContent("Paid\0 or not")))

    assert answer == Refused("the text contains NUL")


def test_half_a_character_in_the_body_is_refused() -> None:
    answer = refused(sms_channel().message(a_delivery(NUMBER), SmsContent("a\ud800b")))

    assert "lone surrogate" in answer.reason


def test_a_text_of_more_segments_than_allowed_is_refused_with_both_figures() -> None:
    long = SmsContent("x" * (2 * 153 + 1))

    assert refused(sms_channel(max_segments=2).message(a_delivery(NUMBER), long)) == Refused(
        "the text takes 3 segments (307 in GSM 03.38, 153 each), and 2 are allowed"
    )
    assert built(sms_channel(max_segments=3).message(a_delivery(NUMBER), long)).segments == 3


@pytest.mark.parametrize(
    ("chosen", "allowed"), [(1, 1), (6, 6), (0, 4), (11, 4), ("6", 4), (True, 4)]
)
def test_a_tenants_own_bound_wins_where_it_is_one(chosen: object, allowed: int) -> None:
    delivery = a_delivery(NUMBER, branding={"sms_max_segments": chosen})
    texts = [
        SmsContent("x" * (153 * segments if segments > 1 else 160)) for segments in range(1, 9)
    ]

    taken = [isinstance(sms_channel().message(delivery, text), Sms) for text in texts]

    assert taken == [segments <= allowed for segments in range(1, 9)]


@pytest.mark.parametrize("sender", ["+12025550199", "12345", "Shop", "My Shop", "Shop & Co", "4U"])
def test_a_sender_is_a_number_a_short_code_or_a_name(sender: str) -> None:
    assert built(sms_channel(sender).message(a_delivery(NUMBER), PAID)).sender == sender


@pytest.mark.parametrize(
    "sender", ["", "12", "12345678901", "A name too long", " Shop", "Café", "a\nb"]
)
def test_a_sender_that_no_network_takes_is_told_at_start(sender: str) -> None:
    with pytest.raises(ValueError, match="the sender cannot be used"):
        SmsChannel(sender)


def test_a_tenants_sender_wins_over_the_configured_one() -> None:
    delivery = a_delivery(NUMBER, branding={"sms_sender": "Fernhill"})

    assert built(sms_channel("Shop").message(delivery, PAID)).sender == "Fernhill"


def test_a_tenants_sender_that_no_network_takes_is_refused_by_name() -> None:
    delivery = a_delivery(NUMBER, branding={"sms_sender": "Café Fernhill"})

    answer = refused(sms_channel("Shop").message(delivery, PAID))

    assert answer.reason.startswith("tenant default: branding: sms_sender: ")
    assert not answer.blame


def test_what_expires_is_valid_until_then() -> None:
    delivery = a_delivery(NUMBER, expires_at=NOON + timedelta(minutes=20))

    assert built(sms_channel().message(delivery, PAID)).valid_for == timedelta(minutes=20)


def test_what_has_expired_is_refused() -> None:
    answer = refused(sms_channel().message(a_delivery(NUMBER, expires_at=NOON), PAID))

    assert answer == Refused("the text expired before it could be handed over")
