"""Mails, texts and pushes of the demo: what is ours is kept, and what is not is turned away."""

from __future__ import annotations

import asyncio
import smtplib
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from dispatcher.channels.push import Push
from dispatcher.delivery.model import Device, Refused, Sent
from dispatcher.demo.catchers import (
    KEPT,
    Catchers,
    ForgedError,
    make_certificate,
    write_providers,
)
from dispatcher.demo.shop import People
from dispatcher.providers.config import read_providers
from dispatcher.providers.webpush import WebPush
from dispatcher.settings import Settings

PAYLOAD = b"""{"web_push": 8030, "notification": {"title": "Paid", "body": "All of it",
 "navigate": "http://127.0.0.1/orders/1", "data": {"delivery": 7}}}"""


def send(url: str, sender: str, *mails: EmailMessage) -> None:
    where = urlsplit(url)
    with smtplib.SMTP(where.hostname or "", where.port or 0, local_hostname="test") as server:
        for mail in mails:
            server.send_message(mail, from_addr=sender)


def mail(subject: str = "Grüße", html: str | None = "<p>Hej</p>") -> EmailMessage:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "shop@a.example", "u1@b.example", subject
    made.set_content("Hej\n")
    if html is not None:
        made.add_alternative(html, subtype="html")
    return made


async def test_a_mail_is_kept_with_its_parts_and_the_delivery_that_it_is() -> None:
    catchers = Catchers()
    async with catchers.mail_server() as url:
        await asyncio.to_thread(send, url, "bounces+42@a.example", mail())
    (caught,) = catchers.caught
    assert (caught.title, caught.to, caught.delivery_id) == ("Grüße", "u1@b.example", 42)
    assert (caught.text.strip(), (caught.html or "").strip()) == ("Hej", "<p>Hej</p>")
    assert catchers.find(caught.number) == caught


async def test_a_mail_without_html_and_without_a_delivery_is_kept_too() -> None:
    catchers = Catchers()
    async with catchers.mail_server() as url:
        await asyncio.to_thread(send, url, "somebody@a.example", mail(html=None))
    (caught,) = catchers.caught
    assert (caught.html, caught.delivery_id) == (None, None)


def test_the_oldest_messages_are_forgotten() -> None:
    catchers = Catchers()
    for number in range(KEPT + 2):
        catchers._keep("email", number, "u1", title="Again", text="")
    assert len(catchers.caught) == KEPT
    assert catchers.find(2) is None
    assert catchers.find(3) is not None


def test_a_text_that_is_not_signed_by_our_provider_is_turned_away() -> None:
    catchers = Catchers()
    headers = {"webhook-id": "postbell_1", "webhook-timestamp": "1", "webhook-signature": "v1,eA=="}
    for forged, body in ((headers, b'{"data": {}}'), ({}, b"")):
        with pytest.raises(ForgedError):
            catchers.take_sms(forged, body)
    assert not catchers.caught


def push_to(*subscription: str) -> Push:
    return Push(7, Device(1, *subscription), PAYLOAD, PAYLOAD, timedelta(60), "normal", "t" * 32)


async def test_a_push_of_the_providers_that_the_demo_names_is_decrypted_and_kept(
    tmp_path: Path, people: People
) -> None:
    catchers = Catchers()
    certificate, key, authorities = make_certificate(tmp_path)
    file = write_providers(
        tmp_path,
        Settings(),
        authorities,
        mail_url="smtp://127.0.0.1:1025",
        sms_url=catchers.sms_url("http://127.0.0.1:8000"),
    )
    urls = {entry.channel: entry.url for entry in read_providers(file, {})}
    assert set(urls) == {"email", "sms", "push"}
    provider = WebPush.from_url(urls["push"])
    async with catchers.push_service(certificate, key):
        endpoint, *keys = catchers.new_phone(people["ada"])
        _, *keys_of_another = catchers.new_phone(people["ben"])
        await provider.open()
        assert isinstance(await provider.send(push_to(endpoint, *keys)), Sent)
        assert isinstance(await provider.send(push_to(endpoint, *keys_of_another)), Refused)
        await provider.close()
    (caught,) = catchers.caught
    assert (caught.to, caught.delivery_id) == ("Ada Lindqvist's phone", 7)
    assert (caught.title, caught.text) == ("Paid", "All of it")


def test_mails_go_to_the_mail_server_that_the_visitor_names(tmp_path: Path) -> None:
    theirs = tmp_path / "theirs.toml"
    theirs.write_text('[own]\nurl = "smtp://mail.example"\nrate = 5\n')
    _, _, authorities = make_certificate(tmp_path)
    file = write_providers(
        tmp_path,
        Settings(providers=theirs),
        authorities,
        mail_url=None,
        sms_url="console:?channel=sms",
    )
    (own,) = [entry for entry in read_providers(file, {}) if entry.channel == "email"]
    assert (own.name, own.url, own.rate) == ("own", "smtp://mail.example", 5)
