"""The mail catcher: it takes everything, and keeps the last of it."""

from __future__ import annotations

import asyncio
import smtplib
from email.message import EmailMessage
from urllib.parse import urlsplit

import pytest

from dispatcher.demo import mail_catcher
from dispatcher.demo.mail_catcher import MailCatcher


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
    catcher = MailCatcher()
    async with catcher.listen() as url:
        await asyncio.to_thread(send, url, "bounces+42@a.example", mail())
    (caught,) = catcher.mails
    assert (caught.subject, caught.to, caught.delivery_id) == ("Grüße", "u1@b.example", 42)
    assert (caught.text.strip(), (caught.html or "").strip()) == ("Hej", "<p>Hej</p>")
    assert catcher.find(caught.number) == caught


async def test_a_mail_without_html_and_without_a_delivery_is_kept_too() -> None:
    catcher = MailCatcher()
    async with catcher.listen() as url:
        await asyncio.to_thread(send, url, "somebody@a.example", mail(html=None))
    (caught,) = catcher.mails
    assert (caught.html, caught.delivery_id) == (None, None)


async def test_the_oldest_mails_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail_catcher, "KEPT", 5)
    catcher = MailCatcher()
    async with catcher.listen() as url:
        await asyncio.to_thread(send, url, "a@a.example", *[mail("Again")] * 7)
    assert len(catcher.mails) == 5
    assert catcher.find(2) is None
    assert catcher.find(3) is not None
