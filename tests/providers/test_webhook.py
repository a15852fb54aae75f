"""What is the webhook's own: its signature, what it says, its URL."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from dispatcher.channels.sms import Sms
from dispatcher.delivery.model import FailureScope, Refused, Retry, Sent
from dispatcher.inbound.signing import webhook_signature
from dispatcher.providers.base import MISCONFIGURED, ProviderUrlError, provider_for
from dispatcher.providers.webhook import Webhook, WebhookEndpoint
from dispatcher.rendering.gsm import Encoding
from tests.support.harnesses.webhook import SECRET, is_genuine
from tests.support.http_peer import HttpPeer, Say
from tests.support.messages import an_email
from tests.support.push_device import PushDevice, a_push

ANOTHER = "whsec_" + "A" * 40
TEXT = Sms(
    delivery_id=8,
    identity=f"{8:032x}",
    to="+12025550123",
    sender="Shop",
    body="Thank you.",
    encoding=Encoding.GSM,
    segments=1,
    valid_for=timedelta(minutes=5),
)


@pytest.fixture
async def receiver() -> AsyncIterator[HttpPeer]:
    receiver = HttpPeer()
    await receiver.start()
    yield receiver
    await receiver.stop()


@pytest.fixture
async def webhook(receiver: HttpPeer) -> AsyncIterator[Webhook]:
    webhook = a_webhook(receiver)
    await webhook.open()
    yield webhook
    await webhook.close()


def a_webhook(receiver: HttpPeer, secrets: str = SECRET, channel: str = "email") -> Webhook:
    url = f"webhook+http://:{secrets}@127.0.0.1:{receiver.port}/in?channel={channel}"
    return Webhook.from_url(url)


def said(receiver: HttpPeer) -> Any:
    return json.loads(receiver.requests[-1].body)


def test_the_signature_is_that_of_the_standard() -> None:
    # The example of the specification (Standard Webhooks 1.0, "Verifying signatures").
    secret = WebhookEndpoint.from_url(
        "webhook+https://:whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw@h?channel=sms"
    ).secrets[0]

    assert (
        webhook_signature(
            secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
        )
        == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    )


async def test_a_mail_goes_out_with_all_its_parts(receiver: HttpPeer, webhook: Webhook) -> None:
    email = an_email(7, subject="Grüße", html="<p>ß</p>", reply_to="help@shop.example")

    outcome = await webhook.send(email)

    assert outcome == Sent(f"postbell_{7:032x}", code="200")
    [request] = receiver.requests
    assert is_genuine(request)
    assert (request.target, request.headers["content-type"]) == ("/in", "application/json")
    assert said(receiver)["type"] == "postbell.email"
    assert said(receiver)["data"] == {
        "delivery_id": 7,
        "identity": f"{7:032x}",
        "from": {"address": "shop@shop.example", "name": "Shop"},
        "to": "ann@example.org",
        "reply_to": "help@shop.example",
        "return_path": "bounces@shop.example",
        "subject": "Grüße",
        "text": "Thank you.\n",
        "html": "<p>ß</p>",
        "headers": {
            "Message-ID": "<postbell.7@shop.example>",
            "Auto-Submitted": "auto-generated",
        },
    }


async def test_a_text_goes_out_with_all_its_parts(receiver: HttpPeer) -> None:
    webhook = a_webhook(receiver, channel="sms")
    await webhook.open()

    assert webhook.channel == "sms"
    assert isinstance(await webhook.send(TEXT), Sent)
    assert isinstance(await webhook.send(replace(TEXT, valid_for=None)), Sent)

    assert said(receiver)["type"] == "postbell.sms"
    assert said(receiver)["data"] == {
        "delivery_id": 8,
        "identity": f"{8:032x}",
        "from": "Shop",
        "to": "+12025550123",
        "text": "Thank you.",
        "segments": 1,
        "valid_for_seconds": None,
    }
    await webhook.close()


async def test_a_push_goes_out_once_for_each_device(receiver: HttpPeer) -> None:
    webhook = a_webhook(receiver, channel="push")
    await webhook.open()
    devices = [PushDevice(f"https://push.example/{number}", number).device for number in (1, 2)]

    outcomes = [await webhook.send(a_push(device, 9)) for device in devices]

    ids = [outcome.message_id for outcome in outcomes if isinstance(outcome, Sent)]
    assert len(set(ids)) == 2
    assert all(str(each).startswith(f"postbell_{'topic-9'.ljust(32, '-')}_") for each in ids)
    assert said(receiver)["type"] == "postbell.push"
    assert said(receiver)["data"] == {
        "delivery_id": 9,
        "identity": "topic-9".ljust(32, "-"),
        "device": {
            "id": 2,
            "endpoint": "https://push.example/2",
            "keys": {"p256dh": devices[1].p256dh, "auth": devices[1].auth},
        },
        "payload": {"title": "Paid"},
        "ttl_seconds": 3600,
        "urgency": "normal",
        "topic": "topic-9".ljust(32, "-"),
    }
    await webhook.close()


async def test_a_receiver_knows_a_message_again_by_what_it_is_and_not_by_its_number(
    receiver: HttpPeer,
) -> None:
    webhook = a_webhook(receiver, channel="push")
    await webhook.open()
    device = PushDevice("https://push.example/1", 1).device
    push = a_push(device, 9)
    again = replace(push, delivery_id=10, device=replace(device, id=2))
    another = replace(push, topic="f" * 32)

    for each in (push, again, another):
        await webhook.send(each)

    first, second, third = (request.headers["webhook-id"] for request in receiver.requests)
    assert first == second != third
    await webhook.close()


async def test_every_try_has_the_same_id_and_a_signature_of_its_own_time(
    receiver: HttpPeer,
) -> None:
    times = iter((1_900_000_000.9, 1_900_000_060.2))
    endpoint = WebhookEndpoint.from_url(
        f"webhook+http://:{SECRET}@127.0.0.1:{receiver.port}?channel=email"
    )
    webhook = Webhook(endpoint, clock=lambda: next(times))
    await webhook.open()
    receiver.once("REPLY", Say(503))

    outcomes = [await webhook.send(an_email(7)) for _ in range(2)]

    assert [type(outcome) for outcome in outcomes] == [Retry, Sent]
    first, second = (request.headers for request in receiver.requests)
    assert first["webhook-id"] == second["webhook-id"] == f"postbell_{7:032x}"
    assert (first["webhook-timestamp"], second["webhook-timestamp"]) == ("1900000000", "1900000060")
    assert first["webhook-signature"] != second["webhook-signature"]
    assert all(is_genuine(request) for request in receiver.requests)
    await webhook.close()


@pytest.mark.parametrize("believed", [SECRET, ANOTHER])
async def test_two_secrets_sign_both_while_the_receiver_changes_over(
    receiver: HttpPeer, believed: str
) -> None:
    webhook = a_webhook(receiver, f"{SECRET},{ANOTHER}")
    await webhook.open()

    await webhook.send(an_email())

    assert is_genuine(receiver.requests[0], believed)
    await webhook.close()


async def test_a_receiver_that_is_gone_makes_the_provider_misconfigured(
    receiver: HttpPeer, webhook: Webhook
) -> None:
    receiver.usual = lambda _: Say(410)

    outcome = await webhook.send(an_email())

    assert outcome == Retry(
        f"{MISCONFIGURED}webhook: 410", code="410", scope=FailureScope.CONFIGURATION
    )


async def test_too_many_waits_as_long_as_the_receiver_says(
    receiver: HttpPeer, webhook: Webhook
) -> None:
    receiver.usual = lambda _: Say(429, {"Retry-After": "30"})

    outcome = await webhook.send(an_email())

    assert outcome == Retry(
        "webhook: 429", after=timedelta(seconds=30), code="429", scope=FailureScope.PROVIDER
    )


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"error": "no list for bob@example.net"}', "webhook: 400 no list for <address>"),
        (b'{"message": "no\\r\\nlist"}', "webhook: 400 no list"),
        (b'{"error": {"text": "Thank you."}}', "webhook: 400"),
        (b"Cannot handle: Thank you.", "webhook: 400"),
        (b'["Thank you."]', "webhook: 400"),
    ],
)
async def test_a_refusal_is_quoted_but_never_the_message(
    receiver: HttpPeer, webhook: Webhook, body: bytes, reason: str
) -> None:
    receiver.usual = lambda _: Say(400, {}, body)

    assert await webhook.send(an_email()) == Refused(reason, code="400")


def test_parameters_that_are_not_ours_belong_to_the_address() -> None:
    endpoint = WebhookEndpoint.from_url(
        f"webhook+https://:{SECRET}@hooks.example:8443/a%2Fb"
        "?sig=x%2By%3D&channel=sms&timeout=5&connect_timeout=2&concurrency=3&v=1"
    )

    assert endpoint.url == "https://hooks.example:8443/a%2Fb?sig=x%2By%3D&v=1"
    assert (endpoint.timeout, endpoint.connect_timeout, endpoint.concurrency) == (5, 2, 3)


def test_the_repr_shows_neither_the_secret_nor_what_the_address_may_hide() -> None:
    url = f"webhook+https://:{SECRET}@hooks.example/T0KEN?sig=T0KEN&channel=sms"

    shown = repr(WebhookEndpoint.from_url(url)) + repr(provider_for(url))

    assert "T0KEN" not in shown
    assert SECRET.removeprefix("whsec_") not in shown


@pytest.mark.parametrize("secret", ["whsec_" + "_-8_" * 10, "whsec_" + "_-8_" * 9 + "-w=="])
def test_a_secret_may_be_written_for_urls(secret: str) -> None:
    endpoint = WebhookEndpoint.from_url(f"webhook+https://:{secret}@h?channel=sms")

    assert endpoint.secrets[0].startswith(b"\xff\xef\x3f")


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("webhook+https://h/in?channel=sms", "has no secret"),
        (f"webhook+https://me:{SECRET}@h/in?channel=sms", "something in front of it"),
        ("webhook+https://:hunter22@h/in?channel=sms", "is not whsec_ and then base64"),
        ("webhook+https://:whsec_hunter22@h/in?channel=sms", "has 6 bytes; 24 to 64 are needed"),
        ("webhook+https://:whsec_hunter22!!@h/in?channel=sms", "is not whsec_ and then base64"),
        ("webhook+https://:whsec_hunter22é@h/in?channel=sms", "is not whsec_ and then base64"),
        (f"webhook+https://:{SECRET}@h/in", "channel is one of email, sms, push"),
        (f"webhook+https://:{SECRET}@h/in?channel=pigeon", "channel is one of email, sms, push"),
        (f"webhook+https://:{SECRET}@h/in?channel=sms&timeout=no", "timeout is a number"),
        (f"webhook+http://:{SECRET}@hooks.example/in?channel=sms", "to the network"),
    ],
)
def test_a_mistake_in_the_url_is_told_in_a_sentence(url: str, sentence: str) -> None:
    with pytest.raises(ProviderUrlError, match=sentence) as told:
        provider_for(url)

    assert "hunter22" not in str(told.value)
    assert SECRET not in str(told.value)
