"""Texts and pushes of the demo: what is ours is kept, and what is not is turned away."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from dispatcher.channels.push import Push
from dispatcher.delivery.model import Device, Refused, Sent
from dispatcher.demo import cast, providers_file
from dispatcher.demo.certificate import Certificate
from dispatcher.demo.push_catcher import PushCatcher
from dispatcher.demo.text_catcher import ForgedText, TextCatcher
from dispatcher.providers.config import read_providers
from dispatcher.providers.webpush import WebPush
from dispatcher.settings import Settings

PAYLOAD = b"""{"web_push": 8030, "notification": {"title": "Paid", "body": "All of it",
 "navigate": "http://127.0.0.1/orders/1", "data": {"delivery": 7}}}"""


def push_to(*subscription: str) -> Push:
    return Push(7, Device(1, *subscription), PAYLOAD, PAYLOAD, timedelta(60), "normal", "t" * 32)


def test_a_text_that_is_not_signed_by_our_provider_is_turned_away() -> None:
    catcher = TextCatcher()
    headers = {"webhook-id": "postbell_1", "webhook-timestamp": "1", "webhook-signature": "v1,eA=="}
    for forged, body in ((headers, b'{"data": {}}'), ({}, b"")):
        with pytest.raises(ForgedText):
            catcher.take(forged, body)
    assert not catcher.texts


async def test_a_push_of_the_providers_that_the_demo_names_is_decrypted_and_kept(
    tmp_path: Path,
) -> None:
    catcher, certificate = PushCatcher(), Certificate.create(tmp_path)
    texts = TextCatcher().provider_url("http://127.0.0.1:8000")
    file = providers_file.write(
        tmp_path, Settings(), certificate, mails="smtp://127.0.0.1:1025", texts=texts
    )
    urls = {entry.channel: entry.url for entry in read_providers(file, {})}
    assert set(urls) == {"email", "sms", "push"}
    provider = WebPush.from_url(urls["push"])
    async with catcher.listen(certificate):
        endpoint, *keys = catcher.new_phone(cast.ADA)
        _, *keys_of_another = catcher.new_phone(cast.BEN)
        await provider.open()
        assert isinstance(await provider.send(push_to(endpoint, *keys)), Sent)
        assert isinstance(await provider.send(push_to(endpoint, *keys_of_another)), Refused)
        await provider.close()
    (caught,) = catcher.pushes
    assert (caught.person, caught.delivery_id) == (cast.ADA, 7)
    assert (caught.title, caught.body) == ("Paid", "All of it")
    assert caught.link == "http://127.0.0.1/orders/1"
