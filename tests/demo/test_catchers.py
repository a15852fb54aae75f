"""Mails, texts and pushes of the demo: what is ours is kept, and what is not is turned away."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import b64encode, urlsafe_b64decode
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from dispatcher.channels.email import Email
from dispatcher.channels.push import Push
from dispatcher.channels.sms import Sms
from dispatcher.delivery.model import Device, Sent
from dispatcher.demo.catchers import KEPT, Catcher, Caught
from dispatcher.providers.base import provider_for
from dispatcher.providers.config import read_providers
from tests.support.demo_page import Visitor
from tests.support.given import AUTH, P256DH
from tests.support.messages import an_email, an_sms

PAYLOAD = b'{"notification": {"title": "Paid", "body": "All of it", "data": {"delivery": 7}}}'


def a_push() -> Push:
    device = Device(1, "https://phones.example/Ada+Lindqvist", P256DH, AUTH)
    return Push(7, device, PAYLOAD, PAYLOAD, timedelta(60), "normal", "t" * 32)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (
            an_email(7, to="ada@b.example", subject="Grüße", text="Hej", html="<p>Hej"),
            Caught(1, "email", 7, "ada@b.example", "Grüße", "Hej", "<p>Hej"),
        ),
        (
            an_sms(7, to="+447700900101", body="Hej"),
            Caught(1, "sms", 7, "+447700900101", "Hej", "Hej"),
        ),
        (a_push(), Caught(1, "push", 7, "Ada Lindqvist's phone", "Paid", "All of it")),
    ],
    ids=["email", "sms", "push"],
)
async def test_what_the_providers_of_the_demo_send_is_kept_with_the_delivery_that_it_is(
    visitor: Visitor,
    catcher: Catcher,
    tmp_path: Path,
    message: Email | Sms | Push,
    expected: Caught,
) -> None:
    file = tmp_path / "providers.toml"
    file.write_text(catcher.providers(f"http://127.0.0.1:{visitor.port}", [expected.channel]))
    (entry,) = read_providers(file, {})
    provider = provider_for(entry.url, name=entry.name)
    await provider.open()
    outcome = await provider.send(message)
    await provider.close()
    assert isinstance(outcome, Sent)
    assert list(catcher.caught) == [expected]
    assert catcher.find(1) == expected


def test_the_oldest_messages_are_forgotten() -> None:
    catcher = Catcher()
    (url,) = (line for line in catcher.providers("http://a", ["sms"]).splitlines() if "url" in line)
    secret = urlsafe_b64decode((urlsplit(url.split('"')[1]).password or "")[6:] + "=")
    body = json.dumps(
        {"type": "postbell.sms", "data": {"delivery_id": 7, "to": "+44", "text": "Hej"}}
    ).encode()
    signature = b64encode(hmac.digest(secret, b"a.1." + body, hashlib.sha256)).decode()
    headers = {
        "webhook-id": "a",
        "webhook-timestamp": "1",
        "webhook-signature": f"v1,{signature}",
    }
    for _ in range(KEPT + 2):
        assert catcher.take(headers, body)
    assert len(catcher.caught) == KEPT
    assert catcher.find(2) is None
    assert catcher.find(3) is not None


@pytest.mark.parametrize("signature", ["v1,eA==", "v1,ü", None])
def test_what_is_not_signed_by_our_provider_is_turned_away(signature: str | None) -> None:
    catcher = Catcher()
    headers = {"webhook-id": "postbell_1", "webhook-timestamp": "1"}
    if signature is not None:
        headers["webhook-signature"] = signature
    for body in (b"", b'{"data": {}}'):
        assert not catcher.take(headers, body)
    assert not catcher.caught
